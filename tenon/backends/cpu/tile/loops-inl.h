// Loops over contiguous elements; compiled once per instruction set (no include guard of the
// usual kind: see Highway's foreach_target.h).
#if defined(TENON_TILE_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_TILE_LOOPS_INL_H_
#undef TENON_TILE_LOOPS_INL_H_
#else
#define TENON_TILE_LOOPS_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The first `count` < Lanes elements; zeros above. Never reads past them.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_first(D d, const T* from, size_t count) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN T lanes[hn::MaxLanes(d)] = {};
  for (size_t i = 0; i < count; ++i) lanes[i] = from[i];
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(d, count), d, from);
#endif
}

template <class D, class T = hn::TFromD<D>>
HWY_INLINE void store_first(D d, hn::Vec<D> v, T* to, size_t count) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN T lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < count; ++i) to[i] = lanes[i];
#else
  hn::BlendedStore(v, hn::FirstN(d, count), d, to);
#endif
}

/// A contiguous operand, or one element repeated.
template <class D, bool kScalar>
class Reader {
  using T = hn::TFromD<D>;

 public:
  HWY_INLINE Reader(D d, const void* data)
      : data_(static_cast<const T*>(data)), repeated_(kScalar ? hn::Set(d, *data_) : hn::Zero(d)) {}
  HWY_INLINE hn::Vec<D> at(D d, size_t i) const {
    if constexpr (kScalar) return repeated_;
    return hn::LoadU(d, data_ + i);
  }
  HWY_INLINE hn::Vec<D> first(D d, size_t i, size_t count) const {
    if constexpr (kScalar) return repeated_;
    return load_first(d, data_ + i, count);
  }

 private:
  const T* data_;
  hn::Vec<D> repeated_;
};

template <class T, class F>
void unary_loop(const void* a, const void*, void* out, size_t count) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const Reader<decltype(d), false> ra(d, a);
  T* to = static_cast<T*>(out);
  const F f{};
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(f(d, ra.at(d, i)), d, to + i);
  if (i < count) store_first(d, f(d, ra.first(d, i, count - i)), to + i, count - i);
}

template <class T, class F, bool kScalarA, bool kScalarB>
void binary_loop(const void* a, const void* b, void* out, size_t count) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const Reader<decltype(d), kScalarA> ra(d, a);
  const Reader<decltype(d), kScalarB> rb(d, b);
  T* to = static_cast<T*>(out);
  const F f{};
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(f(d, ra.at(d, i), rb.at(d, i)), d, to + i);
  if (i < count) {
    const size_t rest = count - i;
    store_first(d, f(d, ra.first(d, i, rest), rb.first(d, i, rest)), to + i, rest);
  }
}

template <class T, class F, bool kScalarA, bool kScalarB, bool kScalarC>
void ternary_loop(const void* a, const void* b, const void* c, void* out, size_t count) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const Reader<decltype(d), kScalarA> ra(d, a);
  const Reader<decltype(d), kScalarB> rb(d, b);
  const Reader<decltype(d), kScalarC> rc(d, c);
  T* to = static_cast<T*>(out);
  const F f{};
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(f(d, ra.at(d, i), rb.at(d, i), rc.at(d, i)), d, to + i);
  }
  if (i < count) {
    const size_t rest = count - i;
    store_first(d, f(d, ra.first(d, i, rest), rb.first(d, i, rest), rc.first(d, i, rest)), to + i,
                rest);
  }
}

template <class T, class F>
void ternary(const void* a, const void* b, const void* c, void* out, size_t count,
             unsigned scalars) {
  switch (scalars) {
    case 0:
      return ternary_loop<T, F, false, false, false>(a, b, c, out, count);
    case 1:
      return ternary_loop<T, F, true, false, false>(a, b, c, out, count);
    case 2:
      return ternary_loop<T, F, false, true, false>(a, b, c, out, count);
    case 3:
      return ternary_loop<T, F, true, true, false>(a, b, c, out, count);
    case 4:
      return ternary_loop<T, F, false, false, true>(a, b, c, out, count);
    case 5:
      return ternary_loop<T, F, true, false, true>(a, b, c, out, count);
    case 6:
      return ternary_loop<T, F, false, true, true>(a, b, c, out, count);
    default:
      return ternary_loop<T, F, true, true, true>(a, b, c, out, count);
  }
}

}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
