#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tenon/base/export.h"

namespace tenon::cpu {

/// Instruction sets that the interpreter was compiled for and this machine has, best first.
TENON_API std::vector<std::string> available_instruction_sets();

/// The one in use: `set_instruction_set`, else the TENON_ISA environment variable (read once), else
/// the best.
TENON_API std::string instruction_set();

/// Chooses one for the whole process, for tests; "" is the best. Not while tile programs run, and
/// not for kernels that `direct_kernel` has already handed out. Throws ValueError naming the
/// available ones.
TENON_API void set_instruction_set(std::string_view name);

}  // namespace tenon::cpu
