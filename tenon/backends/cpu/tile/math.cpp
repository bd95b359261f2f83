// Transcendental functions. What has no vector form here goes lane by lane through the C library.
#include "tenon/backends/cpu/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/tile/math.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>

#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/backends/cpu/tile/loops-inl.h"
#include "tenon/backends/cpu/tile/math-inl.h"
#include "tenon/backends/cpu/tile/scalar_math.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {
namespace {

using tile::Compute;
using tile::Op;

template <class T, T (*kFunction)(T)>
void unary_lanes(const void* a, const void*, void* out, size_t count) {
  const T* from = static_cast<const T*>(a);
  T* to = static_cast<T*>(out);
  for (size_t i = 0; i < count; ++i) to[i] = kFunction(from[i]);
}

template <class T, T (*kFunction)(T, T), bool kScalarA, bool kScalarB>
void binary_lanes(const void* a, const void* b, void* out, size_t count) {
  const T* from_a = static_cast<const T*>(a);
  const T* from_b = static_cast<const T*>(b);
  T* to = static_cast<T*>(out);
  if (count == 0) return;
  const T first_a = *from_a, first_b = *from_b;  // `out` may be where the one element lies
  for (size_t i = 0; i < count; ++i) {
    to[i] = kFunction(kScalarA ? first_a : from_a[i], kScalarB ? first_b : from_b[i]);
  }
}

template <class T, T (*kFunction)(T, T)>
void put_lanes(ClassKernels& k, Op op) {
  k.elementwise[static_cast<int>(op)] = binary_lanes<T, kFunction, false, false>;
  k.right_scalar[static_cast<int>(op)] = binary_lanes<T, kFunction, false, true>;
  k.left_scalar[static_cast<int>(op)] = binary_lanes<T, kFunction, true, false>;
}

/// Runs `F`, which computes in double, over the lanes where `in_range` holds; one lane outside it
/// sends its whole vector to the C library.
template <class T, class F, T (*kFunction)(T)>
void through_double(const void* a, const void*, void* out, size_t count) {
  const hn::ScalableTag<double> d;
  const size_t lanes = hn::Lanes(d);
  const T* from = static_cast<const T*>(a);
  T* to = static_cast<T*>(out);
  HWY_ALIGN double wide[hn::MaxLanes(d)];
  for (size_t i = 0; i < count; i += lanes) {
    const size_t taken = count - i < lanes ? count - i : lanes;
    if (taken < lanes) hn::Store(hn::Zero(d), d, wide);
    for (size_t k = 0; k < taken; ++k) wide[k] = static_cast<double>(from[i + k]);
    const auto x = hn::Load(d, wide);
    if (!hn::AllTrue(d, F::in_range(d, x))) {
      for (size_t k = 0; k < taken; ++k) to[i + k] = kFunction(from[i + k]);
      continue;
    }
    hn::Store(F()(d, x), d, wide);
    for (size_t k = 0; k < taken; ++k) to[i + k] = static_cast<T>(wide[k]);
  }
}

struct InCircle {
  template <class D, class V>
  static HWY_INLINE auto in_range(D d, V x) {
    return hn::Lt(hn::Abs(x), hn::Set(d, kCircleLimit));
  }
};
struct Sin : InCircle {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, circle_function<0>(d, x));
  }
};
struct Cos : InCircle {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return circle_function<1>(d, x);
  }
};
struct Tan : InCircle {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(Sin()(d, x), Cos()(d, x));
  }
};

