#pragma once

#include "tenon/ops/functions.h"

namespace tenon {

/// The largest or smallest elements along a dim and where they are.
struct Extremes {
  Tensor values;
  Tensor indices;
};

/// The largest element, 0-d. NaN wins. Throws ValueError when `x` is empty.
inline Tensor max(const Tensor& x) { return amax(x); }
/// The largest elements along `dim` and their positions (int64; the first where several are equal).
/// The sizes are those of `x` without `dim`, or with 1 there if `keepdim`. Throws ValueError when
/// `dim` is empty.
inline Extremes max(const Tensor& x, int64_t dim, bool keepdim = false) {
  auto [values, indices] = max_dim(x, dim, keepdim);
  return {std::move(values), std::move(indices)};
}

/// The smallest element, 0-d; see `max`.
inline Tensor min(const Tensor& x) { return amin(x); }
/// The smallest elements along `dim` and their positions; see `max`.
inline Extremes min(const Tensor& x, int64_t dim, bool keepdim = false) {
  auto [values, indices] = min_dim(x, dim, keepdim);
  return {std::move(values), std::move(indices)};
}

}  // namespace tenon
