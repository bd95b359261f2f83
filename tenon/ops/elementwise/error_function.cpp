#include <numbers>

#include "tenon/ops/define.h"

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

}  // namespace tenon::ops