/// x^y in float as e^(y ln x) in double; what is not a positive finite base with a finite exponent
/// goes to the C library.
template <bool kScalarA, bool kScalarB>
void pow_float(const void* a, const void* b, void* out, size_t count) {
  const hn::ScalableTag<double> d;
  const size_t lanes = hn::Lanes(d);
  const float* from_a = static_cast<const float*>(a);
  const float* from_b = static_cast<const float*>(b);
  float* to = static_cast<float*>(out);
  if (count == 0) return;
  const float first_a = *from_a, first_b = *from_b;  // `out` may be where the one element lies
  HWY_ALIGN double base[hn::MaxLanes(d)], exponent[hn::MaxLanes(d)];
  const auto inf = hn::Inf(d);
  for (size_t i = 0; i < count; i += lanes) {
    const size_t taken = count - i < lanes ? count - i : lanes;
    for (size_t k = 0; k < lanes; ++k) {
      const size_t at = i + (k < taken ? k : 0);
      base[k] = static_cast<double>(kScalarA ? first_a : from_a[at]);
      exponent[k] = static_cast<double>(kScalarB ? first_b : from_b[at]);
    }
    const auto x = hn::Load(d, base), y = hn::Load(d, exponent);
    const auto plain =
        hn::And(hn::And(hn::Gt(x, hn::Zero(d)), hn::Lt(x, inf)), hn::Lt(hn::Abs(y), inf));
    if (hn::AllTrue(d, plain)) {
      hn::Store(Exp()(d, hn::Mul(y, Log()(d, x))), d, base);
      for (size_t k = 0; k < taken; ++k) to[i + k] = static_cast<float>(base[k]);
    } else {
      for (size_t k = 0; k < taken; ++k) {
        to[i + k] =
            std::pow(kScalarA ? first_a : from_a[i + k], kScalarB ? first_b : from_b[i + k]);
      }
    }
  }
}

template <class T>
void fill_class(ClassKernels& k) {
  const auto put = [&k](Op op, ElementwiseKernel kernel) {
    k.elementwise[static_cast<int>(op)] = kernel;
  };
  put(Op::kExp, unary_loop<T, Exp>);
  put(Op::kExpm1, unary_loop<T, Expm1>);
  put(Op::kLog, unary_loop<T, Log>);
  put(Op::kLog1p, unary_loop<T, Log1p>);
  put(Op::kLog2, unary_loop<T, Log2>);
  put(Op::kLog10, unary_lanes<T, std::log10>);
  put(Op::kSin, through_double<T, Sin, std::sin>);
  put(Op::kCos, through_double<T, Cos, std::cos>);
  put(Op::kTan, unary_lanes<T, std::tan>);
  put(Op::kAsin, unary_lanes<T, std::asin>);
  put(Op::kAcos, unary_lanes<T, std::acos>);
  put(Op::kAtan, unary_lanes<T, std::atan>);
  put(Op::kSinh, unary_lanes<T, std::sinh>);
  put(Op::kCosh, unary_lanes<T, std::cosh>);
  put(Op::kTanh, unary_loop<T, Tanh>);
  put(Op::kSigmoid, unary_loop<T, Sigmoid>);
  put(Op::kErf, unary_lanes<T, std::erf>);
  put(Op::kErfc, unary_lanes<T, std::erfc>);
  put_lanes<T, std::pow>(k, Op::kPow);
  put_lanes<T, std::fmod>(k, Op::kFmod);
  put_lanes<T, scalar::remainder<T>>(k, Op::kRemainder);
  put_lanes<T, scalar::floor_divide<T>>(k, Op::kFloorDivide);
}

void fill(Kernels& kernels) {
  ClassKernels& f32 = kernels.classes[static_cast<int>(Compute::kF32)];
  fill_class<float>(f32);
  f32.elementwise[static_cast<int>(Op::kTan)] = through_double<float, Tan, std::tan>;
  f32.elementwise[static_cast<int>(Op::kErf)] = unary_loop<float, Erf>;
  f32.elementwise[static_cast<int>(Op::kPow)] = pow_float<false, false>;
  f32.right_scalar[static_cast<int>(Op::kPow)] = pow_float<false, true>;
  f32.left_scalar[static_cast<int>(Op::kPow)] = pow_float<true, false>;
  fill_class<double>(kernels.classes[static_cast<int>(Compute::kF64)]);
}

}  // namespace
void fill_math_target(Kernels& kernels) { fill(kernels); }
}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {
HWY_EXPORT(fill_math_target);
void fill_math(size_t target_index, Kernels& kernels) {
  HWY_DISPATCH_TABLE(fill_math_target)[target_index](kernels);
}
}  // namespace tenon::cpu
#endif
