#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// Values of both signs, a tenth and more away from halves and wholes.
std::vector<Sample> samples_between_whole_numbers() {
  std::vector<Sample> samples = unary_samples(0.1, 0.4);
  for (const double low : {-2.4, -0.9, 0.6, 1.1}) {
    samples.push_back({{sample_tensor({2, 3}, low, low + 0.3)}, {}});
  }
  return samples;
}

}  // namespace

void define_floor(OpDef& op) {
  op.doc("Each element rounded down; integers stay. The gradient is 0.")
      .accepts(kRealSet | kBoolSet)
      .tile([](TileBuilder& t) { t.store(0, t.floor(t.load(0))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {zeros_like(dy)}; })
      .samples([] { return samples_between_whole_numbers(); });
}

void define_ceil(OpDef& op) {
  op.doc("Each element rounded up; integers stay. The gradient is 0.")
      .accepts(kRealSet | kBoolSet)
      .tile([](TileBuilder& t) { t.store(0, t.ceil(t.load(0))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {zeros_like(dy)}; })
      .samples([] { return samples_between_whole_numbers(); });
}

void define_round(OpDef& op) {
  op.doc(
        "Each element rounded to the nearest whole number, ties to the even one; integers stay. "
        "The "
        "gradient is 0.")
      .accepts(kRealSet | kBoolSet)
      .tile([](TileBuilder& t) { t.store(0, t.round(t.load(0))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {zeros_like(dy)}; })
      .samples([] { return samples_between_whole_numbers(); });
}

void define_trunc(OpDef& op) {
  op.doc("Each element rounded towards zero; integers stay. The gradient is 0.")
      .accepts(kRealSet | kBoolSet)
      .tile([](TileBuilder& t) { t.store(0, t.trunc(t.load(0))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {zeros_like(dy)}; })
      .samples([] { return samples_between_whole_numbers(); });
}

void define_frac(OpDef& op) {
  op.doc("What trunc cuts off, with the sign of x: x - trunc(x).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        t.store(0, t.sub(x, t.trunc(x)));
      })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {dy}; })
      .samples([] { return samples_between_whole_numbers(); });
}

}  // namespace tenon::ops
