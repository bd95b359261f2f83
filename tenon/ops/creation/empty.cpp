#include "tenon/ops/define.h"

namespace tenon::ops {

void define_empty(OpDef& op) {
  op.doc("A tensor of `sizes` whose elements are whatever its memory held.")
      .shape([](IntList sizes, DType dtype, Device) -> Spec {
        return {dtype, Shape(sizes)};
      })
      .kernel()
      .not_differentiable();
}

void define_empty_like(OpDef& op) {
  op.doc("A tensor of the sizes of `x`, and its dtype unless `dtype` is given; see empty.")
      .accepts(kAnySet)
      .shape([](const Tensor& x, std::optional<DType> dtype) -> Spec {
        return {dtype.value_or(x.dtype()), x.sizes()};
      })
      .kernel()
      .not_differentiable();
}

}  // namespace tenon::ops
