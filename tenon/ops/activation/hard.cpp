// Activations made of straight lines: relu6, hardsigmoid, hardswish, hardshrink, softshrink,
// threshold.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_lambd(const char* call, double lambd) {
  if (lambd >= 0) return;
  fail<ValueError>(call, fmt::format("expected lambd of at least 0, got {}", lambd));
}

/// x where |x| > lambd, else 0.
Tensor far_from_zero(const Tensor& x, double lambd) { return where(abs(x) <= lambd, 0, x); }

}  // namespace

void define_relu6(OpDef& op) {
  op.doc("min(max(x, 0), 6) (Krizhevsky 2010). NaN stays.")
      .accepts(kSignedSet | kFloatSet)
      .compose([](const Tensor& x) -> Tensor { return hardtanh(x, 0, 6); })
      .samples([] { return unary_samples(-3.05, 9); });
}

void define_hardsigmoid(OpDef& op) {
  op.doc("min(max(x / 6 + 1 / 2, 0), 1), a straight line near sigmoid (Courbariaux et al. 2015).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value y = t.multiply_add(t.load(0), t.constant(1.0 / 6), t.constant(0.5));
        t.store(0, t.minimum(t.maximum(y, t.constant(0)), t.constant(1)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {clamp_backward(dy * (1.0 / 6), saved.input(0), -3, 3)};
      })
      .samples([] { return unary_samples(-5.05, 5); });
}

void define_hardswish(OpDef& op) {
  op.doc("x min(max(x + 3, 0), 6) / 6, which is x hardsigmoid(x) (Howard et al. 2019).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        const Value gate =
            t.minimum(t.maximum(t.add(x, t.constant(3)), t.constant(0)), t.constant(6));
        t.store(0, t.mul(t.mul(x, gate), t.constant(1.0 / 6)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        const Tensor inside = dy * (x * (1.0 / 3) + 0.5);
        return {where(x >= 3, dy, where(x <= -3, 0, inside))};
      })
      .samples([] { return unary_samples(-5.05, 5); });
}

void define_hardshrink(OpDef& op) {
  op.doc("x where |x| > lambd, else 0. NaN stays. A ValueError where `lambd` is below 0.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double lambd) -> Tensor {
        check_lambd("hardshrink", lambd);
        return far_from_zero(x, lambd);
      })
      .samples([] { return unary_samples(-2.03, 2, {Attribute(0.5)}); });
}

void define_softshrink(OpDef& op) {
  op.doc(
        "x - lambd where x > lambd, x + lambd where x < -lambd, else 0. NaN stays. A ValueError "
        "where `lambd` is below 0.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, double lambd) -> Spec {
        check_lambd("softshrink", lambd);
        return {x.dtype(), x.sizes()};
      })
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), lambd = t.scalar(0);
        t.store(0, t.sub(x, t.minimum(t.maximum(x, t.neg(lambd)), lambd)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, double lambd) -> Grads {
        return {where(abs(saved.input(0)) <= lambd, 0, dy)};
      })
      .samples([] { return unary_samples(-2.03, 2, {Attribute(0.5)}); });
}

void define_threshold(OpDef& op) {
  op.doc(
        "x where x > threshold, else `value`. NaN stays. Integers stay of their dtype: both "
        "numbers are cut to whole ones. ValueError where the dtype can't hold `value`.")
      .accepts(kRealSet)
      .compose([](const Tensor& x, double threshold, double value) -> Tensor {
        if (x.is_floating_point()) return masked_fill(x, x <= threshold, value);
        const int64_t whole = Scalar(threshold).to_int();
        return masked_fill(x, x <= whole, Scalar(value).to_int());
      })
      .samples([] {
        return unary_samples(-2.03, 2, {Attribute(0.25), Attribute(-1.0)});
      });
}

}  // namespace tenon::ops
