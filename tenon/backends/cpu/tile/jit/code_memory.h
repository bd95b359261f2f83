#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace tenon::cpu::jit {

/// What a piece of machine code is called with: pointers (see PassForm) and how many elements.
using PassFunction = void (*)(char* const* places, size_t count);

/// Pages that hold one piece of code. They are written first and executable afterwards, never both.
class CodeMemory {
 public:
  /// `write` puts `size` bytes at the address that it gets. Null where the system gives no
  /// executable memory.
  static std::shared_ptr<const CodeMemory> make(size_t size,
                                                const std::function<bool(void*)>& write);
  ~CodeMemory();
  CodeMemory(const CodeMemory&) = delete;

  void* address() const { return pages_; }
  PassFunction function() const { return reinterpret_cast<PassFunction>(pages_); }
  size_t bytes() const { return bytes_; }

 private:
  CodeMemory(void* pages, size_t bytes);

  void* pages_;
  size_t bytes_;
};

}  // namespace tenon::cpu::jit
