// Smooth activations that other ops can say: tanhshrink, softsign, mish, selu, celu, logsigmoid.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

void define_tanhshrink(OpDef& op) {
  op.doc("x - tanh(x), about x^3 / 3 near 0.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        t.store(0, t.sub(x, t.tanh(x)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * square(tanh(saved.input(0)))};
      })
      .samples([] { return unary_samples(-3, 3); });
}

void define_softsign(OpDef& op) {
  op.doc("x / (1 + |x|), which lies between -1 and 1.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        t.store(0, t.div(x, t.add(t.abs(x), t.constant(1))));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / square(abs(saved.input(0)) + 1)};
      })
      .samples([] { return unary_samples(-3.07, 3); });
}

void define_mish(OpDef& op) {
  op.doc("x tanh(softplus(x)), where softplus(x) = ln(1 + e^x) (Misra 2019).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        // ln(1 + e^x) without overflow.
        const Value small = t.log1p(t.exp(t.neg(t.abs(x))));
        t.store(0, t.mul(x, t.tanh(t.add(t.maximum(x, t.constant(0)), small))));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        const Tensor gate = tanh(softplus(x));
        return {dy * (gate + x * (1 - square(gate)) * sigmoid(x))};
      })
      .samples([] { return unary_samples(-4, 4); });
}

void define_selu(OpDef& op) {
  op.doc(
        "scale x where x > 0, else scale alpha (e^x - 1), with scale = 1.0507... and alpha = "
        "1.6732..., with which activations keep mean 0 and variance 1 (Klambauer et al. 2017).")
      .accepts(kFloatSet)
      .compose(
          [](const Tensor& x) -> Tensor { return elu(x, 1.6732632423543772) * 1.0507009873554805; })
      .samples([] { return unary_samples(-3.07, 3); });
}

void define_celu(OpDef& op) {
  op.doc(
        "x where x > 0, else alpha (e^(x / alpha) - 1), whose slope is 1 at 0 for every alpha "
        "(Barron 2017). A ValueError where `alpha` is 0.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double alpha) -> Tensor {
        if (alpha == 0) fail<ValueError>("celu", "expected an alpha other than 0");
        return elu(x * (1 / alpha), 1) * alpha;
      })
      .samples([] { return unary_samples(-3.07, 3, {Attribute(1.5)}); });
}

void define_logsigmoid(OpDef& op) {
  op.doc("ln(1 / (1 + e^-x)), without overflow: min(x, 0) - ln(1 + e^-|x|).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        const Value small = t.log1p(t.exp(t.neg(t.abs(x))));
        t.store(0, t.sub(t.minimum(x, t.constant(0)), small));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * sigmoid(-saved.input(0))};
      })
      .samples([] { return unary_samples(-4, 4); });
}

}  // namespace tenon::ops
