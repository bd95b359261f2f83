#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

std::vector<Sample> samples_of_both_signs() {
  std::vector<Sample> samples = unary_samples(0.2, 3);
  for (const Sample& sample : unary_samples(-3, -0.2)) samples.push_back(sample);
  return samples;
}

}  // namespace

void define_abs(OpDef& op) {
  op.doc("Absolute value of each element; of complex ones the modulus, which is real.")
      .accepts(kAnySet)
      .returns(ResultDType::kReal)
      .tile([](TileBuilder& t) { t.store(0, t.abs(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        if (!x.is_complex()) return {dy * sign(x)};
        const Tensor y = abs(x);
        return {x * where(y == 0, 0, dy / y)};
      })
      .samples([] { return samples_of_both_signs(); });
}

void define_sign(OpDef& op) {
  op.doc("-1, 0 or 1 after the sign of each element; NaN stays.")
      .accepts(kRealSet | kBoolSet)
      .tile([](TileBuilder& t) { t.store(0, t.sign(t.load(0))); })
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] { return samples_of_both_signs(); });
}

}  // namespace tenon::ops
