#include "tenon/ops/define.h"

namespace tenon::ops {

void define_silu(OpDef& op) {
  op.doc("Sigmoid linear unit, also called swish: y = x / (1 + e^-x).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        t.store(0, t.mul(x, t.sigmoid(x)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {silu_backward(dy, saved.input(0))};
      })
      .of_complex([](const Tensor& x) -> Tensor { return x * sigmoid(x); })
      .samples([] { return unary_samples(-4, 4); });
}

void define_silu_backward(OpDef& op) {
  op.doc("The gradient of silu: dy s (1 + x (1 - s)), where s = sigmoid(x).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(1), one = t.constant(1);
        const Value s = t.sigmoid(x);
        const Value slope = t.mul(s, t.multiply_add(x, t.sub(one, s), one));
        t.store(0, t.mul(t.load(0), slope));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v) -> Grads {
        const Tensor& x = saved.input(1);
        const Tensor s = sigmoid(x);
        const Tensor curvature = s * (1 - s) * (x * (1 - s * 2) + 2);
        return {silu_backward(v, x), v * saved.input(0) * curvature};
      })
      .samples([] { return binary_samples(-4, 4); });
}

}  // namespace tenon::ops
