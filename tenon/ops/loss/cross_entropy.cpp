#include <fmt/format.h>

#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/loss/labels_internal.h"
#include "tenon/ops/loss/reduction_internal.h"

namespace tenon::ops {
namespace {

enum Variant { kWeighted = 1, kSmoothed = 2 };

uint64_t class_row(const Shape& space) { return space.size() > 1 ? 2 : 1; }

/// What programs of both directions read: the label, whether it counts, its weight.
struct Label {
  Value index, kept, weight;
};

Label load_label(TileBuilder& t, int target, int weight, int variant) {
  const Value index = t.load_index(target);
  const Value kept = t.ne(t.index_value(index), t.scalar(0));
  const Value own = variant & kWeighted ? t.pick(weight, index) : t.constant(1);
  return {index, kept, t.select(kept, own, t.constant(0))};
}

/// label_smoothing / C
Value smoothing_share(TileBuilder& t) { return t.div(t.scalar(1), t.row_length()); }

void check_smoothing(double smoothing) {
  if (smoothing >= 0 && smoothing <= 1) return;
  fail<ValueError>("cross_entropy",
                   fmt::format("expected label_smoothing in [0, 1], got {}", smoothing));
}

/// The loss of class probabilities.
Tensor of_probabilities(const Tensor& input, const Tensor& target, const Tensor& weight,
                        Reduction reduction, double smoothing) {
  const int64_t dim = class_dim(input);
  if (!target.is_floating_point()) {
    fail<DTypeError>(
        "cross_entropy",
        fmt::format("expected floating class probabilities for a target of the input's "
                    "sizes, got {}",
                    name_of(target.dtype())));
  }
  const auto classes = static_cast<double>(input.size(dim));
  const Tensor q = smoothing > 0 ? target * (1 - smoothing) + smoothing / classes : target;
  Tensor terms = log_softmax(input, dim) * q;
  if (weight.defined()) terms = terms * weight;
  if (reduction == kNone) return -sum(terms, {dim});
  const double count = static_cast<double>(input.numel()) / classes;
  return reduction == kMean ? sum(terms) * (-1 / count) : -sum(terms);
}

/// `slope` of the input's sizes to the gradient of the class weights: what the smoothed label
/// multiplies.
Tensor by_smoothed_label(const Tensor& slope, const Tensor& target, int64_t ignore_index,
                         double smoothing) {
  const Tensor at_label = at_labels(slope, target, ignore_index);
  if (smoothing == 0) return at_label;
  const double share = smoothing / static_cast<double>(slope.size(class_dim(slope)));
  const Tensor kept = along_classes(target != ignore_index, slope.sizes());
  return at_label * (1 - smoothing) + where(kept, slope * share, 0);
}

/// The gradient of cross_entropy_rows with respect to the class weights.
Tensor row_weight_gradient(const Saved& saved, int64_t ignore_index, double smoothing) {
  const Tensor &input = saved.input(0), &target = saved.input(1);
  const auto wide = [&](const Tensor& row) { return along_classes(row, input.sizes()); };
  Tensor result;
  if (saved.grads[0].defined()) {
    const Tensor slope = wide(saved.grads[0]) * (wide(saved.output(1)) - input);
    result = by_smoothed_label(slope, target, ignore_index, smoothing);
  }
  if (saved.grads[2].defined()) {
    const Tensor direct = at_labels(wide(saved.grads[2]), target, ignore_index);
    result = result.defined() ? result + direct : direct;
  }
  return result;
}

std::vector<Sample> row_samples() {
  const Tensor weight = sample_tensor({5}, 0.5, 2, 4);
  std::vector<Sample> samples;
  for (const double smoothing : {0.0, 0.2}) {
    const Attribute ignored(int64_t{1}), epsilon(smoothing);
    samples.push_back(
        {{sample_tensor({6, 5}), sample_integers({6}, 0, 5), Tensor()}, {ignored, epsilon}});
    samples.push_back(
        {{sample_tensor({6, 5}), sample_integers({6}, 0, 5), weight}, {ignored, epsilon}});
  }
  return samples;
}

}  // namespace

void define_cross_entropy(OpDef& op) {
  op.doc(
        "The negative logarithm of softmax(input) at the target's class. `input` is [C], [N, C] or "
        "[N, C, d1, ...]. `target` is class labels, integers without the class dim: loss = "
        "weight_t "
        "(logsumexp(x) - x_t), 0 where t is `ignore_index`; the mean divides by the sum of the "
        "weights that count. Or it is class probabilities q of the input's sizes: loss = -sum_c "
        "weight_c q_c ln softmax(x)_c; the mean divides by the number of rows. label_smoothing = e "
        "replaces probabilities q by (1 - e) q + e / C (Szegedy et al. 2016). reduction is "
        "\"mean\", \"sum\" or \"none\". An IndexError names a label outside [0, C).")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input, const Tensor& target, const Tensor& weight,
                  int64_t ignore_index, std::string_view reduction, double smoothing) -> Tensor {
        const Reduction how = reduction_of("cross_entropy", reduction);
        check_smoothing(smoothing);
        if (input.dim() > 0 && target.sizes() == input.sizes()) {
          return of_probabilities(input, target, class_weights("cross_entropy", input, weight), how,
                                  smoothing);
        }
        check_labels("cross_entropy", input, target, ignore_index);
        auto [loss, logsumexp, row_weight] = cross_entropy_rows(
            input, target, class_weights("cross_entropy", input, weight), ignore_index, smoothing);
        return how == kMean ? std::get<0>(weighted_mean(loss, row_weight)) : reduce_loss(loss, how);
      })
      .samples([] {
        std::vector<Sample> samples;
        const Tensor weight = sample_tensor({5}, 0.5, 2, 4);
        for (const char* reduction : {"none", "mean", "sum"}) {
          const auto attributes = [&](double smoothing) -> std::vector<Attribute> {
            return {Attribute(int64_t{1}), Attribute(reduction), Attribute(smoothing)};
          };
          samples.push_back(
              {{sample_tensor({6, 5}), sample_integers({6}, 0, 5), Tensor()}, attributes(0)});
          samples.push_back(
              {{sample_tensor({2, 5, 3}), sample_integers({2, 3}, 0, 5), weight}, attributes(0.1)});
          samples.push_back({{sample_tensor({3, 5}), sample_tensor({3, 5}, 0.1, 0.9, 2), weight},
                             attributes(0.1)});
        }
        samples.push_back({{sample_tensor({5}), sample_integers({}, 2, 3), Tensor()},
                           {Attribute(int64_t{-100}), Attribute("mean"), Attribute(0.0)}});
        return samples;
      });
}

