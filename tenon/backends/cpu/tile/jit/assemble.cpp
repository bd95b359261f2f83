#if defined(__x86_64__)

#include "tenon/backends/cpu/tile/jit/assemble.h"

namespace tenon::cpu::jit {

std::shared_ptr<const CodeMemory> assemble(
    const std::function<void(asmjit::x86::Compiler&)>& emit) {
  asmjit::CodeHolder code;
  if (code.init(asmjit::Environment::host()) != 0) return nullptr;
  asmjit::x86::Compiler compiler(&code);
  emit(compiler);
  if (compiler.finalize() != 0 || code.flatten() != 0 || code.resolveUnresolvedLinks() != 0) {
    return nullptr;
  }
  return CodeMemory::make(code.codeSize(), [&code](void* pages) {
    return code.relocateToBase(reinterpret_cast<uint64_t>(pages)) == 0 &&
           code.copyFlattenedData(pages, code.codeSize()) == 0;
  });
}

}  // namespace tenon::cpu::jit

#endif
