#pragma once

#include <memory>

#include "tenon/backends/cpu/tile/jit/code_memory.h"
#include "tenon/backends/cpu/tile/jit/pass_form.h"

namespace tenon::cpu::jit {

/// Machine code of a form whose ops and dtypes `can_compute`, `can_load` and `can_store`. Null
/// where the system gives no executable memory.
std::shared_ptr<const CodeMemory> generate(const PassForm& form);

}  // namespace tenon::cpu::jit
