#include "tenon/backends/cpu/linalg/scratch.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "tenon/base/error.h"

namespace tenon::cpu {

Scratch::~Scratch() { std::free(memory_); }

void* Scratch::get(size_t bytes, const char* call) {
  if (bytes <= size_) return memory_;
  constexpr size_t kAlignment = 64;
  if (bytes <= SIZE_MAX - kAlignment) {
    const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    std::free(std::exchange(memory_, nullptr));
    size_ = 0;
    memory_ = std::aligned_alloc(kAlignment, rounded);
    if (memory_) {
      size_ = rounded;
      return memory_;
    }
  }
  fail<OutOfMemoryError>(
      call, fmt::format("expected {} bytes of working memory, got none; use smaller tensors or a "
                        "smaller batch",
                        bytes));
}

}  // namespace tenon::cpu
