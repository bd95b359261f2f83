#include <limits>
#include <numbers>

#include "tenon/ops/elementwise/polynomial_internal.h"

namespace tenon::ops {
namespace {

/// The derivative of erf: 2 / sqrt(pi) e^(-x^2).
Tensor gaussian(const Tensor& x) { return exp(-square(x)) * (2 * std::numbers::inv_sqrtpi); }

}  // namespace

void define_erf(OpDef& op) {
  op.doc(
        "Error function of each element: y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to "
        "x.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.erf(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * gaussian(saved.input(0))};
      })
      .samples([] { return unary_samples(); });
}

void define_erfc(OpDef& op) {
  op.doc("y = 1 - erf(x), exact for large x.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.erfc(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {-(dy * gaussian(saved.input(0)))};
      })
      .samples([] { return unary_samples(); });
}

namespace {

/// erfinv of `size` in [0, 1), good to seven digits (M. Giles, "Approximating the erfinv
/// function", 2012).
Value first_inverse(TileBuilder& t, Value size) {
  const Value one = t.constant(1);
  const Value w = t.neg(t.log(t.mul(t.sub(one, size), t.add(one, size))));
  const Value central =
      polynomial(t, t.sub(w, t.constant(2.5)),
                 {1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087,
                  -4.39150654e-06, -3.5233877e-06, 3.43273939e-07, 2.81022636e-08});
  const Value outer =
      polynomial(t, t.sub(t.sqrt(w), t.constant(3)),
                 {2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773,
                  -0.00367342844, 0.00134934322, 0.000100950558, -0.000200214257});
  return t.mul(t.select(t.lt(w, t.constant(5)), central, outer), size);
}

/// A step of Newton's for erf(y) = size. Above 1/2 it asks erfc, which keeps the digits there.
Value improved_inverse(TileBuilder& t, Value size, Value y) {
  const Value inner = t.sub(t.erf(y), size);
  const Value outer = t.sub(t.sub(t.constant(1), size), t.erfc(y));
  const Value error = t.select(t.lt(size, t.constant(0.5)), inner, outer);
  const Value slope = t.mul(t.exp(t.neg(t.square(y))), t.constant(2 * std::numbers::inv_sqrtpi));
  return t.sub(y, t.div(error, slope));
}

}  // namespace

void define_erfinv(OpDef& op) {
  op.doc(
        "The inverse of erf: -inf at -1, inf at 1, NaN outside. Giles' approximation and three of "
        "Newton's steps.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), size = t.abs(x);
        Value y = first_inverse(t, size);
        for (int i = 0; i < 3; ++i) y = improved_inverse(t, size, y);
        const Value infinity = t.constant(std::numeric_limits<double>::infinity());
        t.store(0, t.mul(t.sign(x), t.select(t.eq(size, t.constant(1)), infinity, y)));
      })
      .saves_input(0)  // not the result, which is often scaled in place
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor y = erfinv(saved.input(0));
        return {dy * exp(square(y)) * (0.5 / std::numbers::inv_sqrtpi)};
      })
      .samples([] { return unary_samples(-0.9, 0.93); });
}

}  // namespace tenon::ops
