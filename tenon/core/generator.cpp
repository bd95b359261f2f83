#include "tenon/core/generator.h"

#include <atomic>

namespace tenon {
namespace {

std::atomic<uint64_t> initial_seed{0};

}  // namespace

Generator& default_generator() {
  thread_local Generator generator(initial_seed.load(std::memory_order_relaxed));
  return generator;
}

void manual_seed(uint64_t seed) {
  initial_seed.store(seed, std::memory_order_relaxed);
  default_generator().manual_seed(seed);
}

}  // namespace tenon
