#include "tenon/ops/define.h"
#include "tenon/ops/loss/reduction_internal.h"

namespace tenon::ops {

void define_kl_div(OpDef& op) {
  op.doc(
        "Kullback-Leibler divergence of log-probabilities `input` from `target`: target "
        "(ln(target) "
        "- input), 0 where target is 0; with log_target, e^target (target - input). Then its mean "
        "or sum over all elements (reduction=\"mean\", \"sum\"), its sum over the size of dim 0 "
        "(\"batchmean\", the divergence's definition), or itself (\"none\"). Broadcasts.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input, const Tensor& target, std::string_view reduction,
                  bool log_target) -> Tensor {
        if (reduction != "batchmean") return kl_div_elements(input, target, reduction, log_target);
        const Tensor total = kl_div_elements(input, target, "sum", log_target);
        return input.dim() == 0 ? total : total * (1.0 / static_cast<double>(input.size(0)));
      })
      .samples([] {
        std::vector<Sample> samples = loss_samples(-3, -0.1, {Attribute(false)}, 0.1, 0.9);
        samples.push_back({{sample_tensor({3, 4}, -3, -0.1), sample_tensor({3, 4}, -3, -0.1, 2)},
                           {Attribute("batchmean"), Attribute(true)}});
        return samples;
      });
}

void define_kl_div_elements(OpDef& op) {
  op.doc("kl_div with the reductions \"none\", \"mean\" and \"sum\".")
      .accepts(kFloatSet)
      .shape([](const Call& call) -> Spec { return elementwise_loss_spec(call); })
      .rows(elementwise_loss_rows)
      .variant([](const Call& call) -> int {
        return reduction_of("kl_div", call.get<std::string_view>(0)) * 2 + call.get<bool>(1);
      })
      .tile([](TileBuilder& t, int variant) {
        const Value input = t.load(0), target = t.load(1), zero = t.constant(0);
        Value loss;
        if (variant & 1) {
          loss = t.mul(t.exp(target), t.sub(target, input));
        } else {
          loss = t.mul(target, t.sub(t.log(target), input));
          loss = t.select(t.eq(target, zero), zero, loss);
        }
        store_reduced(t, loss, variant >> 1);
      })
      .saves_input_for(0, {1})
      .saves_input(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, std::string_view reduction,
              bool log_target) -> Grads {
        const Tensor &input = saved.input(0), &target = saved.input(1);
        const Tensor g = expand(dy * gradient_scale(saved, reduction), loss_sizes(saved));
        const Tensor weighted = g * (log_target ? exp(target) : target);
        Tensor d_target;
        if (saved.needs(1)) {
          d_target = log_target ? weighted * (target - input + 1)
                                : where(target == 0, 0, g * (log(target) - input + 1));
        }
        return {saved.needs(0) ? -weighted : Tensor(), d_target};
      })
      .samples([] {
        std::vector<Sample> samples = loss_samples(-3, -0.1, {Attribute(false)}, 0.1, 0.9);
        for (const Sample& sample : loss_samples(-3, -0.1, {Attribute(true)}, -3, -0.1)) {
          samples.push_back(sample);
        }
        return samples;
      });
}

}  // namespace tenon::ops
