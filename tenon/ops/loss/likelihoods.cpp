// Negative log-likelihoods of numbers: Poisson, Gaussian, and independent labels.

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/loss/reduction_internal.h"

namespace tenon::ops {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

Tensor reduced(const char* call, const Tensor& loss, std::string_view reduction) {
  return reduce_loss(loss, reduction_of(call, reduction));
}

/// A variance for each element of the input: of its sizes, or without the last dim or with 1 there.
Tensor variance_of(const Tensor& input, const Tensor& var) {
  if (var.dim() == 0 || var.sizes() == input.sizes()) return var;
  Shape rows = input.sizes();
  if (!rows.empty()) rows.back() = 1;
  if (var.sizes() == rows) return var;
  if (!rows.empty() && var.dim() == input.dim() - 1) {
    const Tensor wide = unsqueeze(var, -1);
    if (wide.sizes() == rows) return wide;
  }
  fail<ShapeError>("gaussian_nll_loss",
                   fmt::format("expected a var of the input's sizes {}, or with one number for its "
                               "last dim, got {}",
                               to_string(input.sizes()), to_string(var.sizes())));
}

}  // namespace

void define_poisson_nll_loss(OpDef& op) {
  op.doc(
        "-ln p(target) of Poisson's distribution with mean e^input, without the term of the target "
        "alone: e^x - t x; without `log_input` the mean is `input`: x - t ln(x + eps). `full` adds "
        "Stirling's t ln t - t + ln(2 pi t) / 2 where t > 1. Then its mean or sum (`reduction`) or "
        "itself (\"none\").")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input, const Tensor& target, bool log_input, bool full, double eps,
                  std::string_view reduction) -> Tensor {
        Tensor loss = log_input ? exp(input) - target * input : input - target * log(input + eps);
        if (full) {
          const Tensor t = where(target > 1, target, 1);
          const Tensor stirling = t * log(t) - t + log(t * kTwoPi) * 0.5;
          loss = loss + where(target > 1, stirling, 0);
        }
        return reduced("poisson_nll_loss", loss, reduction);
      })
      .samples([] {
        std::vector<Sample> samples;
        for (const bool log_input : {true, false}) {
          for (const char* reduction : {"none", "mean"}) {
            samples.push_back({{sample_tensor({3, 4}, 0.2, 2), sample_tensor({3, 4}, 0.1, 4.03, 2)},
                               {Attribute(log_input), Attribute(log_input), Attribute(1e-8),
                                Attribute(reduction)}});
          }
        }
        return samples;
      });
}

void define_gaussian_nll_loss(OpDef& op) {
  op.doc(
        "-ln p(target) of a normal distribution with mean `input` and variance `var`, without its "
        "constant: (ln v + (input - target)^2 / v) / 2, where v = max(var, eps), whose gradient is "
        "as if it were var; `full` adds ln(2 pi) / 2. Then its mean or sum (`reduction`) or itself "
        "(\"none\"). ShapeError where `var` is neither of the input's sizes nor one number for "
        "each "
        "row.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input, const Tensor& target, const Tensor& var, bool full,
                  double eps, std::string_view reduction) -> Tensor {
        const Tensor given = variance_of(input, var), fixed = stop_gradient(given);
        const Tensor v = given + (clamp(fixed, eps) - fixed);
        const Tensor loss = (log(v) + square(input - target) / v) * 0.5;
        return reduced("gaussian_nll_loss", full ? loss + 0.5 * std::log(kTwoPi) : loss, reduction);
      })
      .samples([] {
        std::vector<Sample> samples;
        for (const bool full : {true, false}) {
          for (const char* reduction : {"none", "mean"}) {
            samples.push_back({{sample_tensor({3, 4}), sample_tensor({3, 4}, -1, 1, 2),
                                sample_tensor(full ? Shape{3, 4} : Shape{3}, 0.5, 2, 3)},
                               {Attribute(full), Attribute(1e-6), Attribute(reduction)}});
          }
        }
        return samples;
      });
}

void define_multilabel_soft_margin_loss(OpDef& op) {
  op.doc(
        "For each row of `input` [..., C] the mean over classes of -weight (t ln s(x) + (1 - t) "
        "ln(1 - s(x))), with s the sigmoid and `target` t of 0 and 1; then the rows' mean or sum "
        "(`reduction`) or themselves (\"none\").")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input, const Tensor& target, const Tensor& weight,
                  std::string_view reduction) -> Tensor {
        Tensor loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input));
        if (weight.defined()) loss = loss * weight;
        return reduced("multilabel_soft_margin_loss", mean(loss, {-1}), reduction);
      })
      .samples([] {
        std::vector<Sample> samples;
        for (const char* reduction : {"none", "mean", "sum"}) {
          samples.push_back({{sample_tensor({3, 4}), sample_tensor({3, 4}, 0, 1, 2),
                              reduction[0] == 's' ? Tensor() : sample_tensor({4}, 0.5, 2, 3)},
                             {Attribute(reduction)}});
        }
        return samples;
      });
}

}  // namespace tenon::ops
