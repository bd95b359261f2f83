#include "tenon/ops/checks_internal.h"
#include "tenon/ops/define.h"
#include "tenon/ops/loss/reduction_internal.h"

namespace tenon::ops {
namespace {

/// Bits 0 and 1: whether inputs `first` and `first + 1` are there.
int optional_bits(const Call& call, size_t first) {
  return (call.has(first) ? 1 : 0) | (call.has(first + 1) ? 2 : 0);
}

Tensor times(const Tensor& x, const Tensor& weight) { return weight.defined() ? x * weight : x; }

/// 1 + (pos_weight - 1) target: what the loss of a positive counts more.
Value positive_factor(TileBuilder& t, Value target, Value pos_weight) {
  const Value one = t.constant(1);
  return t.multiply_add(t.sub(pos_weight, one), target, one);
}

Tensor clamped_log(const Tensor& x) { return clamp(log(x), -100.0); }

std::vector<Sample> probability_samples() {
  std::vector<Sample> samples = loss_samples(0.1, 0.9, {}, 0.1, 0.9);
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].inputs.push_back(i % 2 == 0 ? Tensor() : sample_tensor({4}, 0.5, 2, 3));
  }
  return samples;
}

}  // namespace

void define_binary_cross_entropy(OpDef& op) {
  op.doc(
        "-weight (target ln(input) + (1 - target) ln(1 - input)) of probabilities, then its mean "
        "or sum over all elements (reduction=\"mean\", \"sum\") or itself (\"none\"). Logarithms "
        "are limited to -100 from below. Broadcasts. ValueError where an element of `input` or "
        "`target` is not in [0, 1].")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input, const Tensor& target, const Tensor& weight,
                  std::string_view reduction) -> Tensor {
        constexpr std::string_view kCall = "binary_cross_entropy";
        reduction_of(kCall, reduction);
        check_probabilities(kCall, "an input in [0, 1], as sigmoid makes it of logits", input);
        check_probabilities(kCall, "a target in [0, 1]", target);
        return binary_cross_entropy_elements(input, target, weight, reduction);
      })
      .samples(probability_samples);
}

void define_binary_cross_entropy_elements(OpDef& op) {
  op.doc("binary_cross_entropy of probabilities that have been looked at.")
      .accepts(kFloatSet)
      .shape([](const Call& call) -> Spec { return elementwise_loss_spec(call); })
      .rows(elementwise_loss_rows)
      .variant([](const Call& call) -> int {
        return reduction_of(call.op.name, call.get<std::string_view>(0)) * 2 + call.has(2);
      })
      .tile([](TileBuilder& t, int variant) {
        const Value x = t.load(0), target = t.load(1), least = t.constant(-100);
        const Value one = t.constant(1);
        const Value if_true = t.maximum(t.log(x), least);
        const Value if_false = t.maximum(t.log1p(t.neg(x)), least);
        Value loss = t.neg(t.add(t.mul(target, if_true), t.mul(t.sub(one, target), if_false)));
        if (variant & 1) loss = t.mul(loss, t.load(2));
        store_reduced(t, loss, variant >> 1);
      })
      .saves_input(0, 1, 2)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, std::string_view reduction) -> Grads {
        const Tensor &x = saved.input(0), &target = saved.input(1);
        const Tensor& weight = saved.input(2);
        const Tensor scaled = expand(dy * gradient_scale(saved, reduction), loss_sizes(saved));
        const Tensor g = times(scaled, weight);
        Tensor d_input, d_target;
        if (saved.needs(0)) d_input = g * (x - target) / clamp(x * (1 - x), 1e-12);
        if (saved.needs(1)) d_target = g * (clamped_log(1 - x) - clamped_log(x));
        Tensor d_weight;
        if (weight.defined() && saved.needs(2)) {
          d_weight = scaled * binary_cross_entropy_elements(x, target, {}, "none");
        }
        return {d_input, d_target, d_weight};
      })
      .samples(probability_samples);
}

