#pragma once

#include <cstdint>

namespace tenon::cpu {

/// Rows of `k` elements each, without gaps: `a` has m, `b` has n.
template <class T>
struct RowPairs {
  int64_t m, n, k;
  const T *a, *b;
};

/// y[i, j] = |a_i - b_j| = sqrt(sum((a_i - b_j)^2)) of the rows [begin, end) of a, on the calling
/// thread. Differences are squared one by one: |a|^2 + |b|^2 - 2 a b would lose the digits of rows
/// that lie close together. Throws OutOfMemoryError.
void euclidean_distances(const RowPairs<float>& rows, int64_t begin, int64_t end, float* y);
void euclidean_distances(const RowPairs<double>& rows, int64_t begin, int64_t end, double* y);

/// y_i = sum over j of weights[i, j] (a_i - b_j) of the rows [begin, end) of a, on the calling
/// thread.
void weighted_differences(const RowPairs<float>& rows, const float* weights, int64_t begin,
                          int64_t end, float* y);
void weighted_differences(const RowPairs<double>& rows, const double* weights, int64_t begin,
                          int64_t end, double* y);

}  // namespace tenon::cpu
