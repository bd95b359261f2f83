// Numbers of the host as operands of ops: 0-d tensors that take part in promotion as numbers do.

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/dispatch/host_numbers_internal.h"

namespace tenon {
namespace {

/// Whether the range of integers `T` covers `value`.
template <class T>
bool integers_hold(const Scalar& value) {
  using Limits = std::numeric_limits<T>;
  constexpr bool kIsSigned = std::is_signed_v<T>;
  if (!value.is_integer()) {
    // int64's largest value is no double, but the one after it is.
    const double end = std::ldexp(1.0, Limits::digits), number = value.to_double();
    return !value.is_complex() && number < end && number >= (kIsSigned ? -end : 0.0);
  }
  if constexpr (sizeof(T) == 8) return true;
  const int64_t number = value.to_int(), largest = static_cast<int64_t>(Limits::max());
  return number <= largest && number >= (kIsSigned ? -largest - 1 : -largest);
}

double largest(DType floating) {
  switch (floating) {
    case kFloat16:
      return 65504;
    case kBFloat16:
      return 0x1.fep127;
    case kFloat32:
    case kComplex64:
      return std::numeric_limits<float>::max();
    default:
      return std::numeric_limits<double>::max();
  }
}

/// Whether the range of `dtype` covers `value`.
bool holds(DType dtype, const Scalar& value) {
  return visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_same_v<T, bool>) {
      return true;
    } else if constexpr (std::is_integral_v<T>) {
      return integers_hold<T>(value);
    } else {
      const auto fits = [&](double number) {
        return std::isinf(number) || !(std::abs(number) > largest(dtype));  // NaN, too
      };
      const std::complex<double> number = value.to_complex();
      return fits(number.real()) && (is_complex(dtype) ? fits(number.imag()) : number.imag() == 0);
    }
  });
}

/// The dtype of a number that is an operand of `op` but beyond the integers it is promoted to.
/// Results of floats need its value, powers are right modulo the range with all of an exponent.
DType dtype_beyond(OpId op, DType promoted) {
  const bool takes_all = op == OpId::kPow || op_definition(op).integers == Integers::kBecomeFloat;
  return takes_all ? kInt64 : promoted;
}

/// Whether `op` writes its number into its first input.
bool writes_number(OpId op) {
  return op == OpId::kMaskedFill || op == OpId::kIndexFill || op == OpId::kScatter;
}

/// The dtype of a number that is an operand of `op`; see operand_of().
DType operand_dtype(OpId op, const Scalar& value, DType like) {
  const DType promoted = value.promoted_with(like);
  if (writes_number(op)) return value.is_complex() ? promoted : like;
  if (!is_differentiable(promoted)) {
    const bool wraps = value.to_int() < 0 && contains(kUnsignedSet, promoted);
    return wraps || !holds(promoted, value) ? dtype_beyond(op, promoted) : promoted;
  }
  switch (op) {
    case OpId::kMul:
    case OpId::kDiv:
    case OpId::kFloorDivide:
    case OpId::kLerp:
      return promoted == kFloat16 || promoted == kBFloat16 ? kFloat32 : promoted;
    default:
      return promoted;
  }
}

/// A 0-d host tensor that stands for a number; integers wrap around in smaller dtypes.
Tensor number_of(const Scalar& value, DType dtype) {
  Tensor result = new_tensor({}, dtype, kCpu);
  result.impl()->is_number = true;
  visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    auto* element = reinterpret_cast<T*>(result.impl()->bytes());
    if constexpr (std::is_same_v<T, bool>) {
      *element = value.to_bool();
    } else if constexpr (std::is_integral_v<T>) {
      *element = static_cast<T>(value.to_int());
    } else if constexpr (requires { typename T::value_type; }) {
      *element = T(value.to_complex());
    } else if constexpr (std::is_same_v<T, double>) {
      *element = value.to_double();
    } else {
      *element = T(static_cast<float>(value.to_double()));
    }
  });
  return result;
}

}  // namespace

void check_holds(std::string_view call, const Scalar& value, DType dtype) {
  if (holds(dtype, value)) return;
  fail<ValueError>(call, fmt::format("{} doesn't fit {}; choose a number of its range, or another "
                                     "dtype",
                                     value.to_string(), name_of(dtype)));
}

Tensor scalar_like(Scalar value, const Tensor& like) {
  return like.defined() ? number_of(value, value.promoted_with(like.dtype())) : Tensor(value);
}

Tensor operand_of(OpId op, Scalar value, const Tensor& like) {
  if (!like.defined()) return Tensor(value);
  const DType dtype = operand_dtype(op, value, like.dtype());
  // What `where` chooses is a number like others, which rounds to infinity.
  if (writes_number(op) || (op == OpId::kWhere && !is_differentiable(dtype))) {
    check_holds(op_definition(op).name, value, dtype);
  }
  return number_of(value, dtype);
}

}  // namespace tenon
