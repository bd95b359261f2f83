#include "tenon/ops/define.h"

namespace tenon::ops {

void define_empty(OpDef& op) {
  op.doc("A tensor of `sizes` whose elements are whatever its memory held.")
      .shape([](IntList sizes, DType dtype, Device) -> Spec {
        return {dtype, Shape(sizes)};
      })
      .kernel()
      .not_differentiable()
      .samples([] {
        return std::vector<Sample>{
            {{}, {Attribute(Shape{2, 3}), Attribute(kFloat32), Attribute(kCpu)}},
            {{}, {Attribute(Shape{}), Attribute(kInt64), Attribute(kCpu)}}};
      });
}

void define_empty_like(OpDef& op) {
  op.doc("A tensor of the sizes of `x`, and its dtype unless `dtype` is given; see empty.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x, std::optional<DType> dtype) -> Spec {
        return {dtype.value_or(x.dtype()), x.sizes()};
      })
      .kernel()
      .not_differentiable()
      .samples([] { return not_differentiable(unary_samples(-2, 2, {Attribute()})); });
}

}  // namespace tenon::ops
