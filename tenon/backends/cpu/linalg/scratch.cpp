#include "tenon/backends/cpu/linalg/scratch.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <utility>
#include <vector>

#include "tenon/base/error.h"

namespace tenon::cpu {

namespace {

struct Memory {
  void* data = nullptr;
  size_t size = 0;
};

/// A thread's memory for all scratches, by their numbers. One thread-local object for all: where a
/// running program loads the library, as Python does, there is little room for more of them.
class Memories {
 public:
  Memories() = default;
  Memories(const Memories&) = delete;
  ~Memories() {
    for (const Memory& memory : all_) std::free(memory.data);
  }

  Memory& at(size_t number) {
    if (number >= all_.size()) all_.resize(number + 1);
    return all_[number];
  }

 private:
  std::vector<Memory> all_;
};

size_t new_number() {
  static constinit std::atomic<size_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Scratch::Scratch() : number_(new_number()) {}

void* Scratch::get(size_t bytes, const char* call) {
  static thread_local Memories memories;
  Memory& memory = memories.at(number_);
  if (bytes <= memory.size) return memory.data;
  constexpr size_t kAlignment = 64;
  if (bytes <= SIZE_MAX - kAlignment) {
    const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    std::free(std::exchange(memory.data, nullptr));
    memory.size = 0;
    memory.data = std::aligned_alloc(kAlignment, rounded);
    if (memory.data) {
      memory.size = rounded;
      return memory.data;
    }
  }
  fail<OutOfMemoryError>(
      call, fmt::format("expected {} bytes of working memory, got none; use smaller tensors or a "
                        "smaller batch",
                        bytes));
}

}  // namespace tenon::cpu
