#include "tenon/backends/cpu/dnnl/pooling_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/dnnl/pooling_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Places = hn::RebindToSigned<Floats>;

/// Takes over `value` and its place where it is larger or NaN: ties keep the earlier place.
HWY_INLINE void take_larger(hn::Vec<Floats> value, hn::Vec<Places> place, hn::Vec<Floats>& best,
                            hn::Vec<Places>& at) {
  const auto larger = hn::Or(hn::Gt(value, best), hn::IsNaN(value));
  best = hn::IfThenElse(larger, value, best);
  at = hn::IfThenElse(hn::RebindMask(Places(), larger), place, at);
}

HWY_INLINE void store_places(hn::Vec<Places> places, int64_t* to) {
#if HWY_TARGET == HWY_SCALAR
  *to = hn::GetLane(places);
#else
  const hn::ScalableTag<int64_t> wide;
  const hn::Half<Places> half;
  hn::StoreU(hn::PromoteTo(wide, hn::LowerHalf(half, places)), wide, to);
  hn::StoreU(hn::PromoteTo(wide, hn::UpperHalf(half, places)), wide, to + hn::Lanes(wide));
#endif
}

void pairs_row(const float* upper, const float* lower, int64_t count, int64_t first, int64_t width,
               float* y, int64_t* indices) {
  const Floats d;
  const Places p;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  const auto one = hn::Set(p, 1), below = hn::Set(p, static_cast<int32_t>(width));
  int64_t i = 0;
  for (; i + step <= count; i += step) {
    const auto lanes = hn::Iota(p, 0);
    const auto place =
        hn::Add(hn::Add(lanes, lanes), hn::Set(p, static_cast<int32_t>(first + 2 * i)));
    hn::Vec<Floats> best, right, lower_left, lower_right;
    hn::LoadInterleaved2(d, upper + 2 * i, best, right);
    hn::LoadInterleaved2(d, lower + 2 * i, lower_left, lower_right);
    auto at = place;
    take_larger(right, hn::Add(place, one), best, at);
    take_larger(lower_left, hn::Add(place, below), best, at);
    take_larger(lower_right, hn::Add(hn::Add(place, below), one), best, at);
    hn::StoreU(best, d, y + i);
    if (indices) store_places(at, indices + i);
  }
  for (; i < count; ++i) {
    const float values[4] = {upper[2 * i], upper[2 * i + 1], lower[2 * i], lower[2 * i + 1]};
    const int64_t place = first + 2 * i;
    const int64_t places[4] = {place, place + 1, place + width, place + width + 1};
    int best = 0;
    for (int c = 1; c < 4; ++c) {
      if (values[c] > values[best] || values[c] != values[c]) best = c;
    }
    y[i] = values[best];
    if (indices) indices[i] = places[best];
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(pairs_row);

void max_of_pairs_row(const float* upper, const float* lower, int64_t count, int64_t first,
                      int64_t width, float* y, int64_t* indices) {
  HWY_DYNAMIC_DISPATCH(pairs_row)(upper, lower, count, first, width, y, indices);
}

}  // namespace tenon::cpu
#endif
