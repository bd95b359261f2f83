// Floating arithmetic, comparison, selection: the ops that are one or a few vector instructions.
#include "tenon/backends/cpu/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/tile/arithmetic.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstring>

#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/backends/cpu/tile/loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {
namespace {

using tile::Compute;
using tile::Op;

template <class D, class M>
HWY_INLINE hn::Vec<D> truth(D d, M mask) {
  return hn::IfThenElseZero(mask, hn::Set(d, 1));
}
/// NaN counts as true. (Highway's Ne is false for NaN on some instruction sets.)
template <class D, class V>
HWY_INLINE auto nonzero(D d, V v) {
  return hn::Not(hn::Eq(v, hn::Zero(d)));
}

/// A rounded number has the sign of the number, zeros included; Highway's scalar target forgets it.
template <class V>
HWY_INLINE V whole(V rounded, V x) {
#if HWY_TARGET == HWY_SCALAR
  return hn::IfThenElse(hn::IsNaN(x), x, hn::CopySign(rounded, x));
#else
  (void)x;
  return rounded;
#endif
}

// clang-format off
#define TENON_UNARY(Name, expression) \
  struct Name { template <class D, class V> HWY_INLINE V operator()(D d, V x) const { (void)d; return expression; } };
#define TENON_BINARY(Name, expression) \
  struct Name { template <class D, class V> HWY_INLINE V operator()(D d, V x, V y) const { (void)d; return expression; } };
TENON_UNARY(Neg, hn::Neg(x))
TENON_UNARY(Abs, hn::Abs(x))
TENON_UNARY(Sign, hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::Eq(x, hn::Zero(d))), x, hn::CopySign(hn::Set(d, 1), x)))
TENON_UNARY(Sqrt, hn::Sqrt(x))
TENON_UNARY(Rsqrt, hn::Div(hn::Set(d, 1), hn::Sqrt(x)))
TENON_UNARY(Reciprocal, hn::Div(hn::Set(d, 1), x))
TENON_UNARY(Square, hn::Mul(x, x))
TENON_UNARY(Floor, whole(hn::Floor(x), x))
TENON_UNARY(Ceil, whole(hn::Ceil(x), x))
TENON_UNARY(Round, whole(hn::Round(x), x))
TENON_UNARY(Trunc, whole(hn::Trunc(x), x))
TENON_UNARY(IsNan, truth(d, hn::IsNaN(x)))
TENON_UNARY(IsInf, truth(d, hn::Eq(hn::Abs(x), hn::Inf(d))))
TENON_UNARY(IsFinite, truth(d, hn::Lt(hn::Abs(x), hn::Inf(d))))
TENON_UNARY(LogicalNot, truth(d, hn::Eq(x, hn::Zero(d))))
TENON_BINARY(Add, hn::Add(x, y))
TENON_BINARY(Sub, hn::Sub(x, y))
TENON_BINARY(Mul, hn::Mul(x, y))
TENON_BINARY(Div, hn::Div(x, y))
TENON_BINARY(Minimum, hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::Lt(x, y)), x, y))
TENON_BINARY(Maximum, hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::Gt(x, y)), x, y))
TENON_BINARY(Eq, truth(d, hn::Eq(x, y)))
TENON_BINARY(Ne, truth(d, hn::Not(hn::Eq(x, y))))
TENON_BINARY(Lt, truth(d, hn::Lt(x, y)))
TENON_BINARY(Le, truth(d, hn::Le(x, y)))
TENON_BINARY(Gt, truth(d, hn::Gt(x, y)))
TENON_BINARY(Ge, truth(d, hn::Ge(x, y)))
TENON_BINARY(LogicalAnd, truth(d, hn::And(nonzero(d, x), nonzero(d, y))))
TENON_BINARY(LogicalOr, truth(d, hn::Or(nonzero(d, x), nonzero(d, y))))
TENON_BINARY(LogicalXor, truth(d, hn::Xor(nonzero(d, x), nonzero(d, y))))
#undef TENON_UNARY
#undef TENON_BINARY
// clang-format on

