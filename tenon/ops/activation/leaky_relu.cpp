#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Value leaky(TileBuilder& t, Value sign_of, Value x) {
  return t.select(t.gt(sign_of, t.constant(0)), x, t.mul(x, t.scalar(0)));
}

}  // namespace

void define_leaky_relu(OpDef& op) {
  op.doc(
        "y = x where x > 0, else negative_slope x (Maas et al. 2013). The gradient at 0 is "
        "`negative_slope`.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        t.store(0, leaky(t, x, x));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, double slope) -> Grads {
        return {leaky_relu_backward(dy, saved.input(0), slope)};
      })
      .samples([] {
        std::vector<Sample> samples = unary_samples(0.1, 2, {Attribute(0.01)});
        for (const Sample& sample : unary_samples(-2, -0.1, {Attribute(0.2)})) {
          samples.push_back(sample);
        }
        return samples;
      });
}

void define_leaky_relu_backward(OpDef& op) {
  op.doc("The gradient of leaky_relu: `dy` where x > 0, else negative_slope dy.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) { t.store(0, leaky(t, t.load(1), t.load(0))); })
      .saves_input(1)
      .vjp([](const Saved& saved, const Tensor& v, double slope) -> Grads {
        return {leaky_relu_backward(v, saved.input(1), slope), Tensor()};
      })
      .samples([] {
        std::vector<Sample> samples = binary_samples(0.1, 2);
        for (Sample& sample : samples) sample.attributes = {Attribute(0.01)};
        return samples;
      });
}

}  // namespace tenon::ops
