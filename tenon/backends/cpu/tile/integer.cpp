// Integer classes: plain loops, which the compiler vectorises for each instruction set.
#include "tenon/backends/cpu/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/tile/integer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/backends/cpu/tile/scalar_math.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {
namespace {

using tile::Compute;
using tile::Op;

template <class T, class F>
void unary(const void* a, const void*, void* out, size_t count) {
  const T* from = static_cast<const T*>(a);
  T* to = static_cast<T*>(out);
  for (size_t i = 0; i < count; ++i) to[i] = F::apply(from[i]);
}

template <class T, class F, bool kScalarA, bool kScalarB>
void binary(const void* a, const void* b, void* out, size_t count) {
  const T* from_a = static_cast<const T*>(a);
  const T* from_b = static_cast<const T*>(b);
  T* to = static_cast<T*>(out);
  const T first_a = *from_a, first_b = *from_b;
  for (size_t i = 0; i < count; ++i) {
    to[i] = F::apply(kScalarA ? first_a : from_a[i], kScalarB ? first_b : from_b[i]);
  }
}

template <class T, class F>
void ternary(const void* a, const void* b, const void* c, void* out, size_t count,
             unsigned scalars) {
  const T* from_a = static_cast<const T*>(a);
  const T* from_b = static_cast<const T*>(b);
  const T* from_c = static_cast<const T*>(c);
  const bool scalar_a = scalars & 1, scalar_b = scalars & 2, scalar_c = scalars & 4;
  // Read first: the result may overwrite an operand.
  const T first_a = *from_a, first_b = *from_b, first_c = *from_c;
  T* to = static_cast<T*>(out);
  for (size_t i = 0; i < count; ++i) {
    to[i] = F::apply(scalar_a ? first_a : from_a[i], scalar_b ? first_b : from_b[i],
                     scalar_c ? first_c : from_c[i]);
  }
}

// Arithmetic wraps, so it is done on unsigned numbers.
// clang-format off
#define TENON_UNARY(Name, expression) struct Name { template <class T> static T apply(T x) { return static_cast<T>(expression); } };
#define TENON_BINARY(Name, expression) struct Name { template <class T> static T apply(T x, T y) { return static_cast<T>(expression); } };
#define TENON_U(x) static_cast<uint64_t>(x)
TENON_UNARY(Neg, 0 - TENON_U(x))
TENON_UNARY(Abs, x < 0 ? 0 - TENON_U(x) : TENON_U(x))
TENON_UNARY(AbsUnsigned, x)
TENON_UNARY(Sign, (x > 0) - (x < 0))
TENON_UNARY(Square, TENON_U(x) * TENON_U(x))
TENON_UNARY(Same, x)
TENON_UNARY(No, (void(x), 0))
TENON_UNARY(Yes, (void(x), 1))
TENON_UNARY(LogicalNot, x == 0)
TENON_UNARY(BitwiseNot, ~x)
TENON_BINARY(Add, TENON_U(x) + TENON_U(y))
TENON_BINARY(Sub, TENON_U(x) - TENON_U(y))
TENON_BINARY(Mul, TENON_U(x) * TENON_U(y))
TENON_BINARY(Pow, scalar::pow(x, y))
TENON_BINARY(Minimum, x < y ? x : y)
TENON_BINARY(Maximum, x > y ? x : y)
TENON_BINARY(Fmod, scalar::fmod(x, y))
TENON_BINARY(Remainder, scalar::remainder(x, y))
TENON_BINARY(FloorDivide, scalar::floor_divide(x, y))
TENON_BINARY(Eq, x == y)
TENON_BINARY(Ne, x != y)
TENON_BINARY(Lt, x < y)
TENON_BINARY(Le, x <= y)
TENON_BINARY(Gt, x > y)
TENON_BINARY(Ge, x >= y)
TENON_BINARY(LogicalAnd, (x != 0) & (y != 0))
TENON_BINARY(LogicalOr, (x != 0) | (y != 0))
TENON_BINARY(LogicalXor, (x != 0) != (y != 0))
TENON_BINARY(BitwiseAnd, x & y)
TENON_BINARY(BitwiseOr, x | y)
TENON_BINARY(BitwiseXor, x ^ y)
TENON_BINARY(ShiftLeft, scalar::shift_left(x, y))
TENON_BINARY(ShiftRight, scalar::shift_right(x, y))
struct MultiplyAdd { template <class T> static T apply(T x, T y, T z) { return static_cast<T>(TENON_U(x) * TENON_U(y) + TENON_U(z)); } };
struct Select { template <class T> static T apply(T mask, T x, T y) { return mask != 0 ? x : y; } };
#undef TENON_UNARY
#undef TENON_BINARY
#undef TENON_U
// clang-format on

template <class T, class F>
void put_unary(ClassKernels& k, Op op) {
  k.elementwise[static_cast<int>(op)] = unary<T, F>;
}
template <class T, class F>
void put_binary(ClassKernels& k, Op op) {
  k.elementwise[static_cast<int>(op)] = binary<T, F, false, false>;
  k.right_scalar[static_cast<int>(op)] = binary<T, F, false, true>;
  k.left_scalar[static_cast<int>(op)] = binary<T, F, true, false>;
}

template <class T>
void fill_binary(ClassKernels& k) {
  put_binary<T, Add>(k, Op::kAdd);
  put_binary<T, Sub>(k, Op::kSub);
  put_binary<T, Mul>(k, Op::kMul);
  put_binary<T, Pow>(k, Op::kPow);
  put_binary<T, Minimum>(k, Op::kMinimum);
  put_binary<T, Maximum>(k, Op::kMaximum);
  put_binary<T, Fmod>(k, Op::kFmod);
  put_binary<T, Remainder>(k, Op::kRemainder);
  put_binary<T, FloorDivide>(k, Op::kFloorDivide);
  put_binary<T, Eq>(k, Op::kEq);
  put_binary<T, Ne>(k, Op::kNe);
  put_binary<T, Lt>(k, Op::kLt);
  put_binary<T, Le>(k, Op::kLe);
  put_binary<T, Gt>(k, Op::kGt);
  put_binary<T, Ge>(k, Op::kGe);
  put_binary<T, LogicalAnd>(k, Op::kLogicalAnd);
  put_binary<T, LogicalOr>(k, Op::kLogicalOr);
  put_binary<T, LogicalXor>(k, Op::kLogicalXor);
  put_binary<T, BitwiseAnd>(k, Op::kBitwiseAnd);
  put_binary<T, BitwiseOr>(k, Op::kBitwiseOr);
  put_binary<T, BitwiseXor>(k, Op::kBitwiseXor);
  put_binary<T, ShiftLeft>(k, Op::kShiftLeft);
  put_binary<T, ShiftRight>(k, Op::kShiftRight);
}

template <class T>
void fill_class(ClassKernels& k) {
  put_unary<T, Neg>(k, Op::kNeg);
  put_unary<T, std::conditional_t<std::is_signed_v<T>, Abs, AbsUnsigned>>(k, Op::kAbs);
  put_unary<T, Sign>(k, Op::kSign);
  put_unary<T, Square>(k, Op::kSquare);
  for (Op op : {Op::kFloor, Op::kCeil, Op::kRound, Op::kTrunc}) put_unary<T, Same>(k, op);
  put_unary<T, No>(k, Op::kIsNan);
  put_unary<T, No>(k, Op::kIsInf);
  put_unary<T, Yes>(k, Op::kIsFinite);
  put_unary<T, LogicalNot>(k, Op::kLogicalNot);
  put_unary<T, BitwiseNot>(k, Op::kBitwiseNot);
  fill_binary<T>(k);
  k.multiply_add = ternary<T, MultiplyAdd>;
  k.select = ternary<T, Select>;
}

void fill(Kernels& kernels) {
  fill_class<int64_t>(kernels.classes[static_cast<int>(Compute::kI64)]);
  fill_class<uint64_t>(kernels.classes[static_cast<int>(Compute::kU64)]);
}

}  // namespace
void fill_integer_target(Kernels& kernels) { fill(kernels); }
}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {
HWY_EXPORT(fill_integer_target);
void fill_integer(size_t target_index, Kernels& kernels) {
  HWY_DISPATCH_TABLE(fill_integer_target)[target_index](kernels);
}
}  // namespace tenon::cpu
#endif
