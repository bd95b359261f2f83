#pragma once

#include <memory>

#include "tenon/backends/cpu/tile/jit/code_memory.h"
#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/tile/launch.h"

namespace tenon::cpu {

/// Machine code that does a whole small launch, to the bits of these kernels; see tile::SmallCode.
/// Null where none can be made.
std::shared_ptr<const jit::CodeMemory> small_code(const tile::SmallLaunch& launch,
                                                  const Kernels& table);

}  // namespace tenon::cpu