void define_cross_entropy_rows(OpDef& op) {
  op.doc(
        "cross_entropy of class labels, row by row, with the rows' logsumexp and the weights of "
        "their labels (0 where ignored).")
      .accepts(kFloatSet)
      .row_input(1)
      .shape([](const Call& call) -> Specs {
        const Tensor& input = call.input(0);
        const Spec spec{input.dtype(), call.input(1).sizes()};
        return {spec, Spec{input.dtype() == kFloat64 ? kFloat64 : kFloat32, spec.sizes}, spec};
      })
      .rows([](const Call&, const Shape& space) { return class_row(space); })
      .variant([](const Call& call) {
        return (call.has(2) ? kWeighted : 0) | (call.get<double>(1) != 0 ? kSmoothed : 0);
      })
      .tile([](TileBuilder& t, int variant) {
        const Value x = t.load(0), one = t.constant(1);
        const Label label = load_label(t, 1, 2, variant);
        const Value largest = t.row_max(x);
        const Value lse = t.add(t.log(t.row_sum(t.exp(t.sub(x, largest)))), largest);
        Value loss = t.mul(label.weight, t.sub(lse, t.pick(0, label.index)));
        if (variant & kSmoothed) {
          const bool weighted = variant & kWeighted;
          const Value w = weighted ? t.load(2) : one;
          const Value total = weighted ? t.row_sum(w) : t.row_length();
          const Value sum = t.row_sum(weighted ? t.mul(x, w) : x);
          const Value spread_loss = t.mul(smoothing_share(t), t.sub(t.mul(total, lse), sum));
          loss = t.multiply_add(loss, t.sub(one, t.scalar(1)), spread_loss);
        }
        t.store(0, t.select(label.kept, loss, t.constant(0)));
        t.store(1, lse);
        t.store(2, label.weight);
      })
      .saves_input(0, 1, 2)
      .saves_output(1)
      .vjp([](const Saved& saved, const Tensor& dy, int64_t ignore_index,
              double smoothing) -> Grads {
        const Tensor &input = saved.input(0), &lse = saved.output(1);
        Tensor d_input;
        if (dy.defined()) {
          d_input = cross_entropy_backward(dy, input, saved.input(1), lse, saved.input(2),
                                           ignore_index, smoothing);
        }
        if (saved.grads[1].defined()) {
          const auto wide = [&](const Tensor& row) { return along_classes(row, input.sizes()); };
          const Tensor through = logsumexp_backward(wide(saved.grads[1]), input, wide(lse));
          d_input = d_input.defined() ? d_input + through : through;
        }
        Tensor d_weight;
        if (saved.input(2).defined() && saved.needs(2)) {
          d_weight = row_weight_gradient(saved, ignore_index, smoothing);
        }
        return {d_input, Tensor(), d_weight};
      })
      .samples(row_samples);
}

