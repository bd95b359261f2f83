#pragma once

#include <memory>

#include "tenon/backends/cpu/tile/jit/code_memory.h"
#include "tenon/backends/cpu/tile/jit/pass_form.h"

namespace tenon::cpu::jit {

/// The machine code of one form, for all threads: made when it is hot, dropped when others need the
/// room and it hasn't been used for long.
class CodeEntry;

/// The entry of a form, the same for equal forms.
std::shared_ptr<CodeEntry> find_entry(const PassForm& form);

/// The code to run now; it lives as long as the result. Null: the interpreter is to run, which by
/// estimate takes `nanoseconds`. What such runs add up to is the heat: when it reaches the time of
/// compiling, code is made.
std::shared_ptr<const CodeMemory> code_for_run(CodeEntry& entry, double nanoseconds);

/// Of the code of all entries together; what is over it is dropped, the least lately used first.
/// For tests.
void set_most_code_bytes(size_t bytes);
inline constexpr size_t kMostCodeBytes = size_t{4} << 20;

}  // namespace tenon::cpu::jit