struct MultiplyAdd {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x, V y, V z) const {
    return hn::MulAdd(x, y, z);
  }
};
struct Select {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V mask, V x, V y) const {
    return hn::IfThenElse(nonzero(d, mask), x, y);
  }
};

template <class T, class F>
void put_unary(ClassKernels& k, Op op) {
  k.elementwise[static_cast<int>(op)] = unary_loop<T, F>;
}
template <class T, class F>
void put_binary(ClassKernels& k, Op op) {
  k.elementwise[static_cast<int>(op)] = binary_loop<T, F, false, false>;
  k.right_scalar[static_cast<int>(op)] = binary_loop<T, F, false, true>;
  k.left_scalar[static_cast<int>(op)] = binary_loop<T, F, true, false>;
}

template <class T>
void fill_class(ClassKernels& k) {
  put_unary<T, Neg>(k, Op::kNeg);
  put_unary<T, Abs>(k, Op::kAbs);
  put_unary<T, Sign>(k, Op::kSign);
  put_unary<T, Sqrt>(k, Op::kSqrt);
  put_unary<T, Rsqrt>(k, Op::kRsqrt);
  put_unary<T, Reciprocal>(k, Op::kReciprocal);
  put_unary<T, Square>(k, Op::kSquare);
  put_unary<T, Floor>(k, Op::kFloor);
  put_unary<T, Ceil>(k, Op::kCeil);
  put_unary<T, Round>(k, Op::kRound);
  put_unary<T, Trunc>(k, Op::kTrunc);
  put_unary<T, IsNan>(k, Op::kIsNan);
  put_unary<T, IsInf>(k, Op::kIsInf);
  put_unary<T, IsFinite>(k, Op::kIsFinite);
  put_unary<T, LogicalNot>(k, Op::kLogicalNot);
  put_binary<T, Add>(k, Op::kAdd);
  put_binary<T, Sub>(k, Op::kSub);
  put_binary<T, Mul>(k, Op::kMul);
  put_binary<T, Div>(k, Op::kDiv);
  put_binary<T, Minimum>(k, Op::kMinimum);
  put_binary<T, Maximum>(k, Op::kMaximum);
  put_binary<T, Eq>(k, Op::kEq);
  put_binary<T, Ne>(k, Op::kNe);
  put_binary<T, Lt>(k, Op::kLt);
  put_binary<T, Le>(k, Op::kLe);
  put_binary<T, Gt>(k, Op::kGt);
  put_binary<T, Ge>(k, Op::kGe);
  put_binary<T, LogicalAnd>(k, Op::kLogicalAnd);
  put_binary<T, LogicalOr>(k, Op::kLogicalOr);
  put_binary<T, LogicalXor>(k, Op::kLogicalXor);
  k.multiply_add = ternary<T, MultiplyAdd>;
  k.select = ternary<T, Select>;
}

void stream(const void* in, void* out, size_t bytes) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const float* from = static_cast<const float*>(in);
  float* to = static_cast<float*>(out);
  for (size_t i = 0; i < bytes / sizeof(float); i += lanes) {
    hn::Stream(hn::LoadU(d, from + i), d, to + i);
  }
}

void finish_streams() { hwy::FlushStream(); }

void fill(Kernels& kernels) {
  fill_class<float>(kernels.classes[static_cast<int>(Compute::kF32)]);
  fill_class<double>(kernels.classes[static_cast<int>(Compute::kF64)]);
  kernels.stream = stream;
  kernels.finish_streams = finish_streams;
}

}  // namespace
void fill_arithmetic_target(Kernels& kernels) { fill(kernels); }
}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {
HWY_EXPORT(fill_arithmetic_target);
void fill_arithmetic(size_t target_index, Kernels& kernels) {
  HWY_DISPATCH_TABLE(fill_arithmetic_target)[target_index](kernels);
}
}  // namespace tenon::cpu
#endif
