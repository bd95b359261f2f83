// Losses with a margin, or of the sides of one: compositions of elementwise ops.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"
#include "tenon/ops/loss/reduction_internal.h"

namespace tenon::ops {
namespace {

/// max(x, 0)
Tensor positive(const Tensor& x) { return clamp(x, 0); }

Tensor reduced(const char* call, const Tensor& loss, std::string_view reduction) {
  return reduce_loss(loss, reduction_of(call, reduction));
}

/// Rows of [N, C], or the one of [C].
void check_rows(const char* call, const Tensor& input) {
  if ((input.dim() == 1 || input.dim() == 2) && input.size(-1) > 0) return;
  fail<ShapeError>(call, fmt::format("expected an input of [N, C] or [C] with classes, got {}",
                                     to_string(input.sizes())));
}

void check_labels_of_rows(const char* call, const Tensor& target, const Shape& expected) {
  if (!is_integer(target.dtype())) {
    fail<DTypeError>(call, fmt::format("expected integer labels, got {}; convert with to(kInt64)",
                                       name_of(target.dtype())));
  }
  if (target.sizes() == expected) return;
  fail<ShapeError>(call, fmt::format("expected labels of {}, got {}", to_string(expected),
                                     to_string(target.sizes())));
}

/// The cosine as cosine_embedding_loss has it: 1e-12 is added to the squared lengths.
Tensor cosine(const Tensor& a, const Tensor& b) {
  const auto length = [](const Tensor& x) { return sum(square(x), {-1}) + 1e-12; };
  return sum(a * b, {-1}) * rsqrt(length(a) * length(b));
}

/// multilabel_margin_loss of rows [N, C].
Tensor multilabel_margins(const Tensor& input, const Tensor& target) {
  Tensor counts, index, others;
  {
    const NoGrad no_grad;
    // Labels end at the first that is negative.
    const Tensor valid = cumprod((target >= 0).to(kInt64), 1);
    index = where(valid == 1, target.to(kInt64), 0);
    others = scatter_add(zeros_like(valid), 1, index, valid) == 0;
    counts = valid.to(input.dtype());
  }
  const Tensor own = unsqueeze(gather(input, 1, index) - 1, 2);
  const Tensor margins = positive(unsqueeze(input, 1) - own);
  const Tensor kept = where(unsqueeze(others, 1), margins, 0) * unsqueeze(counts, 2);
  return sum(kept, {1, 2}) * (1 / static_cast<double>(input.size(1)));
}

std::vector<Attribute> with_reduction(std::vector<Attribute> first, const char* reduction) {
  first.push_back(Attribute(reduction));
  return first;
}

/// 1 and -1.
Tensor sample_signs(IntList sizes) {
  Tensor result = sample_tensor(sizes);
  auto* values = result.data<double>();
  for (int64_t i = 0; i < result.numel(); ++i) values[i] = values[i] < 0 ? -1 : 1;
  return result;
}

/// Samples of which finite differences move the inputs, not the target of 1 and -1.
std::vector<Sample> sign_samples(std::vector<Tensor> inputs, const std::vector<Attribute>& first,
                                 Shape target) {
  std::vector<Sample> samples;
  inputs.push_back(sample_signs(target).to(kInt64));
  for (const char* reduction : {"none", "mean", "sum"}) {
    samples.push_back({inputs, with_reduction(first, reduction)});
  }
  return samples;
}

}  // namespace

void define_margin_ranking_loss(OpDef& op) {
  op.doc(
        "max(0, -target (input1 - input2) + margin) with `target` 1 where input1 should be the "
        "larger, else -1; then its mean or sum (`reduction`) or itself (\"none\"). Broadcasts.")
      .accepts(kFloatSet)
      .compose([](const Tensor& input1, const Tensor& input2, const Tensor& target, double margin,
                  std::string_view reduction) -> Tensor {
        return reduced("margin_ranking_loss", positive(target * (input2 - input1) + margin),
                       reduction);
      })
      .samples([] {
        return sign_samples({sample_tensor({3, 4}), sample_tensor({3, 4}, -1, 1, 2)},
                            {Attribute(0.13)}, {3, 4});
      });
}

void define_hinge_embedding_loss(OpDef& op) {
  op.doc(
        "`input` where `target` is 1, max(0, margin - input) where it is -1; then its mean or sum "
        "(`reduction`) or itself (\"none\").")
      .accepts(kFloatSet)
      .compose([](const Tensor& input, const Tensor& target, double margin,
                  std::string_view reduction) -> Tensor {
        const Tensor apart = where(target != 1, positive(margin - input), 0);
        return reduced("hinge_embedding_loss", apart + where(target != -1, input, 0), reduction);
      })
      .samples([] {
        return sign_samples({sample_tensor({3, 4})}, {Attribute(1.03)}, {3, 4});
      });
}

void define_soft_margin_loss(OpDef& op) {
  op.doc(
        "ln(1 + e^(-target input)) with a `target` of 1 and -1; then its mean or sum (`reduction`) "
        "or itself (\"none\").")
      .accepts(kFloatSet)
      .compose([](const Tensor& input, const Tensor& target, std::string_view reduction) -> Tensor {
        return reduced("soft_margin_loss", -logsigmoid(input * target), reduction);
      })
      .samples([] {
        return sign_samples({sample_tensor({3, 4})}, {}, {3, 4});
      });
}

void define_cosine_embedding_loss(OpDef& op) {
  op.doc(
        "Of vectors `input1` and `input2` [N, d] (or [d]) with cosine c: 1 - c where `target` [N] "
        "is 1, max(0, c - margin) where it is -1; then its mean or sum (`reduction`) or itself "
        "(\"none\"). ShapeError where sizes don't go together.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input1, const Tensor& input2, const Tensor& target, double margin,
                  std::string_view reduction) -> Tensor {
        if (input1.dim() != input2.dim() || target.dim() != input1.dim() - 1) {
          fail<ShapeError>(
              "cosine_embedding_loss",
              fmt::format("expected inputs [N, d] with a target [N], or [d] with a 0-d "
                          "one, got {}, {} and {}",
                          to_string(input1.sizes()), to_string(input2.sizes()),
                          to_string(target.sizes())));
        }
        const Tensor c = cosine(input1, input2);
        const Tensor apart = where(target == -1, positive(c - margin), 0);
        return reduced("cosine_embedding_loss", where(target == 1, 1 - c, 0) + apart, reduction);
      })
      .samples([] {
        return sign_samples({sample_tensor({4, 3}), sample_tensor({4, 3}, -1, 1, 2)},
                            {Attribute(0.1)}, {4});
      });
}

