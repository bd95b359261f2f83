#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tenon/backends/cpu/tile/jit/code_memory.h"
#include "tenon/backends/cpu/tile/jit/pass_form.h"
#include "tenon/tile/launch.h"

namespace tenon::cpu::jit {

/// A whole small launch, but for addresses and scalars: all that its machine code depends on. The
/// number of elements is part of it, so that the code is one straight line without loops; or left
/// out of work without rows, and the code loops over pieces of any length.
struct SmallForm {
  VectorSet set = VectorSet::kAvx2;
  uint32_t count = 0;  ///< 0: any
  bool one_row = false;
  tile::Program program;
  std::vector<PassInput> inputs;
  std::vector<DType> outputs;

  /// Equal for equal forms only.
  std::vector<uint64_t> key() const;
};

/// Whether code can be made that gives the interpreter's bits, and it is short enough to be.
bool can_generate(const SmallForm& form);
/// Code for a form that `can_generate`, called as a tile::SmallCode's function is. Null where the
/// system gives no executable memory.
std::shared_ptr<const CodeMemory> generate(const SmallForm& form);
/// The same code for equal forms as long as somebody has it.
std::shared_ptr<const CodeMemory> find_or_generate(const SmallForm& form);

}  // namespace tenon::cpu::jit
