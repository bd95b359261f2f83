#pragma once

#include <asmjit/asmjit.h>

#include <functional>
#include <memory>

#include "tenon/backends/cpu/tile/jit/code_memory.h"

namespace tenon::cpu::jit {

/// The code of the one function that `emit` gives a compiler. Null where the system gives no
/// executable memory.
std::shared_ptr<const CodeMemory> assemble(const std::function<void(asmjit::x86::Compiler&)>& emit);

}  // namespace tenon::cpu::jit
