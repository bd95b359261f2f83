#pragma once

#include <cstdint>

#include "tenon/core/shape.h"

namespace tenon::nn {

/// A number for height and one for width; one number stands for both: `3` or `{3, 5}`.
struct Pair {
  int64_t height;
  int64_t width;

  constexpr Pair(int64_t both) : height(both), width(both) {}
  constexpr Pair(int64_t height, int64_t width) : height(height), width(width) {}
  Shape shape() const { return {height, width}; }
  friend constexpr bool operator==(Pair, Pair) = default;
};

}  // namespace tenon::nn
