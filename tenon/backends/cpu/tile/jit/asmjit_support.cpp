// Debian's libasmjit.a is compiled for executables: one of its objects, which prints debugging
// output, refers to `stderr` in a way that no shared library can. With the object's functions
// defined here the linker never takes it.
#if defined(__x86_64__)
#include <asmjit/asmjit.h>

#include <cstdlib>

namespace asmjit::DebugUtils {

const char* errorAsString(Error) noexcept { return "error in generated code"; }
void debugOutput(const char*) noexcept {}
void assertionFailed(const char*, int, const char*) noexcept { std::abort(); }

}  // namespace asmjit::DebugUtils
#endif
