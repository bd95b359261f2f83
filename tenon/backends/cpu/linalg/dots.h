#pragma once

#include "tenon/backends/cpu/linalg/gemm.h"
#include "tenon/base/half.h"

namespace tenon::cpu {

/// Products of which both operands lie along k (`a_col_stride` and `b_row_stride` are 1), on the
/// calling thread: nothing is turned or packed, and b is read once where a has few rows. The result
/// of a column doesn't depend on how many columns there are.
void gemm_dots(const Gemm<float>& gemm);
void gemm_dots(const Gemm<double>& gemm);
/// Halves are widened as they are read. Of a row of a, the elements with even numbers come first,
/// and from `a_row_stride` / 2 on those with odd ones; both are followed by zeros up to a multiple
/// of `kDotsPadding`.
void gemm_dots(const Gemm<float, BFloat16>& gemm);
/// The rows of a are followed by zeros up to a multiple of `kDotsPadding`.
void gemm_dots(const Gemm<float, Float16>& gemm);

/// Lanes of the longest vector.
inline constexpr int64_t kDotsPadding = 16;
/// From this k on adding up the lanes at the end costs less than turning b.
inline constexpr int64_t kLongDots = 192;

template <class T>
bool lies_along_depth(const Gemm<T>& g) {
  return g.b_row_stride == 1 && g.a_col_stride == 1 && g.b_col_stride != 1;
}

}  // namespace tenon::cpu
