// The gamma function's logarithm and its derivatives: lgamma, digamma, polygamma.

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "tenon/base/error.h"
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

/// pi times what x is above a whole number: sine and tangent of pi x are those of it, but for the
/// sign of the sine.
Value angle_in_period(TileBuilder& t, Value x) {
  return t.mul(t.sub(x, t.floor(x)), t.constant(pi));
}

std::vector<Sample> gamma_samples() {
  std::vector<Sample> samples = unary_samples(0.3, 12);
  samples.push_back({{sample_tensor({6}, -3.9, -3.1)}, {}});
  return samples;
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
        const Value mirror = t.log(t.div(t.constant(pi), t.sin(angle_in_period(t, x))));
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
        "function, for x > 0; below that for n = 0 and 1, too. ValueError for n < 0.")
      .accepts(kFloatSet)
      .compose([](int64_t n, const Tensor& x) -> Tensor {
        if (n < 0)
          fail<ValueError>("polygamma", fmt::format("expected n of at least 0, got {}", n));
        if (n == 0) return digamma(x);
        if (x.dtype() == kFloat16 || x.dtype() == kBFloat16) {
          return polygamma(n, x.to(kFloat32)).to(x.dtype());
        }
        const auto order = static_cast<double>(n);
        if (n > 1) return hurwitz_zeta(x, order + 1) * ((n % 2 ? 1 : -1) * std::tgamma(order + 1));
        const Tensor positive = x > 0;
        const Tensor zeta = hurwitz_zeta(where(positive, x, 1 - x), 2);
        const Tensor mirror = pi / sin(where(positive, 0.5, x) * pi);
        return where(positive, zeta, square(mirror) - zeta);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}, 0.3, 9)}, {Attribute(int64_t{0})}},
                {{sample_tensor({3, 4}, 0.3, 9)}, {Attribute(int64_t{1})}},
                {{sample_tensor({4}, -2.8, -2.2)}, {Attribute(int64_t{1})}},
                {{sample_tensor({5}, 0.7, 9)}, {Attribute(int64_t{2})}},
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

void define_hurwitz_zeta(OpDef& op) {
  op.doc(
        "The sum over k >= 0 of (x + k)^-s for s > 1, by Euler and Maclaurin's formula after nine "
        "terms.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        constexpr int kTerms = 9;
        const Value x = t.load(0), s = t.scalar(0), minus_s = t.neg(s), one = t.constant(1);
        Value sum = t.constant(0);
        for (int k = 0; k < kTerms; ++k) {
          sum = t.add(sum, t.pow(t.add(x, t.constant(k)), minus_s));
        }
        const Value w = t.add(x, t.constant(kTerms)), power = t.pow(w, minus_s);
        sum =
            t.add(sum, t.add(t.div(t.mul(power, w), t.sub(s, one)), t.mul(power, t.constant(0.5))));
        // The j-th term is B_2j / (2j)! s (s + 1) ... (s + 2j - 2) w^(-s - 2j + 1).
        const Value step = t.reciprocal(t.square(w));
        Value factor = t.div(t.mul(power, s), w);
        double next = 1;
        for (const double coefficient :
             {1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160,
              -691.0 / 1307674368000, 1.0 / 74724249600}) {
          sum = t.add(sum, t.mul(factor, t.constant(coefficient)));
          const Value rise = t.mul(t.add(s, t.constant(next)), t.add(s, t.constant(next + 1)));
          factor = t.mul(t.mul(factor, rise), step);
          next += 2;
        }
        t.store(0, sum);
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, double s) -> Grads {
        return {dy * hurwitz_zeta(saved.input(0), s + 1) * -s};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}, 0.7, 6)}, {Attribute(2.0)}},
                {{sample_tensor({5}, 0.9, 6)}, {Attribute(3.5)}}};
      });
}

}  // namespace tenon::ops
