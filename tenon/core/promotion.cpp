#include "tenon/core/promotion.h"

#include "tenon/core/default_dtype.h"
#include "tenon/core/tensor_impl.h"

namespace tenon {
namespace {

DType combined(DType higher, DType lower) {
  if (can_cast(lower, higher)) return higher;
  if (is_floating(higher)) return higher == kFloat64 ? kComplex128 : kComplex64;
  return promote(higher, lower);
}

}  // namespace

void Promotion::add(const Tensor& operand) {
  const TensorImpl& impl = *operand.impl();
  add(!impl.sizes.empty() ? 0 : impl.is_number ? 2 : 1, impl.dtype);
}

void Promotion::add(const Scalar& number) { add(2, number.default_dtype()); }

DType Promotion::result() const {
  DType result = kNone;
  for (const DType dtype : dtypes_) {
    if (dtype == kNone) continue;
    result = result == kNone ? dtype : combined(result, dtype);
  }
  return result == kNone ? default_dtype() : result;
}

DType result_type(std::span<const Tensor* const> operands) {
  Promotion promotion;
  for (const Tensor* operand : operands) {
    if (operand->defined()) promotion.add(*operand);
  }
  return promotion.result();
}

}  // namespace tenon
