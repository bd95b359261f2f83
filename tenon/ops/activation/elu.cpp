#include "tenon/ops/define.h"

namespace tenon::ops {

void define_elu(OpDef& op) {
  op.doc("Exponential linear unit (Clevert et al. 2016): y = x where x > 0, else alpha (e^x - 1).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        t.store(0, t.select(t.gt(x, t.constant(0)), x, t.mul(t.expm1(x), t.scalar(0))));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, double alpha) -> Grads {
        return {elu_backward(dy, saved.input(0), alpha)};
      })
      .samples([] {
        std::vector<Sample> samples = unary_samples(0.1, 2, {Attribute(1.0)});
        for (const Sample& sample : unary_samples(-2, -0.1, {Attribute(0.7)})) {
          samples.push_back(sample);
        }
        return samples;
      });
}

void define_elu_backward(OpDef& op) {
  op.doc("The gradient of elu: `dy` where x > 0, else dy alpha e^x.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value dy = t.load(0), x = t.load(1);
        const Value slope = t.mul(t.exp(x), t.scalar(0));
        t.store(0, t.select(t.gt(x, t.constant(0)), dy, t.mul(dy, slope)));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v, double alpha) -> Grads {
        const Tensor& x = saved.input(1);
        const Tensor curvature = where(x >= 0, 0, exp(x) * alpha);
        return {elu_backward(v, x, alpha), v * saved.input(0) * curvature};
      })
      .samples([] {
        std::vector<Sample> samples = binary_samples(-2, -0.1);
        for (Sample& sample : samples) sample.attributes = {Attribute(0.7)};
        return samples;
      });
}

}  // namespace tenon::ops
