#include "tenon/ops/define.h"

namespace tenon::ops {

void define_relu(OpDef& op) {
  op.doc("Rectified linear unit: y = max(x, 0). NaN stays. The gradient at 0 is 0.")
      .accepts(kRealSet)
      .tile([](TileBuilder& t) { t.store(0, t.maximum(t.constant(0), t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {relu_backward(dy, saved.output())};
      })
      .samples([] {
        std::vector<Sample> samples = unary_samples(0.1, 2);
        for (const Sample& sample : unary_samples(-2, -0.1)) samples.push_back(sample);
        return samples;
      });
}

void define_relu_backward(OpDef& op) {
  op.doc("The gradient of relu by its result: `dy` where y > 0, else 0.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value zero = t.constant(0);
        t.store(0, t.select(t.le(t.load(1), zero), zero, t.load(0)));
      })
      .saves_input(1)
      .vjp([](const Saved& saved, const Tensor& v) -> Grads {
        return {relu_backward(v, saved.input(1)), Tensor()};
      })
      .samples([] { return binary_samples(0.1, 2); });
}

}  // namespace tenon::ops
