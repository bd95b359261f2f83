#include "tenon/ops/shape/layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"

namespace tenon::ops {

Shape resolve_sizes(std::string_view call, int64_t numel, IntList sizes) {
  Shape result(sizes);
  int64_t unknown = -1;
  Shape known;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] != -1) {
      known.push_back(sizes[i]);
    } else if (unknown >= 0) {
      fail<ShapeError>(call, fmt::format("at most one size may be -1, got {}", to_string(sizes)));
    } else {
      unknown = static_cast<int64_t>(i);
    }
  }
  const int64_t count = count_elements(call, known);
  if (unknown >= 0) {
    if (count == 0 || numel % count != 0) {
      fail<ShapeError>(call, fmt::format("no size in the place of -1 makes {} hold {} elements",
                                         to_string(sizes), numel));
    }
    result[static_cast<size_t>(unknown)] = numel / count;
  } else if (count != numel) {
    fail<ShapeError>(call, fmt::format("sizes {} hold {} elements, but the tensor has {}",
                                       to_string(sizes), count, numel));
  }
  return result;
}

bool strides_of_view(const Shape& sizes, const Shape& strides, const Shape& wanted, Shape& result) {
  const bool empty = std::find(sizes.begin(), sizes.end(), 0) != sizes.end();
  if (empty || is_contiguous(sizes, strides)) {
    result = contiguous_strides(wanted);
    return true;
  }
  // Runs of old dims that are contiguous among themselves, innermost first, are handed to the new
  // dims; a new dim that crosses from one run to the next needs a copy.
  result = Shape(wanted.size(), 0);
  size_t next = wanted.size();
  int64_t run = 1, filled = 1;
  size_t i = sizes.size();
  int64_t stride = strides.back();
  while (i-- > 0) {
    run *= sizes[i];
    const bool ends = i == 0 || (sizes[i - 1] != 1 && strides[i - 1] != run * stride);
    if (!ends) continue;
    while (next > 0 && (filled < run || wanted[next - 1] == 1)) {
      result[next - 1] = filled * stride;
      filled *= wanted[next - 1];
      --next;
    }
    if (filled != run) return false;
    if (i > 0) {
      stride = strides[i - 1];
      run = filled = 1;
    }
  }
  return next == 0;
}

}  // namespace tenon::ops
