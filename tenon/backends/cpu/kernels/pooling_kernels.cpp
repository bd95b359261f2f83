#include "tenon/backends/cpu/kernels/pooling_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/kernels/pooling_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using Places = hn::RebindToSigned<D>;

/// Takes over `value` and its place where it is larger or NaN: ties keep the earlier place.
template <class D>
HWY_INLINE void take_larger(D, hn::Vec<D> value, hn::Vec<Places<D>> place, hn::Vec<D>& best,
                            hn::Vec<Places<D>>& at) {
  const auto larger = hn::Or(hn::Gt(value, best), hn::IsNaN(value));
  best = hn::IfThenElse(larger, value, best);
  at = hn::IfThenElse(hn::RebindMask(Places<D>(), larger), place, at);
}

template <class D>
HWY_INLINE void store_places(D p, hn::Vec<D> places, int64_t* to) {
#if HWY_TARGET == HWY_SCALAR
  (void)p;
  *to = hn::GetLane(places);
#else
  const hn::Half<D> half;
  const hn::RebindToSigned<hn::Rebind<int64_t, decltype(half)>> wide;
  hn::StoreU(hn::PromoteTo(wide, hn::LowerHalf(half, places)), wide, to);
  hn::StoreU(hn::PromoteTo(wide, hn::UpperHalf(half, places)), wide, to + hn::Lanes(half));
#endif
}

/// What one row of pairs reads and writes.
struct PairsRow {
  const float *upper, *lower;
  int64_t count, first, width;  // of results; the place of the first value; from row to row
  float* y;
  int64_t* indices;
};

template <class D>
HWY_INLINE void pairs_block(D d, const PairsRow& row, int64_t i) {
  const Places<D> p;
  hn::Vec<D> best, right, lower_left, lower_right;
  hn::LoadInterleaved2(d, row.upper + 2 * i, best, right);
  hn::LoadInterleaved2(d, row.lower + 2 * i, lower_left, lower_right);
  const auto one = hn::Set(p, 1), below = hn::Set(p, static_cast<int32_t>(row.width));
  const auto lanes = hn::Iota(p, 0);
  const auto place =
      hn::Add(hn::Add(lanes, lanes), hn::Set(p, static_cast<int32_t>(row.first + 2 * i)));
  auto at = place;
  take_larger(d, right, hn::Add(place, one), best, at);
  take_larger(d, lower_left, hn::Add(place, below), best, at);
  take_larger(d, lower_right, hn::Add(hn::Add(place, below), one), best, at);
  hn::StoreU(best, d, row.y + i);
  if (row.indices) store_places(p, at, row.indices + i);
}

/// In vectors of `d`, of which the last reaches back over results that are there already; false
/// where the row is shorter than one vector.
template <class D>
HWY_INLINE bool pairs_vectors(D d, const PairsRow& row) {
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  if (row.count < step) return false;
  int64_t i = 0;
  for (; i + step <= row.count; i += step) pairs_block(d, row, i);
  if (i < row.count) pairs_block(d, row, row.count - step);
  return true;
}

void pairs_one_by_one(const PairsRow& row) {
  for (int64_t i = 0; i < row.count; ++i) {
    const float values[4] = {row.upper[2 * i], row.upper[2 * i + 1], row.lower[2 * i],
                             row.lower[2 * i + 1]};
    const int64_t place = row.first + 2 * i;
    const int64_t places[4] = {place, place + 1, place + row.width, place + row.width + 1};
    int best = 0;
    for (int c = 1; c < 4; ++c) {
      if (values[c] > values[best] || values[c] != values[c]) best = c;
    }
    row.y[i] = values[best];
    if (row.indices) row.indices[i] = places[best];
  }
}

void pairs_plane(const float* plane, int64_t width, int64_t rows, int64_t count, float* y,
                 int64_t* indices) {
  for (int64_t i = 0; i < rows; ++i) {
    const float* upper = plane + 2 * i * width;
    const PairsRow row{upper,
                       upper + width,
                       count,
                       2 * i * width,
                       width,
                       y + i * count,
                       indices ? indices + i * count : nullptr};
#if HWY_TARGET != HWY_SCALAR
    if (pairs_vectors(hn::ScalableTag<float>(), row)) continue;
    if (pairs_vectors(hn::CappedTag<float, 8>(), row)) continue;
    if (pairs_vectors(hn::CappedTag<float, 4>(), row)) continue;
#endif
    pairs_one_by_one(row);
  }
}

/// Every `stride`-th value from `from` on.
template <class D>
HWY_INLINE hn::Vec<D> load_stepped(D d, const float* from, int64_t stride) {
  if (stride == 1) return hn::LoadU(d, from);
  if (stride == 2) {
    hn::Vec<D> even, odd;
    hn::LoadInterleaved2(d, from, even, odd);
    return even;
  }
  const Places<D> p;
  return hn::GatherIndex(d, from,
                         hn::Mul(hn::Iota(p, 0), hn::Set(p, static_cast<int32_t>(stride))));
}

void windows_row(const WindowRow& row) {
  const hn::ScalableTag<float> d;
  const Places<decltype(d)> p;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto steps = hn::Mul(hn::Iota(p, 0), hn::Set(p, static_cast<int32_t>(row.stride)));
  for (int64_t i = 0; i < row.count; i += lanes) {
    auto best = hn::Neg(hn::Inf(d));
    auto at = hn::LoadU(p, row.first_places + i);
    for (int64_t r = 0; r < row.rows; ++r) {
      const float* from = row.values + r * row.row_step + i * row.stride;
      const auto first = static_cast<int32_t>(row.place + r * row.place_step + i * row.stride);
      for (int64_t c = 0; c < row.cols; ++c) {
        const auto place =
            hn::Add(steps, hn::Set(p, first + static_cast<int32_t>(c * row.col_step)));
        take_larger(d, load_stepped(d, from + c * row.col_step, row.stride), place, best, at);
      }
    }
    if (i + lanes <= row.count) {
      hn::StoreU(best, d, row.y + i);
      if (row.indices) store_places(p, at, row.indices + i);
      continue;
    }
    float values[hn::MaxLanes(d)];
    int64_t places[hn::MaxLanes(d)];
    hn::StoreU(best, d, values);
    store_places(p, at, places);
    for (int64_t k = i; k < row.count; ++k) {
      row.y[k] = values[k - i];
      if (row.indices) row.indices[k] = places[k - i];
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(pairs_plane);
HWY_EXPORT(windows_row);

void max_of_pairs_plane(const float* plane, int64_t width, int64_t rows, int64_t count, float* y,
                        int64_t* indices) {
  HWY_DYNAMIC_DISPATCH(pairs_plane)(plane, width, rows, count, y, indices);
}

void max_of_windows_row(const WindowRow& row) { HWY_DYNAMIC_DISPATCH(windows_row)(row); }

}  // namespace tenon::cpu
#endif
