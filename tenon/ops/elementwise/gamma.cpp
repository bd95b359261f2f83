// The gamma function's logarithm and its derivatives (lgamma, digamma, polygamma), the incomplete
// gamma functions, and Hurwitz's zeta function.

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
#include "tenon/core/promotion.h"
#include "tenon/ops/elementwise/polynomial_internal.h"

namespace tenon::ops {
namespace {

using std::numbers::pi;

/// Asymptotic series are used from here on; below, recurrences lead here.
constexpr int kShift = 8;

/// A positive number, moved up by kShift where it is below, and whether it was.
struct Shifted {
  Value value, is_small;
};

Shifted shifted_up(TileBuilder& t, Value z) {
  const Value is_small = t.lt(z, t.constant(kShift));
  return {t.select(is_small, t.add(z, t.constant(kShift)), z), is_small};
}

/// ln gamma(z) for z > 0: Stirling's series. Of small z, gamma(z + n) is divided by
/// z (z + 1) ... (z + n - 1), with factors (z + k) / (z + n), so that no large terms cancel.
Value log_gamma(TileBuilder& t, Value z) {
  const Shifted s = shifted_up(t, z);
  Value product = t.constant(1);
  for (int k = 0; k < kShift; ++k) {
    product = t.mul(product, t.div(t.add(z, t.constant(k)), s.value));
  }
  const Value inverse = t.reciprocal(s.value);
  const Value series = polynomial(
      t, t.square(inverse),
      {1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156});
  const Value main = t.sub(t.mul(t.sub(z, t.constant(0.5)), t.log(s.value)), s.value);
  const Value tail = t.add(t.mul(series, inverse), t.constant(0.5 * std::log(2 * pi)));
  const Value moved = t.select(s.is_small, t.log(product), t.constant(0));
  return t.sub(t.add(main, tail), moved);
}

/// The derivative of log_gamma.
Value digamma_of(TileBuilder& t, Value z) {
  const Shifted s = shifted_up(t, z);
  Value sum = t.constant(0);
  for (int k = 0; k < kShift; ++k) sum = t.add(sum, t.reciprocal(t.add(z, t.constant(k))));
  const Value inverse = t.reciprocal(s.value), square = t.square(inverse);
  const Value series = polynomial(
      t, square,
      {1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12});
  const Value main = t.sub(t.log(s.value), t.mul(inverse, t.constant(0.5)));
  const Value moved = t.select(s.is_small, sum, t.constant(0));
  return t.sub(t.sub(main, t.mul(series, square)), moved);
}

/// pi times how far x is from the nearest whole number, exact for small x: sine and tangent of pi x
/// are those of it, but for the sign of the sine.
Value angle_in_period(TileBuilder& t, Value x) {
  return t.mul(t.sub(x, t.round(x)), t.constant(pi));
}

std::vector<Sample> gamma_samples() {
  std::vector<Sample> samples = unary_samples(0.3, 12);
  samples.push_back({{sample_tensor({6}, -3.9, -3.1)}, {}});
  return samples;
}

void check_no_gradient_of_order(std::string_view call, const Saved& saved) {
  if (saved.needs(0)) {
    fail<ValueError>(call, "there is no gradient of `a`; take its detach()");
  }
}

/// The integrand of the incomplete gamma functions at their end.
Tensor gamma_density(std::string_view call, const Saved& saved) {
  check_no_gradient_of_order(call, saved);
  const Tensor& b = saved.input(1);
  const Tensor a = saved.input(0).to(computed_floating(b.dtype()));
  return exp(xlogy(a - 1, b) - b - lgamma(a));
}

/// Whole orders, which take no part in gradients, and numbers.
std::vector<Sample> samples_of_orders(int64_t first, int64_t end, double low, double high) {
  return {{{sample_integers({3, 4}, first, end), sample_tensor({3, 4}, low, high)}, {}},
          {{sample_integers({3, 1}, first, end, 2), sample_tensor({4}, low, high)}, {}},
          {{sample_tensor({5}, 1.2, 6, 3), sample_tensor({5}, low, high)}, {}, false}};
}

template <class Vjp>
void define_incomplete_gamma(OpDef& op, std::string_view documentation, Vjp vjp) {
  op.doc(documentation)
      .accepts(kFloatSet)
      .accepts_input(0, kRealSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Call& call) -> Spec {
        return {computed_floating(result_type(call.inputs)),
                broadcast_shapes(call.op.name, call.input(0).sizes(), call.input(1).sizes())};
      })
      .kernel()
      .saves_input(0, 1)
      .vjp(vjp)
      .samples([] { return samples_of_orders(1, 9, 0.3, 12); });
}

}  // namespace

void define_lgamma(OpDef& op) {
  op.doc(
        "ln |gamma(x)|: Stirling's series, and Euler's reflection below 1/2. inf at 0 and at "
        "negative whole numbers.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), low = t.lt(x, t.constant(0.5));
        const Value above = log_gamma(t, t.select(low, t.sub(t.constant(1), x), x));
        const Value sine = t.abs(t.sin(angle_in_period(t, x)));
        const Value mirror =
            t.sub(t.constant(std::log(pi)), t.log(sine));  // pi / sine may overflow
        const Value whole = t.logical_and(low, t.eq(x, t.floor(x)));
        const Value y = t.select(low, t.sub(mirror, above), above);
        const Value infinity = t.constant(std::numeric_limits<double>::infinity());
        t.store(0, t.select(t.logical_or(whole, t.isinf(x)), infinity, y));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * digamma(saved.input(0))};
      })
      .samples(gamma_samples);
}

