#include <limits>
#include <numbers>

#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"

namespace tenon::ops {

void define_sinh(OpDef& op) {
  op.doc("Hyperbolic sine of each element: y = (e^x - e^-x) / 2.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.sinh(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_conjugate(dy, cosh(saved.input(0)))};
      })
      .samples([] { return unary_samples(); });
}

void define_cosh(OpDef& op) {
  op.doc("Hyperbolic cosine of each element: y = (e^x + e^-x) / 2.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.cosh(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_conjugate(dy, sinh(saved.input(0)))};
      })
      .samples([] { return unary_samples(); });
}

void define_tanh(OpDef& op) {
  op.doc("Hyperbolic tangent of each element: y = (e^x - e^-x) / (e^x + e^-x).")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.tanh(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& y = saved.output();
        if (y.is_complex()) return {times_conjugate(dy, 1 - square(y))};
        return {tanh_backward(dy, y)};
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

namespace {

/// ln(1 + more) where that is exact, else (of numbers whose square overflows) ln(2 x).
Value log_of_sum(TileBuilder& t, Value x, Value more) {
  const Value large = t.add(t.log(x), t.constant(std::numbers::ln2));
  return t.select(t.gt(x, t.constant(1e8)), large, t.log1p(more));
}

}  // namespace

void define_asinh(OpDef& op) {
  op.doc("Inverse hyperbolic sine of each element: y = ln(x + sqrt(x^2 + 1)).")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), size = t.abs(x), square = t.square(x), one = t.constant(1);
        const Value root = t.sqrt(t.add(square, one));
        const Value more = t.add(size, t.div(square, t.add(root, one)));
        t.store(0, t.mul(t.sign(x), log_of_sum(t, size, more)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_conjugate(dy, rsqrt(square(saved.input(0)) + 1))};
      })
      .samples([] { return unary_samples(-3, 3.1); });
}

void define_acosh(OpDef& op) {
  op.doc("Inverse hyperbolic cosine of each element: y = ln(x + sqrt(x^2 - 1)); NaN below 1.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), above = t.sub(x, t.constant(1));
        const Value root = t.sqrt(t.mul(above, t.add(x, t.constant(1))));
        const Value y = log_of_sum(t, x, t.add(above, root));
        const Value nan = t.constant(std::numeric_limits<double>::quiet_NaN());
        t.store(0, t.select(t.lt(above, t.constant(0)), nan, y));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        // Two roots, so that the branch is acosh's own to the left of the imaginary axis, too.
        if (x.is_complex()) return {times_conjugate(dy, rsqrt(x - 1) * rsqrt(x + 1))};
        return {dy * rsqrt(square(x) - 1)};
      })
      .samples([] { return unary_samples(1.3, 4); });
}

void define_atanh(OpDef& op) {
  op.doc("Inverse hyperbolic tangent of each element: y = ln((1 + x) / (1 - x)) / 2.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), size = t.abs(x);
        const Value more = t.div(t.mul(size, t.constant(2)), t.sub(t.constant(1), size));
        t.store(0, t.mul(t.mul(t.sign(x), t.log1p(more)), t.constant(0.5)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / conjugate(1 - square(saved.input(0)))};
      })
      .samples([] { return unary_samples(-0.8, 0.85); });
}

}  // namespace tenon::ops
