#pragma once

#include <cstdint>

namespace tenon::cpu {

/// The largest (NaN if there is one) of each 2 x 2 window of a plane, windows side by side: `rows`
/// rows of `count` results, from a plane whose rows are `width` apart; indices (if not null) = its
/// place in the plane, the earliest of several. Places must fit 31 bits.
void max_of_pairs_plane(const float* plane, int64_t width, int64_t rows, int64_t count, float* y,
                        int64_t* indices);

}  // namespace tenon::cpu