void define_triplet_margin_loss(OpDef& op) {
  op.doc(
        "max(0, d(anchor, positive) - d(anchor, negative) + margin), with d the pairwise_distance "
        "of `p` and `eps`; with `swap` the nearer of anchor and positive is what the negative is "
        "held against (Balntas et al. 2016). Then its mean or sum (`reduction`) or itself "
        "(\"none\").")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& anchor, const Tensor& near, const Tensor& far, double margin,
                  double p, double eps, bool swap, std::string_view reduction) -> Tensor {
        const auto distance = [&](const Tensor& a, const Tensor& b) {
          return pairwise_distance(a, b, p, eps);
        };
        Tensor apart = distance(anchor, far);
        if (swap) apart = minimum(apart, distance(near, far));
        return reduced("triplet_margin_loss", positive(distance(anchor, near) - apart + margin),
                       reduction);
      })
      .samples([] {
        std::vector<Sample> samples;
        for (const bool swap : {false, true}) {
          for (const char* reduction : {"none", "mean"}) {
            samples.push_back({{sample_tensor({3, 4}), sample_tensor({3, 4}, -1, 1, 2),
                                sample_tensor({3, 4}, -2, 1, 3)},
                               {Attribute(1.0), Attribute(2.0), Attribute(1e-6), Attribute(swap),
                                Attribute(reduction)}});
          }
        }
        return samples;
      });
}