void define_digamma(OpDef& op) {
  op.doc(
        "The derivative of lgamma: its series, and reflection below 1/2. -inf at 0, NaN at "
        "negative whole numbers.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), low = t.lt(x, t.constant(0.5)), zero = t.constant(0);
        const Value above = digamma_of(t, t.select(low, t.sub(t.constant(1), x), x));
        const Value mirror = t.div(t.constant(pi), t.tan(angle_in_period(t, x)));
        const Value y = t.select(low, t.sub(above, mirror), above);
        const Value pole = t.logical_and(low, t.eq(x, t.floor(x)));
        const Value at_pole =
            t.select(t.eq(x, zero), t.constant(-std::numeric_limits<double>::infinity()),
                     t.constant(std::numeric_limits<double>::quiet_NaN()));
        t.store(0, t.select(pole, at_pole, y));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * polygamma(1, saved.input(0))};
      })
      .samples(gamma_samples);
}

void define_polygamma(OpDef& op) {
  op.doc(
        "The n-th derivative of digamma: (-1)^(n + 1) n! zeta(n + 1, x) with Hurwitz's zeta "
        "function. ValueError for n < 0.")
      .accepts(kFloatSet)
      .compose([](int64_t n, const Tensor& x) -> Tensor {
        if (n < 0)
          fail<ValueError>("polygamma", fmt::format("expected n of at least 0, got {}", n));
        if (n == 0) return digamma(x);
        if (x.dtype() == kFloat16 || x.dtype() == kBFloat16) {
          return polygamma(n, x.to(kFloat32)).to(x.dtype());
        }
        const auto order = static_cast<double>(n);
        return special_zeta(order + 1, x) * ((n % 2 ? 1 : -1) * std::tgamma(order + 1));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}, 0.3, 9)}, {Attribute(int64_t{0})}},
                {{sample_tensor({3, 4}, 0.3, 9)}, {Attribute(int64_t{1})}},
                {{sample_tensor({4}, -2.8, -2.2)}, {Attribute(int64_t{1})}},
                {{sample_tensor({5}, 0.7, 9)}, {Attribute(int64_t{2})}},
                {{sample_tensor({4}, -2.8, -2.2)}, {Attribute(int64_t{2})}},
                {{sample_tensor({5}, 0.9, 9)}, {Attribute(int64_t{3})}}};
      });
}

void define_mvlgamma(OpDef& op) {
  op.doc(
        "The logarithm of the multivariate gamma function of dimension `p`: p (p - 1) / 4 ln(pi) "
        "plus the sum of lgamma(x - j / 2) for j < p, for x > (p - 1) / 2. ValueError for p < 1.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, int64_t p) -> Tensor {
        if (p < 1) {
          fail<ValueError>("mvlgamma", fmt::format("expected p of at least 1, got {}", p));
        }
        const auto dimension = static_cast<double>(p);
        const Tensor halves = arange(0, p, 1, x.dtype(), x.device()) * 0.5;
        return sum(lgamma(unsqueeze(x, -1) - halves), {-1}) +
               dimension * (dimension - 1) / 4 * std::log(pi);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}, 1.2, 6)}, {Attribute(int64_t{3})}},
                {{sample_tensor({5}, 0.3, 6)}, {Attribute(int64_t{1})}}};
      });
}

void define_igamma(OpDef& op) {
  define_incomplete_gamma(
      op,
      "The regularized lower incomplete gamma function P(a, b): the integral of t^(a - 1) e^-t "
      "from 0 to b, over gamma(a). Broadcasts. NaN where a or b is below 0, or both are 0. Only "
      "`b` has a gradient. ValueError where one of `a` is asked for.",
      [](const Saved& saved, const Tensor& dy) -> Grads {
        return {Tensor(), dy * gamma_density("igamma", saved)};
      });
}

void define_igammac(OpDef& op) {
  define_incomplete_gamma(
      op,
      "The regularized upper incomplete gamma function Q(a, b) = 1 - P(a, b), with all its "
      "digits where it is small; see igamma.",
      [](const Saved& saved, const Tensor& dy) -> Grads {
        return {Tensor(), -dy * gamma_density("igammac", saved)};
      });
}

void define_special_zeta(OpDef& op) {
  op.doc(
        "Hurwitz's zeta function, the sum over k >= 0 of (b + k)^-a, for a > 1; inf for a = 1 and "
        "where b is 0 or a negative whole number, NaN for a < 1, and for b < 0 unless a is whole. "
        "Broadcasts. Only `b` has a gradient. ValueError where one of `a` is asked for.")
      .accepts(kRealSet | kBoolSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Call& call) -> Spec {
        return {computed_floating(result_type(call.inputs)),
                broadcast_shapes("special_zeta", call.input(0).sizes(), call.input(1).sizes())};
      })
      .kernel()
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        check_no_gradient_of_order("special_zeta", saved);
        const Tensor& s = saved.input(0);
        return {Tensor(), dy * special_zeta(s + 1, saved.input(1)) * -s};
      })
      .samples([] { return samples_of_orders(2, 6, 0.7, 6); });
}

}  // namespace tenon::ops
