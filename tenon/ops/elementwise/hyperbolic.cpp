#include "tenon/ops/define.h"

namespace tenon::ops {

void define_sinh(OpDef& op) {
  op.doc("Hyperbolic sine of each element: y = (e^x - e^-x) / 2.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.sinh(t.load(0))); })
      .saves_input(0)
      .vjp(
          [](const Saved& saved, const Tensor& dy) -> Grads { return {dy * cosh(saved.input(0))}; })
      .samples([] { return unary_samples(); });
}

void define_cosh(OpDef& op) {
  op.doc("Hyperbolic cosine of each element: y = (e^x + e^-x) / 2.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.cosh(t.load(0))); })
      .saves_input(0)
      .vjp(
          [](const Saved& saved, const Tensor& dy) -> Grads { return {dy * sinh(saved.input(0))}; })
      .samples([] { return unary_samples(); });
}

void define_tanh(OpDef& op) {
  op.doc("Hyperbolic tangent of each element: y = (e^x - e^-x) / (e^x + e^-x).")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.tanh(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {tanh_backward(dy, saved.output())};
      })
      .samples([] { return unary_samples(-4, 4); });
}

void define_tanh_backward(OpDef& op) {
  op.doc("The gradient of tanh by its result: dy (1 - y^2).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        t.store(0, t.mul(t.load(0), t.sub(t.constant(1), t.square(t.load(1)))));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v) -> Grads {
        const Tensor& y = saved.input(1);
        return {saved.needs(0) ? tanh_backward(v, y) : Tensor(),
                saved.needs(1) ? v * saved.input(0) * y * -2 : Tensor()};
      })
      .samples([] { return binary_samples(-0.9, 0.9); });
}

}  // namespace tenon::ops
