#pragma once

#include <cstdint>

#include "tenon/base/export.h"

namespace tenon {

/// The state of counter-based random numbers (Philox4x32-10, Salmon et al. 2011): number `i` of a
/// draw depends on the seed, the offset and `i` alone, never on threads or instruction sets.
class TENON_API Generator {
 public:
  explicit Generator(uint64_t seed = 0) : seed_(seed) {}

  uint64_t seed() const { return seed_; }
  uint64_t offset() const { return offset_; }
  void manual_seed(uint64_t seed) {
    seed_ = seed;
    offset_ = 0;
  }
  void set_offset(uint64_t offset) { offset_ = offset; }
  /// Reserves `count` numbers and returns the offset of the first.
  uint64_t advance(uint64_t count) {
    const uint64_t first = offset_;
    offset_ += count;
    return first;
  }

 private:
  uint64_t seed_;
  uint64_t offset_ = 0;
};

/// The generator that random ops use when none is given; one a thread, all starting from the seed
/// of the last `manual_seed` (0 before the first).
TENON_API Generator& default_generator();
/// Seeds the calling thread's default generator and those of threads that draw for the first time
/// later.
TENON_API void manual_seed(uint64_t seed);

}  // namespace tenon
