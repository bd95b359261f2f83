// The normal distribution's functions: ndtr, log_ndtr, ndtri, erfcx; and entr.

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "tenon/core/default_dtype.h"
#include "tenon/ops/elementwise/polynomial_internal.h"

namespace tenon::ops {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// From here on erfcx is its asymptotic series: e^(x^2) would come close to overflow in float32.
constexpr double kAsymptotic = 8;

/// sqrt(pi) x erfcx(x) in 1 / x^2, for x >= kAsymptotic: (-1)^n (2n - 1)!! / 2^n.
std::vector<double> asymptotic_coefficients() {
  std::vector<double> coefficients = {1};
  for (int n = 1; n < 13; ++n) coefficients.push_back(-coefficients.back() * (2 * n - 1) / 2);
  return coefficients;
}

/// Wichura's AS 241 (PPND16, 1988): quotients of polynomials for the center, and two parts of the
/// tails in the root of -ln of the smaller side.
Value quotient(TileBuilder& t, Value x, std::initializer_list<double> over,
               std::initializer_list<double> under) {
  return t.div(polynomial(t, x, over), polynomial(t, x, under));
}

Value central_quantile(TileBuilder& t, Value q) {
  const Value r = t.sub(t.constant(0.180625), t.square(q));
  return t.mul(
      q, quotient(t, r,
                  {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
                   1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                   3.3430575583588128105e+4, 2.5090809287301226727e+3},
                  {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2,
                   5.3941960214247511077e+3, 2.1213794301586595867e+4, 3.9307895800092710610e+4,
                   2.8729085735721942674e+4, 5.2264952788528545610e+3}));
}

Value tail_quantile(TileBuilder& t, Value r) {
  const Value near =
      quotient(t, t.sub(r, t.constant(1.6)),
               {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                2.27238449892691845833e-2, 7.74545014278341407640e-4},
               {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                1.05075007164441684324e-9});
  const Value far =
      quotient(t, t.sub(r, t.constant(5)),
               {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                2.71155556874348757815e-5, 2.01033439929228813265e-7},
               {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
                1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
                1.42151175831644588870e-7, 2.04426310338993978564e-15});
  return t.select(t.le(r, t.constant(5)), near, far);
}

/// The density of the normal distribution.
Tensor density(const Tensor& x) {
  return exp(square(x) * -0.5) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
}

OpDef& define_of_floats(OpDef& op, std::string_view documentation) {
  return op.doc(documentation)
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32);
}

}  // namespace

void define_special_ndtr(OpDef& op) {
  define_of_floats(op, "The standard normal distribution's area below x: erfc(-x / sqrt(2)) / 2.")
      .tile([](TileBuilder& t) {
        const Value x = t.mul(t.load(0), t.constant(-1 / std::numbers::sqrt2));
        t.store(0, t.mul(t.erfc(x), t.constant(0.5)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * density(saved.input(0))};
      })
      .samples([] { return unary_samples(-3, 3); });
}

void define_special_erfcx(OpDef& op) {
  define_of_floats(op, "e^(x^2) erfc(x), which doesn't vanish for large x.")
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), border = t.constant(kAsymptotic);
        const Value inside = t.minimum(x, border), outside = t.maximum(x, border);
        const Value near = t.mul(t.exp(t.square(inside)), t.erfc(inside));
        const Value series =
            polynomial(t, t.reciprocal(t.square(outside)), asymptotic_coefficients());
        const Value far = t.div(t.mul(series, t.constant(std::numbers::inv_sqrtpi)), outside);
        t.store(0, t.select(t.lt(x, border), near, far));
      })
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * (saved.input(0) * saved.output() * 2 - 2 * std::numbers::inv_sqrtpi)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}, -1.5, 3)}, {}}, {{sample_tensor({5}, 8.5, 40)}, {}}};
      });
}

void define_special_log_ndtr(OpDef& op) {
  op.doc("ln of special_ndtr, also where that is too small for a number.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& given) -> Tensor {
        const Tensor x = given.to(computed_floating(given.dtype()));
        const Tensor is_low = x < -1, scaled = x * (-1 / std::numbers::sqrt2);
        const Tensor low = log(special_erfcx(where(is_low, scaled, 0)) * 0.5) - square(x) * 0.5;
        const Tensor high = log1p(erfc(where(is_low, 0, -scaled)) * -0.5);
        return where(is_low, low, high);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}, -4, 3.1)}, {}}, {{sample_tensor({5}, -30, -5)}, {}}};
      });
}

void define_special_ndtri(OpDef& op) {
  define_of_floats(op,
                   "The inverse of special_ndtr: -inf at 0, inf at 1, NaN outside (Wichura 1988).")
      .tile([](TileBuilder& t) {
        const Value p = t.load(0), one = t.constant(1);
        const Value q = t.sub(p, t.constant(0.5)), smaller = t.minimum(p, t.sub(one, p));
        const Value tail = tail_quantile(t, t.sqrt(t.neg(t.log(smaller))));
        const Value ends = t.select(t.eq(smaller, t.constant(0)), t.constant(kInfinity), tail);
        const Value is_central = t.le(t.abs(q), t.constant(0.425));
        t.store(0, t.select(is_central, central_quantile(t, q), t.mul(t.sign(q), ends)));
      })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / density(saved.output())};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}, 0.1, 0.9)}, {}},
                {{sample_tensor({5}, 0.002, 0.05)}, {}},
                {{sample_tensor({4}, 0.93, 0.99)}, {}}};
      });
}

void define_special_entr(OpDef& op) {
  define_of_floats(op, "-x ln(x): 0 at 0, -inf below.")
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), zero = t.constant(0);
        const Value inside = t.neg(t.mul(x, t.log(x)));
        const Value edge = t.select(t.eq(x, zero), zero, t.constant(-kInfinity));
        t.store(0, t.select(t.le(x, zero), edge, inside));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {-(dy * (log(saved.input(0)) + 1))};
      })
      .samples([] { return unary_samples(0.1, 3); });
}

}  // namespace tenon::ops
