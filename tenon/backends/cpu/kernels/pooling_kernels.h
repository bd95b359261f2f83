#pragma once

#include <cstdint>

namespace tenon::cpu {

/// The largest (NaN if there is one) of each 2 x 2 window of a plane, windows side by side: `rows`
/// rows of `count` results, from a plane whose rows are `width` apart; indices (if not null) = its
/// place in the plane, the earliest of several. Places must fit 31 bits.
void max_of_pairs_plane(const float* plane, int64_t width, int64_t rows, int64_t count, float* y,
                        int64_t* indices);

/// Rows of results that one vector of them may reach beyond the last.
inline constexpr int64_t kWindowSlack = 16;

/// One row of results of windows of any size. Memory: `rows` input rows, `row_step` elements apart,
/// with -infinity where windows reach beyond the input, and room for kWindowSlack more windows.
struct WindowRow {
  const float* values;
  int64_t rows, row_step;
  int64_t cols, col_step;       ///< of a window, and elements from one to the next
  int64_t stride;               ///< from window to window
  int64_t count;                ///< of results
  int32_t place, place_step;    ///< of the first window's first value, and from row to row
  const int32_t* first_places;  ///< of each window: its first value inside the input; with slack
  float* y;
  int64_t* indices;  ///< or null
};

/// The largest of each window, NaN if there is one, and its place: the earliest of several.
void max_of_windows_row(const WindowRow& row);

}  // namespace tenon::cpu
