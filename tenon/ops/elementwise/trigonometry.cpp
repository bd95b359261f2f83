#include <cmath>
#include <limits>
#include <numbers>

#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"

namespace tenon::ops {

void define_sin(OpDef& op) {
  op.doc("Sine of each element, in radians.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.sin(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_conjugate(dy, cos(saved.input(0)))};
      })
      .samples([] { return unary_samples(-4, 4); });
}

void define_cos(OpDef& op) {
  op.doc("Cosine of each element, in radians.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.cos(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {-times_conjugate(dy, sin(saved.input(0)))};
      })
      .samples([] { return unary_samples(-4, 4); });
}

void define_tan(OpDef& op) {
  op.doc("Tangent of each element, in radians.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.tan(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_conjugate(dy, square(saved.output()) + 1)};
      })
      .samples([] { return unary_samples(-1.2, 1.2); });
}

void define_asin(OpDef& op) {
  op.doc("Inverse sine of each element, in [-pi/2, pi/2]; NaN outside [-1, 1].")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.asin(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_conjugate(dy, rsqrt(1 - square(saved.input(0))))};
      })
      .samples([] { return unary_samples(-0.9, 0.9); });
}

void define_acos(OpDef& op) {
  op.doc("Inverse cosine of each element, in [0, pi]; NaN outside [-1, 1].")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.acos(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {-times_conjugate(dy, rsqrt(1 - square(saved.input(0))))};
      })
      .samples([] { return unary_samples(-0.9, 0.9); });
}

void define_atan(OpDef& op) {
  op.doc("Inverse tangent of each element, in [-pi/2, pi/2].")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.atan(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / conjugate(square(saved.input(0)) + 1)};
      })
      .samples([] { return unary_samples(); });
}

namespace {

/// Below 0, or a 0 with a minus sign.
Value has_sign(TileBuilder& t, Value x) {
  const Value zero = t.constant(0);
  return t.logical_or(t.lt(x, zero), t.logical_and(t.eq(x, zero), t.lt(t.reciprocal(x), zero)));
}

std::vector<Sample> quadrant_samples() {
  std::vector<Sample> samples = binary_samples(0.5, 2);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Tensor edges = from_vector<double>({0.0, -0.0, 1, -1, kInfinity, -kInfinity, NAN});
  samples.push_back({{reshape(edges, {7, 1}), edges}, {}, false});
  return samples;
}

}  // namespace

void define_atan2(OpDef& op) {
  op.doc(
        "The angle of the point (b, a), from -pi to pi: the arc tangent of a / b in the quadrant "
        "that both signs say, those of zeros included. Broadcasts. The gradient at (0, 0) is 0.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value y = t.load(0), x = t.load(1);
        const Value rise = t.abs(y), run = t.abs(x), zero = t.constant(0);
        // inf / inf counts as 1, 0 / 0 as 0.
        const Value slope =
            t.select(t.logical_and(t.isinf(x), t.isinf(y)), t.constant(1),
                     t.select(t.eq(t.maximum(rise, run), zero), zero, t.div(rise, run)));
        const Value acute = t.atan(slope);
        const Value angle =
            t.select(has_sign(t, x), t.sub(t.constant(std::numbers::pi), acute), acute);
        t.store(0, t.select(has_sign(t, y), t.neg(angle), angle));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor &a = saved.input(0), &b = saved.input(1);
        const Tensor norm = square(a) + square(b);
        const Tensor scale = where(norm == 0, 0, dy / norm);
        return {saved.needs(0) ? scale * b : Tensor(), saved.needs(1) ? -(scale * a) : Tensor()};
      })
      .samples(quadrant_samples);
}

void define_sinc(OpDef& op) {
  op.doc("sin(pi x) / (pi x), and 1 at x = 0.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), turned = t.mul(x, t.constant(std::numbers::pi));
        t.store(0, t.select(t.eq(x, t.constant(0)), t.constant(1), t.div(t.sin(turned), turned)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        const Tensor turned = x * std::numbers::pi;
        return {times_conjugate(dy, where(x == 0, 0, (cos(turned) - sin(turned) / turned) / x))};
      })
      .samples([] { return unary_samples(0.2, 2.7); });
}

void define_rad2deg(OpDef& op) {
  op.doc("Radians as degrees: x 180 / pi.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile(
          [](TileBuilder& t) { t.store(0, t.mul(t.load(0), t.constant(180 / std::numbers::pi))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {dy * (180 / std::numbers::pi)}; })
      .samples([] { return unary_samples(); });
}

void define_deg2rad(OpDef& op) {
  op.doc("Degrees as radians: x pi / 180.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile(
          [](TileBuilder& t) { t.store(0, t.mul(t.load(0), t.constant(std::numbers::pi / 180))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {dy * (std::numbers::pi / 180)}; })
      .samples([] { return unary_samples(); });
}

}  // namespace tenon::ops
