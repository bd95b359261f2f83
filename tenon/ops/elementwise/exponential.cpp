#include <cmath>
#include <numbers>

#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"

namespace tenon::ops {

void define_exp(OpDef& op) {
  op.doc("Exponential of each element: y = e^x.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.exp(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_conjugate(dy, saved.output())};
      })
      .samples([] { return unary_samples(); });
}

void define_expm1(OpDef& op) {
  op.doc("y = e^x - 1, exact for small x.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.expm1(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_conjugate(dy, saved.output() + 1)};
      })
      .samples([] { return unary_samples(); });
}

void define_log(OpDef& op) {
  op.doc(
        "Natural logarithm of each element; -inf of 0, NaN of negative ones. Of complex ones the "
        "branch whose angle is in [-pi, pi].")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.log(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / conjugate(saved.input(0))};
      })
      .samples([] { return unary_samples(0.2, 4); });
}

void define_log1p(OpDef& op) {
  op.doc("y = ln(1 + x), exact for small x.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.log1p(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / conjugate(saved.input(0) + 1)};
      })
      .samples([] { return unary_samples(-0.7, 3); });
}

void define_log2(OpDef& op) {
  op.doc("Logarithm of each element to base 2.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.log2(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / (conjugate(saved.input(0)) * std::numbers::ln2)};
      })
      .samples([] { return unary_samples(0.2, 4); });
}

void define_log10(OpDef& op) {
  op.doc("Logarithm of each element to base 10.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.log10(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / (conjugate(saved.input(0)) * std::numbers::ln10)};
      })
      .samples([] { return unary_samples(0.2, 4); });
}

void define_exp2(OpDef& op) {
  op.doc("Two to the power of each element: y = 2^x.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.pow(t.constant(2), t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_conjugate(dy, saved.output()) * std::numbers::ln2};
      })
      .samples([] { return unary_samples(); });
}

void define_logaddexp(OpDef& op) {
  op.doc(
        "ln(e^a + e^b), without overflow on the way; of complex ones the branch whose angle is in "
        "[-pi, pi]. Broadcasts.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value a = t.load(0), b = t.load(1), large = t.maximum(a, b);
        const Value apart = t.neg(t.abs(t.sub(a, b)));
        // Equal infinities are not apart: inf - inf would be NaN.
        const Value more = t.log1p(t.exp(apart));
        t.store(0, t.select(t.isinf(large), large, t.add(large, more)));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor apart = saved.input(0) - saved.input(1);
        return {saved.needs(0) ? dy * sigmoid(apart) : Tensor(),
                saved.needs(1) ? dy * sigmoid(-apart) : Tensor()};
      })
      .of_complex([](const Tensor& a, const Tensor& b) -> Tensor {
        const Tensor large = detach(maximum(real(a), real(b)));
        const Tensor shift = where(isinf(large), 0, large);
        return log(exp(a - shift) + exp(b - shift)) + shift;
      })
      .samples([] { return binary_samples(-1.9, 2.05); });
}

void define_logaddexp2(OpDef& op) {
  op.doc("log2(2^a + 2^b), without overflow on the way. Broadcasts.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value a = t.load(0), b = t.load(1), large = t.maximum(a, b);
        const Value apart = t.mul(t.neg(t.abs(t.sub(a, b))), t.constant(std::numbers::ln2));
        const Value more = t.mul(t.log1p(t.exp(apart)), t.constant(std::numbers::log2e));
        t.store(0, t.select(t.isinf(large), large, t.add(large, more)));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor apart = (saved.input(0) - saved.input(1)) * std::numbers::ln2;
        return {saved.needs(0) ? dy * sigmoid(apart) : Tensor(),
                saved.needs(1) ? dy * sigmoid(-apart) : Tensor()};
      })
      .of_complex([](const Tensor& a, const Tensor& b) -> Tensor {
        return logaddexp(a * std::numbers::ln2, b * std::numbers::ln2) * std::numbers::log2e;
      })
      .samples([] { return binary_samples(-1.9, 2.05); });
}

namespace {

/// a `log`, the logarithm that `b` gives, and 0 where a = 0 and `b` has none that is finite.
Value product_with_log(TileBuilder& t, Value a, Value outside, Value b, Value log) {
  const Value no_log = t.logical_or(outside, t.isinf(b));
  const Value zero = t.constant(0);
  return t.select(t.logical_and(t.eq(a, zero), no_log), zero, t.mul(a, log));
}

/// Where `product_with_log` is 0 whatever its logarithm.
Tensor has_no_log(const Tensor& a, const Tensor& outside, const Tensor& b) {
  return (a == 0) & (outside | isinf(b));
}

}  // namespace

void define_special_xlog1py(OpDef& op) {
  op.doc("a ln(1 + b), and 0 where a = 0 unless b is NaN. Broadcasts.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value a = t.load(0), b = t.load(1);
        t.store(0, product_with_log(t, a, t.le(b, t.constant(-1)), b, t.log1p(b)));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor &a = saved.input(0), &b = saved.input(1);
        return {saved.needs(0) ? dy * log1p(where(has_no_log(a, b <= -1, b), 0, b)) : Tensor(),
                saved.needs(1) ? where(has_no_log(a, b <= -1, b), 0, dy * a / (b + 1)) : Tensor()};
      })
      .samples([] { return binary_samples(-0.6, 2); });
}

void define_xlogy(OpDef& op) {
  op.doc("a ln(b), and 0 where a = 0 unless b is NaN. Broadcasts.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value a = t.load(0), b = t.load(1);
        t.store(0, product_with_log(t, a, t.le(b, t.constant(0)), b, t.log(b)));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor &a = saved.input(0), &b = saved.input(1);
        return {saved.needs(0) ? dy * log(where(has_no_log(a, b <= 0, b), 1, b)) : Tensor(),
                saved.needs(1) ? where(has_no_log(a, b <= 0, b), 0, dy * a / b) : Tensor()};
      })
      .samples([] { return binary_samples(0.3, 2); });
}

void define_logit(OpDef& op) {
  op.doc(
        "ln(x / (1 - x)), the inverse of sigmoid; with `eps`, of x limited to [eps, 1 - eps]. NaN "
        "outside [0, 1]. The gradient flows where eps <= x <= 1 - eps; without `eps` it is NaN "
        "outside.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .variant([](const Tensor&, std::optional<double> eps) -> int { return eps ? 1 : 0; })
      .tile([](TileBuilder& t, int limited) {
        const Value one = t.constant(1);
        Value x = t.load(0);
        if (limited) x = t.minimum(t.maximum(x, t.scalar(0)), t.sub(one, t.scalar(0)));
        t.store(0, t.log(t.div(x, t.sub(one, x))));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, std::optional<double> eps) -> Grads {
        const Tensor& x = saved.input(0);
        const double low = eps.value_or(0), beyond = eps ? 0 : std::nan("");
        const Tensor is_outside = (x < low) | (x > 1 - low);
        return {where(is_outside, beyond, dy / (x * (1 - x)))};
      })
      .samples([] {
        std::vector<Sample> samples = unary_samples(0.1, 0.9, {Attribute()});
        samples.push_back({{sample_tensor({3, 4}, -0.2, 1.21)}, {Attribute(0.1)}});
        return samples;
      });
}

}  // namespace tenon::ops
