// Numbers of the host as operands of ops: 0-d tensors that take part in promotion as numbers do.

#include <fmt/format.h>

#include <limits>

#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"

namespace tenon {
namespace {

/// The dtype of a number that is an operand of `op`; see operand_of().
DType operand_dtype(OpId op, const Scalar& value, DType like) {
  const DType promoted = value.promoted_with(like);
  switch (op) {
    case OpId::kMul:
    case OpId::kDiv:
    case OpId::kFloorDivide:
    case OpId::kLerp:
      return promoted == kFloat16 || promoted == kBFloat16 ? kFloat32 : promoted;
    case OpId::kMaskedFill:
      return value.is_complex() ? promoted : like;
    default:
      return promoted;
  }
}

/// A 0-d host tensor that stands for a number.
Tensor number_of(const Scalar& value, DType dtype) {
  Tensor result = new_tensor({}, dtype, kCpu);
  result.impl()->is_number = true;
  visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    auto* element = reinterpret_cast<T*>(result.impl()->bytes());
    if constexpr (std::is_same_v<T, bool>) {
      *element = value.to_bool();
    } else if constexpr (std::is_integral_v<T>) {
      const int64_t number = value.to_int();
      if (sizeof(T) < 8 && (number < static_cast<int64_t>(std::numeric_limits<T>::min()) ||
                            number > static_cast<int64_t>(std::numeric_limits<T>::max()))) {
        fail<ValueError>("scalar", fmt::format("{} doesn't fit {}", number, name_of(dtype)));
      }
      *element = static_cast<T>(number);
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

Tensor scalar_like(Scalar value, const Tensor& like) {
  return like.defined() ? number_of(value, value.promoted_with(like.dtype())) : Tensor(value);
}

Tensor operand_of(OpId op, Scalar value, const Tensor& like) {
  return like.defined() ? number_of(value, operand_dtype(op, value, like.dtype())) : Tensor(value);
}

}  // namespace tenon
