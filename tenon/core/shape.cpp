#include "tenon/core/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "tenon/base/error.h"

namespace tenon {

std::string to_string(IntList sizes) { return fmt::format("[{}]", fmt::join(sizes, ", ")); }

void fail_dim_count(std::string_view call, size_t rank) {
  fail<ShapeError>(call, fmt::format("expected at most {} dims, got {}", kMostTensorDims, rank));
}

int64_t count_elements(std::string_view call, IntList sizes) {
  constexpr int64_t kMost = int64_t{1} << 62;
  int64_t count = 1;
  bool overflow = false, empty = false;
  check_dim_count(call, sizes.size());
  for (const int64_t size : sizes) {
    if (size < 0) {
      fail<ShapeError>(call, fmt::format("expected sizes of at least 0, got {}", to_string(sizes)));
    }
    if (size == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(count, size, &count) || count > kMost) {
      overflow = true;
      count = 1;
    }
  }
  if (overflow) {
    fail<ShapeError>(call,
                     fmt::format("a tensor of sizes {} has more than 2^62 elements{}; ask "
                                 "for a smaller one",
                                 to_string(sizes), empty ? " beside the dims of size 0" : ""));
  }
  return empty ? 0 : count;
}

Shape contiguous_strides(IntList sizes) {
  Shape strides(sizes.size());
  int64_t stride = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<int64_t>(sizes[i], 1);
  }
  return strides;
}

bool is_contiguous(IntList sizes, IntList strides) {
  int64_t expected = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] == 0) return true;
    if (sizes[i] != 1 && strides[i] != expected) return false;
    expected *= sizes[i];
  }
  return true;
}

Shape broadcast_shapes(std::string_view call, IntList a, IntList b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape result(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      fail<ShapeError>(call, fmt::format("sizes {} and {} don't broadcast: dim {} from the end is "
                                         "{} against {}; they must be equal or 1",
                                         to_string(a), to_string(b), i + 1, x, y));
    }
    result[rank - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

Shape broadcast_strides(std::string_view call, IntList sizes, IntList strides, IntList target) {
  Shape result(target.size(), 0);
  if (sizes.size() > target.size()) {
    fail<ShapeError>(call, fmt::format("sizes {} don't broadcast to {}: too many dims",
                                       to_string(sizes), to_string(target)));
  }
  const size_t shift = target.size() - sizes.size();
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == target[shift + i]) {
      result[shift + i] = sizes[i] == 1 ? 0 : strides[i];
    } else if (sizes[i] != 1) {
      fail<ShapeError>(call, fmt::format("sizes {} don't broadcast to {}: dim {} is {}",
                                         to_string(sizes), to_string(target), i, sizes[i]));
    }
  }
  return result;
}

int64_t normalize_dim(std::string_view call, int64_t dim, int64_t rank) {
  const int64_t range = std::max<int64_t>(rank, 1);
  if (dim < -range || dim >= range) {
    fail<IndexError>(
        call, fmt::format("dim {} is out of range: a tensor of rank {} has dims {} to {}", dim,
                          rank, -range, range - 1));
  }
  return dim < 0 ? dim + range : dim;
}

uint64_t dim_mask(std::string_view call, IntList dims, int64_t rank) {
  if (dims.empty()) return rank == 0 ? 0 : ~uint64_t{0} >> (64 - rank);
  uint64_t mask = 0;
  for (const int64_t dim : dims) {
    const uint64_t bit = uint64_t{1} << normalize_dim(call, dim, rank);
    if (mask & bit) fail<IndexError>(call, fmt::format("dim {} is named twice", dim));
    mask |= bit;
  }
  return rank == 0 ? 0 : mask;
}

}  // namespace tenon