void define_multilabel_margin_loss(OpDef& op) {
  op.doc(
        "For each row of `input` [N, C] (or [C]) the sum over its labels j and all other classes i "
        "of max(0, 1 - (x_j - x_i)) / C; then the rows' mean or sum (`reduction`) or themselves "
        "(\"none\"). A row of `target`, integers of the input's sizes, holds labels up to the "
        "first "
        "negative number. IndexError where one is C or more.")
      .accepts(kFloatSet)
      .accepts_input(1, kIntegerSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input, const Tensor& target, std::string_view reduction) -> Tensor {
        constexpr const char* kCall = "multilabel_margin_loss";
        check_rows(kCall, input);
        check_labels_of_rows(kCall, target, input.sizes());
        if (input.dim() == 2) return reduced(kCall, multilabel_margins(input, target), reduction);
        const Tensor row = multilabel_margins(unsqueeze(input, 0), unsqueeze(target, 0));
        return reduced(kCall, squeeze(row, {0}), reduction);
      })
      .samples([] {
        std::vector<Sample> samples;
        const Tensor labels = new_tensor({3, 4}, kInt64);
        constexpr int64_t kLabels[] = {1, 3, -1, 0, 2, -1, 1, 1, -1, 0, 0, 0};
        std::copy(std::begin(kLabels), std::end(kLabels), labels.data<int64_t>());
        for (const char* reduction : {"none", "mean", "sum"}) {
          samples.push_back({{sample_tensor({3, 4}, -1.03, 1), labels}, {Attribute(reduction)}});
        }
        return samples;
      });
}

void define_multi_margin_loss(OpDef& op) {
  op.doc(
        "For each row of `input` [N, C] (or [C]) with label y: the sum over the other classes i of "
        "weight_y max(0, margin - x_y + x_i)^p / C; then the rows' mean or sum (`reduction`) or "
        "themselves (\"none\"). `target` [N] holds the labels, `weight` one number a class. A "
        "ValueError where `p` is neither 1 nor 2, an IndexError for a label outside [0, C).")
      .accepts(kFloatSet)
      .accepts_input(1, kIntegerSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input, const Tensor& target, const Tensor& weight, double p,
                  double margin, std::string_view reduction) -> Tensor {
        constexpr const char* kCall = "multi_margin_loss";
        check_rows(kCall, input);
        if (p != 1 && p != 2) {
          fail<ValueError>(kCall, fmt::format("expected a p of 1 or 2, got {}", p));
        }
        const bool one = input.dim() == 1;
        check_labels_of_rows(kCall, target, one ? Shape() : Shape{input.size(0)});
        const Tensor rows = one ? unsqueeze(input, 0) : input;
        const Tensor labels = reshape(target.to(kInt64), {-1, 1});
        Tensor margins = positive(rows - gather(rows, 1, labels) + margin);
        if (p == 2) margins = square(margins);
        if (weight.defined())
          margins = margins * unsqueeze(index_select(weight, 0, flatten(labels)), 1);
        const Tensor others =
            scatter(ones_like(rows.detach()), 1, labels, zeros_like(rows.detach()));
        const Tensor loss = sum(margins * others, {1}) * (1 / static_cast<double>(rows.size(1)));
        return reduced(kCall, one ? squeeze(loss, {0}) : loss, reduction);
      })
      .samples([] {
        std::vector<Sample> samples;
        const Tensor labels = sample_integers({3}, 0, 4);
        for (const double p : {1.0, 2.0}) {
          for (const char* reduction : {"none", "mean"}) {
            const Tensor weight = p == 2 ? sample_tensor({4}, 0.5, 2, 3) : Tensor();
            samples.push_back({{sample_tensor({3, 4}, -1.03, 1), labels, weight},
                               {Attribute(p), Attribute(1.0), Attribute(reduction)}});
          }
        }
        return samples;
      });
}

}  // namespace tenon::ops
