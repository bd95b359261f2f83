#include "tenon/backends/cpu/tile/jit/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tenon/tile/machine_code_internal.h"

namespace tenon::cpu::jit {

std::shared_ptr<const CodeMemory> CodeMemory::make(size_t size,
                                                   const std::function<bool(void*)>& write) {
  static const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t bytes = (size + page - 1) / page * page;
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  std::shared_ptr<const CodeMemory> code(new CodeMemory(pages, bytes));
  if (!write(pages) || mprotect(pages, bytes, PROT_READ | PROT_EXEC) != 0) return nullptr;
  return code;
}

CodeMemory::CodeMemory(void* pages, size_t bytes) : pages_(pages), bytes_(bytes) {
  tile::machine_code_counters().code_bytes += static_cast<int64_t>(bytes);
}

CodeMemory::~CodeMemory() {
  tile::machine_code_counters().code_bytes -= static_cast<int64_t>(bytes_);
  munmap(pages_, bytes_);
}

}  // namespace tenon::cpu::jit
