#include "tenon/ops/define.h"

namespace tenon::ops {

void define_tanh(OpDef& op) {
  op.doc("Hyperbolic tangent of each element: y = (e^x - e^-x) / (e^x + e^-x).")
      .accepts(kFloatSet | kIntegerSet | kBoolSet, Integers::kBecomeFloat)
      .tile([](TileBuilder& t) { t.store(0, t.tanh(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& y = saved.output();
        return {dy * (-(y * y) + 1)};
      })
      .samples([] { return unary_samples(-4, 4); });
}

}  // namespace tenon::ops
