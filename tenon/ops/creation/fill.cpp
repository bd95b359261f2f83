#include "tenon/ops/define.h"

namespace tenon::ops {

void define_fill(OpDef& op) {
  op.doc(
        "A tensor of `x`'s sizes and dtype whose elements are all `value`; `x.fill_(value)` writes "
        "it "
        "into `x`.")
      .accepts(kAnySet)
      .shape([](const Tensor& x, Scalar) -> Spec {
        return {x.dtype(), x.sizes()};
      })
      .tile([](TileBuilder& t) { t.store(0, t.scalar(0)); })
      .vjp([](const Saved&, const Tensor&, Scalar) -> Grads { return {Tensor()}; })
      .samples([] { return unary_samples(-2, 2, {Attribute(Scalar(1.0))}); });
}

void define_copy(OpDef& op) {
  op.doc(
        "`source` broadcast to the sizes and converted to the dtype of `x`, whose values are not "
        "read; "
        "`x.copy_(source)` writes it into `x`.")
      .accepts(kAnySet)
      .computes_in(ComputedIn::kSecondInput)
      .shape([](const Tensor& x, const Tensor&) -> Spec {
        return {x.dtype(), x.sizes()};
      })
      .tile([](TileBuilder& t) { t.store(0, t.load(1)); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads {
        return {Tensor(), dy};
      })
      .samples([] {
        return std::vector<Sample>{{{sample_tensor({3, 4}), sample_tensor({3, 4}, -2, 2, 2)}, {}},
                                   {{sample_tensor({3, 4}), sample_tensor({4}, -2, 2, 2)}, {}},
                                   {{sample_tensor({5}), sample_tensor({}, -2, 2, 2)}, {}}};
      });
}

}  // namespace tenon::ops
