#include "tenon/ops/define.h"

namespace tenon::ops {

void define_softplus(OpDef& op) {
  op.doc("y = ln(1 + e^(beta x)) / beta; x itself where beta x > threshold.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0), beta = t.scalar(0);
        const Value scaled = t.mul(x, beta);
        t.store(0, t.select(t.gt(scaled, t.scalar(1)), x, t.div(t.log1p(t.exp(scaled)), beta)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, double beta, double threshold) -> Grads {
        return {softplus_backward(dy, saved.input(0), beta, threshold)};
      })
      .samples([] {
        std::vector<Sample> samples = unary_samples(-3, 3, {Attribute(1.0), Attribute(20.0)});
        samples.push_back({{sample_tensor({3, 5})}, {Attribute(2.0), Attribute(20.0)}});
        return samples;
      });
}

void define_softplus_backward(OpDef& op) {
  op.doc("The gradient of softplus: dy sigmoid(beta x); `dy` where beta x > threshold.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value dy = t.load(0);
        const Value scaled = t.mul(t.load(1), t.scalar(0));
        t.store(0, t.select(t.gt(scaled, t.scalar(1)), dy, t.mul(dy, t.sigmoid(scaled))));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v, double beta, double threshold) -> Grads {
        const Tensor& x = saved.input(1);
        const Tensor s = sigmoid(x * beta);
        const Tensor curvature = where(x * beta >= threshold, 0, s * (1 - s) * beta);
        return {softplus_backward(v, x, beta, threshold), v * saved.input(0) * curvature};
      })
      .samples([] {
        return std::vector<Sample>{{{sample_tensor({3, 5}), sample_tensor({3, 5}, -3, 3, 2)},
                                    {Attribute(2.0), Attribute(20.0)}}};
      });
}

}  // namespace tenon::ops
