#pragma once

#include <cstdint>

namespace tenon::cpu {

/// What goes into each of `results` sums along a dim: up to `taps` elements, times weights. Tap k
/// of result i is at k stride + i; an index of -1 says that there is none. `stride` is a multiple
/// of 16, and indices from `results` up to it are -1.
struct TapTable {
  int64_t results, stride, taps;
  const int32_t* index;
  const float* weight;
};

/// to[i] = the sum of weight from[index], term by term, for every result.
void resample_row(const TapTable& table, const float* from, float* to);

/// to[j] = the sum over k < taps of weight[k] from[index[k] size + j], term by term, for j < size.
void add_weighted_rows(const float* from, const int64_t* index, const float* weight, int64_t taps,
                       int64_t size, float* to);
void add_weighted_rows(const double* from, const int64_t* index, const double* weight, int64_t taps,
                       int64_t size, double* to);

}  // namespace tenon::cpu
