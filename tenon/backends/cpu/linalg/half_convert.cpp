#include "tenon/backends/cpu/linalg/half_convert.h"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/linalg/half_convert.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Below AVX2 the machine has no float16 conversions; the portable ones round the same way.
#define TENON_HAS_F16_CONVERSIONS (HWY_TARGET <= HWY_AVX2)

void float16_to_float(const Float16* from, float* to, int64_t count) {
  int64_t i = 0;
#if TENON_HAS_F16_CONVERSIONS
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> halves;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  for (; i + step <= count; i += step) {
    const auto half = hn::LoadU(halves, reinterpret_cast<const hwy::float16_t*>(from + i));
    hn::StoreU(hn::PromoteTo(d, half), d, to + i);
  }
#endif
  for (; i < count; ++i) to[i] = from[i];
}

void float_to_float16(const float* from, Float16* to, int64_t count) {
  int64_t i = 0;
#if TENON_HAS_F16_CONVERSIONS
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> halves;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  for (; i + step <= count; i += step) {
    const auto half = hn::DemoteTo(halves, hn::LoadU(d, from + i));
    hn::StoreU(half, halves, reinterpret_cast<hwy::float16_t*>(to + i));
  }
#endif
  for (; i < count; ++i) to[i] = Float16(from[i]);
}

// Plain integer code, which the compiler turns into vectors of the target at hand.
void bfloat16_to_float(const BFloat16* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

void float_to_bfloat16(const float* from, BFloat16* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = BFloat16(from[i]);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(float16_to_float);
HWY_EXPORT(float_to_float16);
HWY_EXPORT(bfloat16_to_float);
HWY_EXPORT(float_to_bfloat16);

void half_to_float(DType dtype, const void* from, float* to, int64_t count) {
  if (dtype == kFloat16) {
    HWY_DYNAMIC_DISPATCH(float16_to_float)(static_cast<const Float16*>(from), to, count);
  } else {
    HWY_DYNAMIC_DISPATCH(bfloat16_to_float)(static_cast<const BFloat16*>(from), to, count);
  }
}

void float_to_half(DType dtype, const float* from, void* to, int64_t count) {
  if (dtype == kFloat16) {
    HWY_DYNAMIC_DISPATCH(float_to_float16)(from, static_cast<Float16*>(to), count);
  } else {
    HWY_DYNAMIC_DISPATCH(float_to_bfloat16)(from, static_cast<BFloat16*>(to), count);
  }
}

}  // namespace tenon::cpu
#endif
