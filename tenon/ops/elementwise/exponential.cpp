#include <numbers>

#include "tenon/ops/define.h"

namespace tenon::ops {

void define_exp(OpDef& op) {
  op.doc("Exponential of each element: y = e^x.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.exp(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads { return {dy * saved.output()}; })
      .samples([] { return unary_samples(); });
}

void define_expm1(OpDef& op) {
  op.doc("y = e^x - 1, exact for small x.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.expm1(t.load(0))); })
      .saves_output()
      .vjp(
          [](const Saved& saved, const Tensor& dy) -> Grads { return {dy * (saved.output() + 1)}; })
      .samples([] { return unary_samples(); });
}

void define_log(OpDef& op) {
  op.doc("Natural logarithm of each element; -inf of 0, NaN of negative ones.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.log(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads { return {dy / saved.input(0)}; })
      .samples([] { return unary_samples(0.2, 4); });
}

void define_log1p(OpDef& op) {
  op.doc("y = ln(1 + x), exact for small x.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.log1p(t.load(0))); })
      .saves_input(0)
      .vjp(
          [](const Saved& saved, const Tensor& dy) -> Grads { return {dy / (saved.input(0) + 1)}; })
      .samples([] { return unary_samples(-0.7, 3); });
}

void define_log2(OpDef& op) {
  op.doc("Logarithm of each element to base 2.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.log2(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / (saved.input(0) * std::numbers::ln2)};
      })
      .samples([] { return unary_samples(0.2, 4); });
}

void define_log10(OpDef& op) {
  op.doc("Logarithm of each element to base 10.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.log10(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / (saved.input(0) * std::numbers::ln10)};
      })
      .samples([] { return unary_samples(0.2, 4); });
}

}  // namespace tenon::ops
