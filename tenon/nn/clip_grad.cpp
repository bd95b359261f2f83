#include "tenon/nn/clip_grad.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"

namespace tenon::nn {
namespace {

std::vector<Tensor> gradients_of(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> gradients;
  for (const Tensor& parameter : parameters) {
    if (Tensor grad = parameter.grad(); grad.defined()) gradients.push_back(std::move(grad));
  }
  return gradients;
}

}  // namespace

double clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm, double p) {
  if (!(max_norm >= 0)) {
    fail<ValueError>("clip_grad_norm_", fmt::format("expected max_norm >= 0, got {}", max_norm));
  }
  const NoGrad no_grad;
  const std::vector<Tensor> gradients = gradients_of(parameters);
  std::vector<Tensor> norms;
  for (const Tensor& grad : gradients) norms.push_back(norm(grad, p).to(kFloat64));
  // All are looked at together: in a compiled function each look ends a plan.
  const std::vector<double> parts =
      norms.empty() ? std::vector<double>() : stack(norms).to_vector<double>();
  double total = 0;
  for (const double part : parts) {
    if (std::isinf(p)) {
      total = std::isnan(part) ? part : std::max(total, part);
    } else {
      total += std::pow(part, p);
    }
  }
  if (!std::isinf(p)) total = std::pow(total, 1 / p);
  const double factor = max_norm / (total + 1e-6);
  if (std::isfinite(total) && factor < 1) {
    for (const Tensor& grad : gradients) grad.mul_(factor);
  }
  return total;
}

void clip_grad_value_(const std::vector<Tensor>& parameters, double limit) {
  if (!(limit >= 0)) {
    fail<ValueError>("clip_grad_value_", fmt::format("expected a limit >= 0, got {}", limit));
  }
  const NoGrad no_grad;
  for (const Tensor& grad : gradients_of(parameters)) grad.clamp_(-limit, limit);
}

}  // namespace tenon::nn
