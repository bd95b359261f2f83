#pragma once

#include <cstdint>

namespace tenon::cpu {

/// One row of `count` 2 x 2 windows side by side: y[i] = the largest of upper[2 i], upper[2 i + 1],
/// lower[2 i], lower[2 i + 1] (NaN if there is one), indices[i] (if not null) = its place, where
/// upper[0] has the place `first` and lower[0] `first + width`. Places must fit 31 bits.
void max_of_pairs_row(const float* upper, const float* lower, int64_t count, int64_t first,
                      int64_t width, float* y, int64_t* indices);

}  // namespace tenon::cpu