void define_binary_cross_entropy_with_logits(OpDef& op) {
  op.doc(
        "binary_cross_entropy(sigmoid(input), target, weight), without over- or underflow: weight "
        "((1 - target) x + l (ln(1 + e^-|x|) + max(-x, 0))), where l = 1 + (pos_weight - 1) "
        "target. Reductions as there. Broadcasts.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Call& call) -> Spec { return elementwise_loss_spec(call); })
      .rows(elementwise_loss_rows)
      .variant([](const Call& call) -> int {
        return reduction_of(call.op.name, call.get<std::string_view>(0)) * 4 +
               optional_bits(call, 2);
      })
      .tile([](TileBuilder& t, int variant) {
        const Value x = t.load(0), target = t.load(1), zero = t.constant(0);
        Value softplus = t.add(t.log1p(t.exp(t.neg(t.abs(x)))), t.maximum(t.neg(x), zero));
        if (variant & 2) softplus = t.mul(softplus, positive_factor(t, target, t.load(3)));
        Value loss = t.multiply_add(t.sub(t.constant(1), target), x, softplus);
        if (variant & 1) loss = t.mul(loss, t.load(2));
        store_reduced(t, loss, variant >> 2);
      })
      .saves_input(0, 1, 2, 3)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, std::string_view reduction) -> Grads {
        const Tensor &x = saved.input(0), &target = saved.input(1);
        const Tensor &weight = saved.input(2), &pos_weight = saved.input(3);
        const double scale = gradient_scale(saved, reduction);
        Tensor d_input, d_target, d_weight, d_pos_weight;
        if (saved.needs(0)) d_input = logits_backward(dy, x, target, weight, pos_weight, scale);
        const bool rest = saved.needed >> 1 != 0;
        if (!rest) return {d_input, Tensor(), Tensor(), Tensor()};
        const Tensor scaled = expand(dy * scale, loss_sizes(saved));
        if (saved.needs(1)) {
          const Tensor slope = pos_weight.defined() ? softplus(-x) * (pos_weight - 1) - x : -x;
          d_target = times(scaled, weight) * slope;
        }
        if (weight.defined() && saved.needs(2)) {
          d_weight = scaled * binary_cross_entropy_with_logits(x, target, {}, pos_weight, "none");
        }
        if (pos_weight.defined() && saved.needs(3)) {
          d_pos_weight = times(scaled, weight) * target * softplus(-x);
        }
        return {d_input, d_target, d_weight, d_pos_weight};
      })
      .samples([] {
        std::vector<Sample> samples = loss_samples(-3, 3, {}, 0.1, 0.9);
        for (size_t i = 0; i < samples.size(); ++i) {
          samples[i].inputs.push_back(i % 2 == 0 ? Tensor() : sample_tensor({4}, 0.5, 2, 3));
          samples[i].inputs.push_back(i % 3 == 0 ? Tensor() : sample_tensor({4}, 0.5, 2, 4));
        }
        return samples;
      });
}

void define_logits_backward(OpDef& op) {
  op.doc(
        "The gradient of binary_cross_entropy_with_logits: dy scale weight (1 - target - l (1 - "
        "sigmoid(x))).")
      .accepts(kFloatSet)
      .variant([](const Call& call) -> int { return optional_bits(call, 3); })
      .tile([](TileBuilder& t, int variant) {
        const Value target = t.load(2);
        Value rest = t.sigmoid(t.neg(t.load(1)));
        if (variant & 2) rest = t.mul(rest, positive_factor(t, target, t.load(4)));
        Value slope = t.sub(t.sub(t.constant(1), target), rest);
        if (variant & 1) slope = t.mul(slope, t.load(3));
        t.store(0, t.mul(t.mul(t.load(0), t.scalar(0)), slope));
      })
      .saves_input(0, 1, 2, 3, 4)
      .vjp([](const Saved& saved, const Tensor& v, double scale) -> Grads {
        const Tensor &x = saved.input(1), &target = saved.input(2);
        const Tensor &weight = saved.input(3), &pos_weight = saved.input(4);
        const Tensor scaled = v * saved.input(0) * scale;
        const Tensor g = times(scaled, weight);
        const Tensor s = sigmoid(x);
        Tensor d_input = g * s * (1 - s);
        Tensor d_target = -g;
        Tensor d_weight, d_pos_weight;
        if (pos_weight.defined()) {
          d_input = d_input * ((pos_weight - 1) * target + 1);
          d_target = d_target - g * (pos_weight - 1) * (1 - s);
          d_pos_weight = -(g * target * (1 - s));
        }
        if (weight.defined()) {
          d_weight = logits_backward(v * saved.input(0), x, target, {}, pos_weight, scale);
        }
        return {logits_backward(v, x, target, weight, pos_weight, scale), d_input, d_target,
                d_weight, d_pos_weight};
      })
      .samples([] {
        const Tensor dy = sample_tensor({3, 4}), x = sample_tensor({3, 4}, -3, 3, 2);
        const Tensor target = sample_tensor({3, 4}, 0.1, 0.9, 3);
        const Tensor weight = sample_tensor({4}, 0.5, 2, 4),
                     pos_weight = sample_tensor({4}, 0.5, 2, 5);
        return std::vector<Sample>{{{dy, x, target, Tensor(), Tensor()}, {Attribute(0.5)}},
                                   {{dy, x, target, weight, pos_weight}, {Attribute(0.5)}}};
      });
}

}  // namespace tenon::ops
