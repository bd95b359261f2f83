// How variables vary together: cov, corrcoef; and renorm.

#include <fmt/format.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"

namespace tenon::ops {
namespace {

/// A row for each variable; a vector is one.
Tensor as_rows(std::string_view call, const Tensor& x) {
  if (x.dim() > 2) {
    fail<ShapeError>(call, fmt::format("expected a matrix with a row for each variable, got {}",
                                       to_string(x.sizes())));
  }
  const Tensor numbers = x.to(computed_floating(x.dtype()));
  return reshape(numbers, {x.dim() == 2 ? x.size(0) : 1, x.dim() == 0 ? 1 : x.size(-1)});
}

void check_weights(std::string_view name, const Tensor& weights, int64_t count) {
  if (!weights.defined() || weights.sizes() == Shape{count}) return;
  fail<ShapeError>("cov", fmt::format("expected {} of sizes [{}], got {}", name, count,
                                      to_string(weights.sizes())));
}

/// What a sum of squares is divided by: the weights' sum less the correction, which
/// counts for observations of the mean weight.
Tensor divisor(const Tensor& weights, const Tensor& aweights, int64_t correction) {
  const Tensor total = sum(weights);
  if (!aweights.defined()) return clamp_min(total - correction, 0);
  return clamp_min(total - sum(weights * aweights) / total * correction, 0);
}

Tensor covariance(const Tensor& rows, int64_t correction, const Tensor& fweights,
                  const Tensor& aweights) {
  const int64_t count = rows.size(1);
  const DType dtype = real_of(rows.dtype());
  if (!fweights.defined() && !aweights.defined()) {
    const Tensor centered = rows - mean(rows, {1}, true);
    const auto freedom = static_cast<double>(std::max<int64_t>(count - correction, 0));
    return matmul(centered, conjugate_transpose(centered)) / freedom;
  }
  Tensor weights = ones({count}, dtype, rows.device());
  if (fweights.defined()) weights = weights * fweights.to(dtype);
  const Tensor importance = aweights.defined() ? aweights.to(dtype) : Tensor();
  if (importance.defined()) weights = weights * importance;
  const Tensor centered = rows - sum(rows * weights, {1}, true) / sum(weights);
  return matmul(centered * weights, conjugate_transpose(centered)) /
         divisor(weights, importance, correction);
}

/// [n, n] of n variables, and a number of a single one.
Tensor as_number_of_one(const Tensor& y) { return y.numel() == 1 ? reshape(y, {}) : y; }

}  // namespace

void define_cov(OpDef& op) {
  op.doc(
        "The covariances of variables, the rows of `x` (a vector is one), whose columns are "
        "observations: the sum of w (x_i - mean) (x_j - mean)^* over the sum of w less "
        "`correction`. `fweights` count how often each was observed, `aweights` how much it "
        "matters; w is their product. ShapeError of more than 2 dims.")
      .accepts(kNumberSet)
      .accepts_input(1, kIntegerSet)
      .accepts_input(2, kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& fweights, const Tensor& aweights,
                  int64_t correction) -> Tensor {
        const Tensor rows = as_rows("cov", x);
        check_weights("fweights", fweights, rows.size(1));
        check_weights("aweights", aweights, rows.size(1));
        return as_number_of_one(covariance(rows, correction, fweights, aweights));
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor counts = sample_integers({5}, 1, 4), importance = sample_tensor({5}, 0.2, 2);
        return {{{sample_tensor({3, 5}), Tensor(), Tensor()}, {Attribute(int64_t{1})}},
                {{sample_tensor({3, 5}), counts, Tensor()}, {Attribute(int64_t{0})}},
                {{sample_tensor({2, 5}), counts, importance}, {Attribute(int64_t{1})}},
                {{sample_tensor({6}), Tensor(), Tensor()}, {Attribute(int64_t{1})}}};
      });
}

void define_corrcoef(OpDef& op) {
  op.doc(
        "Pearson's correlation coefficients of variables, the rows of `x`: cov over the product of "
        "the standard deviations, limited to [-1, 1] in both parts.")
      .accepts(kNumberSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x) -> Tensor {
        const Tensor y = covariance(as_rows("corrcoef", x), 1, {}, {});
        const Tensor variances = diagonal(y);
        const Tensor deviations = sqrt(variances.is_complex() ? real(variances) : variances);
        const Tensor scaled = y / unsqueeze(deviations, 1) / deviations;
        const auto limited = [](const Tensor& part) { return clamp(part, Scalar(-1), Scalar(1)); };
        return as_number_of_one(scaled.is_complex()
                                    ? complex(limited(real(scaled)), limited(imag(scaled)))
                                    : limited(scaled));
      })
      .samples([]() -> std::vector<Sample> {
        // A coefficient of 1 is an edge of the limits: only the others have a gradient there.
        return {{{sample_tensor({3, 5})}, {}, false}, {{sample_tensor({6})}, {}, false}};
      });
}

void define_renorm(OpDef& op) {
  op.doc(
        "`x` with each slice along `dim` whose p-norm is above `maxnorm` scaled down to it. "
        "ValueError unless p > 0 and maxnorm >= 0, ShapeError of less than 2 dims.")
      .accepts(kFloatSet | kComplexSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, double p, int64_t dim, double maxnorm) -> Tensor {
        if (!(p > 0) || !(maxnorm >= 0)) {
          fail<ValueError>("renorm", fmt::format("expected p above 0 and a maxnorm of at least 0, "
                                                 "got {} and {}",
                                                 p, maxnorm));
        }
        if (x.dim() < 2) {
          fail<ShapeError>("renorm", fmt::format("expected at least 2 dims, got {}", x.dim()));
        }
        const int64_t along = normalize_dim("renorm", dim, x.dim());
        if (std::isinf(maxnorm)) return clone(x);  // the scale's gradient would be NaN
        Shape others;
        for (int64_t i = 0; i < x.dim(); ++i) {
          if (i != along) others.push_back(i);
        }
        const Tensor norms = norm(x, p, others, true);
        return x * where(norms > maxnorm, maxnorm / (norms + 1e-7), 1);
      })
      .samples([]() -> std::vector<Sample> {
        const auto of = [](double p, int64_t dim, double maxnorm) {
          return std::vector<Attribute>{Attribute(p), Attribute(dim), Attribute(maxnorm)};
        };
        return {{{sample_tensor({3, 4})}, of(2, 0, 2.2)},
                {{sample_tensor({2, 3, 2})}, of(1, -2, 4.1)}};
      });
}

}  // namespace tenon::ops
