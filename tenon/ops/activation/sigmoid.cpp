#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"

namespace tenon::ops {

void define_sigmoid(OpDef& op) {
  op.doc("Logistic function of each element: y = 1 / (1 + e^-x).")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.sigmoid(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& y = saved.output();
        if (y.is_complex()) return {times_conjugate(dy, y * (1 - y))};
        return {sigmoid_backward(dy, y)};
      })
      .samples([] { return unary_samples(-4, 4); });
}

void define_sigmoid_backward(OpDef& op) {
  op.doc("The gradient of sigmoid by its result: dy y (1 - y).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value y = t.load(1);
        t.store(0, t.mul(t.load(0), t.mul(y, t.sub(t.constant(1), y))));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v) -> Grads {
        const Tensor& y = saved.input(1);
        return {saved.needs(0) ? sigmoid_backward(v, y) : Tensor(),
                saved.needs(1) ? v * saved.input(0) * (1 - y * 2) : Tensor()};
      })
      .samples([] { return binary_samples(0.1, 0.9); });
}

}  // namespace tenon::ops
