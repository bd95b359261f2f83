// Vectors of the target at hand, for the kernels of products. Included once per target.

#include <cstddef>
#include <cstdint>

#include <hwy/highway.h>

#if defined(TENON_LINALG_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_LINALG_VECTORS_INL_H_
#undef TENON_LINALG_VECTORS_INL_H_
#else
#define TENON_LINALG_VECTORS_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
HWY_INLINE constexpr int64_t lanes() {
  return static_cast<int64_t>(hn::MaxLanes(Tag<T>()));
}
// Before AVX2, Highway's masked loads and stores touch whole, aligned vectors: not ours to touch.
#undef TENON_HAS_MASKED_ACCESS
#define TENON_HAS_MASKED_ACCESS (HWY_TARGET <= HWY_AVX2)

/// The `count` lanes that `mask` names, from unaligned memory that ends after them; zeros
/// elsewhere.
template <class T, class Mask>
HWY_INLINE hn::Vec<Tag<T>> load_first(const T* from, Mask mask, int64_t count) {
  const Tag<T> d;
#if TENON_HAS_MASKED_ACCESS
  (void)count;
  return hn::MaskedLoad(mask, d, from);
#else
  (void)mask;
  alignas(64) T lane[lanes<T>()] = {};
  for (int64_t i = 0; i < count; ++i) lane[i] = from[i];
  return hn::Load(d, lane);
#endif
}

template <class T, class Mask>
HWY_INLINE void store_first(hn::Vec<Tag<T>> value, T* to, Mask mask, int64_t count) {
  const Tag<T> d;
#if TENON_HAS_MASKED_ACCESS
  (void)count;
  hn::BlendedStore(value, mask, d, to);
#else
  (void)mask;
  alignas(64) T lane[lanes<T>()];
  hn::Store(value, d, lane);
  for (int64_t i = 0; i < count; ++i) to[i] = lane[i];
#endif
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#endif