void define_cross_entropy_backward(OpDef& op) {
  op.doc(
        "The gradient of cross_entropy_rows: with k = e / C, dy ((weight_t (1 - e) + k "
        "sum(weight)) "
        "e^(x - logsumexp) - weight_t (1 - e) [c = t] - k weight_c), 0 in rows that are ignored.")
      .accepts(kFloatSet)
      .row_input(0, 2, 3)
      .rows([](const Call&, const Shape& space) { return class_row(space); })
      .variant([](const Call& call) {
        return (call.has(4) ? kWeighted : 0) | (call.get<double>(1) != 0 ? kSmoothed : 0);
      })
      .tile([](TileBuilder& t, int variant) {
        const Value x = t.load(1), one = t.constant(1);
        const Label label = load_label(t, 2, 4, variant);
        Value at_label = label.weight;
        Value total = at_label;
        Value elsewhere = t.constant(0);
        if (variant & kSmoothed) {
          const bool weighted = variant & kWeighted;
          const Value w = weighted ? t.load(4) : one;
          const Value share = smoothing_share(t);
          at_label = t.mul(at_label, t.sub(one, t.scalar(1)));
          elsewhere = t.mul(share, w);
          total = t.multiply_add(share, weighted ? t.row_sum(w) : t.row_length(), at_label);
        }
        const Value p = t.exp(t.sub(x, t.load(3)));
        Value slope = t.sub(t.mul(total, p), t.mul(at_label, t.is_at(label.index)));
        if (variant & kSmoothed) slope = t.sub(slope, elsewhere);
        t.store(0, t.select(label.kept, t.mul(t.load(0), slope), t.constant(0)));
      })
      .saves_input(0, 1, 2, 3, 4)
      .vjp([](const Saved& saved, const Tensor& v, int64_t ignore_index,
              double smoothing) -> Grads {
        const Tensor &dy = saved.input(0), &input = saved.input(1), &lse = saved.input(3);
        const auto gradient = [&](const Tensor& scale, const Tensor& logsumexp) {
          return cross_entropy_backward(scale, input, saved.input(2), logsumexp, saved.input(4),
                                        ignore_index, smoothing);
        };
        // An infinite logsumexp leaves the terms without probabilities; the difference has
        // them.
        const Tensor infinite = fill(lse, std::numeric_limits<double>::infinity());
        const Tensor d_input = v * (gradient(dy, lse) - gradient(dy, infinite));
        const int64_t dim = class_dim(input);
        Tensor d_weight;
        if (saved.input(4).defined() && saved.needs(4)) {
          const auto wide = [&](const Tensor& row) { return along_classes(row, input.sizes()); };
          const Tensor mean = sum(v * exp(input - wide(lse)), {dim});
          d_weight = by_smoothed_label(wide(dy) * (wide(mean) - v), saved.input(2), ignore_index,
                                       smoothing);
        }
        return {sum(v * gradient(fill(dy, 1), lse), {dim}), d_input, Tensor(), -sum(d_input, {dim}),
                d_weight};
      })
      .samples([] {
        std::vector<Sample> samples = row_samples();
        for (Sample& sample : samples) {
          std::vector<Tensor>& inputs = sample.inputs;
          inputs = {sample_tensor({6}, -1, 1, 7), inputs[0], inputs[1], sample_tensor({6}, 2, 3, 8),
                    inputs[2]};
        }
        return samples;
      });
}

void define_weighted_mean(OpDef& op) {
  op.doc(
        "sum(x) / sum(weight) over all elements, of `x` that is weighted already; and sum(weight).")
      .accepts(kFloatSet)
      .shape([](const Call& call) -> Specs {
        const Spec spec{call.input(0).dtype(), Shape()};
        return {spec, spec};
      })
      .rows([](const Call&, const Shape&) { return ~uint64_t{0}; })
      .tile([](TileBuilder& t) {
        const Value total = t.row_sum(t.load(1));
        t.store(0, t.div(t.row_sum(t.load(0)), total));
        t.store(1, total);
      })
      .saves_output(0, 1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        Tensor d_x, d_total;
        if (dy.defined()) {
          const Tensor share = dy / saved.output(1);
          d_x = spread(share, saved.input_sizes(0), {}, false);
          if (saved.needs(1)) d_total = -(share * saved.output(0));
        }
        if (saved.needs(1) && saved.grads[1].defined()) {
          d_total = d_total.defined() ? d_total + saved.grads[1] : saved.grads[1];
        }
        return {d_x,
                d_total.defined() ? spread(d_total, saved.input_sizes(1), {}, false) : Tensor()};
      })
      .samples([] {
        return std::vector<Sample>{{{sample_tensor({6}), sample_tensor({6}, 0.5, 2, 2)}, {}},
                                   {{sample_tensor({2, 3}), sample_tensor({2, 3}, 0.5, 2, 2)}, {}}};
      });
}

}  // namespace tenon::ops
