#include "tenon/ops/define.h"

namespace tenon::ops {

void define_add(OpDef& op) {
  op.doc("Sum of the elements: y = a + b. Broadcasts.")
      .accepts(kNumberSet | kBoolSet)
      .tile([](TileBuilder& t) { t.store(0, t.add(t.load(0), t.load(1))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads {
        return {dy, dy};
      })
      .samples([] { return binary_samples(); });
}

void define_mul(OpDef& op) {
  op.doc("Product of the elements: y = a b. Broadcasts.")
      .accepts(kNumberSet | kBoolSet)
      .tile([](TileBuilder& t) { t.store(0, t.mul(t.load(0), t.load(1))); })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {saved.needs(0) ? dy * saved.input(1) : Tensor(),
                saved.needs(1) ? dy * saved.input(0) : Tensor()};
      })
      .samples([] { return binary_samples(); });
}

void define_neg(OpDef& op) {
  op.doc("Negative of each element: y = -x.")
      .accepts(kNumberSet)
      .tile([](TileBuilder& t) { t.store(0, t.neg(t.load(0))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {-dy}; })
      .samples([] { return unary_samples(); });
}

}  // namespace tenon::ops
