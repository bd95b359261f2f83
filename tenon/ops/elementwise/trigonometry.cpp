#include "tenon/ops/define.h"

namespace tenon::ops {

void define_sin(OpDef& op) {
  op.doc("Sine of each element, in radians.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.sin(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads { return {dy * cos(saved.input(0))}; })
      .samples([] { return unary_samples(-4, 4); });
}

void define_cos(OpDef& op) {
  op.doc("Cosine of each element, in radians.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.cos(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {-(dy * sin(saved.input(0)))};
      })
      .samples([] { return unary_samples(-4, 4); });
}

void define_tan(OpDef& op) {
  op.doc("Tangent of each element, in radians.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.tan(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * (square(saved.output()) + 1)};
      })
      .samples([] { return unary_samples(-1.2, 1.2); });
}

void define_asin(OpDef& op) {
  op.doc("Inverse sine of each element, in [-pi/2, pi/2]; NaN outside [-1, 1].")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.asin(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * rsqrt(1 - square(saved.input(0)))};
      })
      .samples([] { return unary_samples(-0.9, 0.9); });
}

void define_acos(OpDef& op) {
  op.doc("Inverse cosine of each element, in [0, pi]; NaN outside [-1, 1].")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.acos(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {-(dy * rsqrt(1 - square(saved.input(0))))};
      })
      .samples([] { return unary_samples(-0.9, 0.9); });
}

void define_atan(OpDef& op) {
  op.doc("Inverse tangent of each element, in [-pi/2, pi/2].")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.atan(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / (square(saved.input(0)) + 1)};
      })
      .samples([] { return unary_samples(); });
}

}  // namespace tenon::ops
