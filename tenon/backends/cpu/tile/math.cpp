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
  for (size_t i = 0; i < count; ++i) {
    to[i] = kFunction(from_a[kScalarA ? 0 : i], from_b[kScalarB ? 0 : i]);
  }
}

template <class T, T (*kFunction)(T, T)>
void put_lanes(ClassKernels& k, Op op) {
  k.elementwise[static_cast<int>(op)] = binary_lanes<T, kFunction, false, false>;
  k.right_scalar[static_cast<int>(op)] = binary_lanes<T, kFunction, false, true>;
  k.left_scalar[static_cast<int>(op)] = binary_lanes<T, kFunction, true, false>;
}

template <class T>
void fill_class(ClassKernels& k) {
  const auto put = [&k](Op op, ElementwiseKernel kernel) {
    k.elementwise[static_cast<int>(op)] = kernel;
  };
  put(Op::kExp, unary_loop<T, Exp>);
  put(Op::kExpm1, unary_lanes<T, std::expm1>);
  put(Op::kLog, unary_loop<T, Log>);
  put(Op::kLog1p, unary_lanes<T, std::log1p>);
  put(Op::kLog2, unary_lanes<T, std::log2>);
  put(Op::kLog10, unary_lanes<T, std::log10>);
  put(Op::kSin, unary_lanes<T, std::sin>);
  put(Op::kCos, unary_lanes<T, std::cos>);
  put(Op::kTan, unary_lanes<T, std::tan>);
  put(Op::kAsin, unary_lanes<T, std::asin>);
  put(Op::kAcos, unary_lanes<T, std::acos>);
  put(Op::kAtan, unary_lanes<T, std::atan>);
  put(Op::kSinh, unary_lanes<T, std::sinh>);
  put(Op::kCosh, unary_lanes<T, std::cosh>);
  put(Op::kTanh, unary_lanes<T, std::tanh>);
  put(Op::kSigmoid, unary_loop<T, Sigmoid>);
  put(Op::kErf, unary_lanes<T, std::erf>);
  put(Op::kErfc, unary_lanes<T, std::erfc>);
  put_lanes<T, std::pow>(k, Op::kPow);
  put_lanes<T, std::fmod>(k, Op::kFmod);
  put_lanes<T, scalar::remainder<T>>(k, Op::kRemainder);
  put_lanes<T, scalar::floor_divide<T>>(k, Op::kFloorDivide);
}

void fill(Kernels& kernels) {
  fill_class<float>(kernels.classes[static_cast<int>(Compute::kF32)]);
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
