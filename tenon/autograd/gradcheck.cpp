#include "tenon/autograd/gradcheck.h"

#include <fmt/format.h>

#include <cmath>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/samples.h"

namespace tenon {
namespace {

using CheckedFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

bool is_double(DType dtype) { return real_of(dtype) == kFloat64; }

bool is_checked(const Tensor& input) {
  return input.defined() && input.requires_grad() && is_double(input.dtype());
}

/// The numbers that an input or a gradient holds: of complex ones both parts of each element.
double* numbers_of(const Tensor& x) {
  if (!x.is_complex()) return x.data<double>();
  return reinterpret_cast<double*>(x.data<std::complex<double>>());
}

/// Fixed weights that make one number of all differentiable results, so that one backward pass per
/// input checks every element: d(sum w y)/dx, of complex results d(Re sum conj(w) y)/dx. None of
/// them is 0, of which nothing would be seen.
std::vector<Tensor> weights_of(const std::vector<Tensor>& results) {
  std::vector<Tensor> weights;
  for (const Tensor& result : results) {
    const bool used = result.defined() && is_differentiable(result.dtype());
    const size_t seed = 77 + weights.size();
    Tensor weight;
    if (used) {
      weight = result.is_complex() ? ops::sample_complex(result.sizes(), 0.5, 1.5, seed)
                                   : ops::sample_tensor(result.sizes(), 0.5, 1.5, seed);
      weight = weight.to(result.dtype());
    }
    weights.push_back(weight);
  }
  return weights;
}

double weighted_sum(const CheckedFunction& function, const std::vector<Tensor>& inputs,
                    const std::vector<Tensor>& weights) {
  const std::vector<Tensor> results = function(inputs);
  double total = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!weights[i].defined()) continue;
    const bool complex = results[i].is_complex();
    const Tensor product = results[i] * (complex ? conj(weights[i]) : weights[i]);
    total += sum(complex ? real(product) : product).item<double>();
  }
  return total;
}

std::vector<Tensor> analytic_grads(const CheckedFunction& function,
                                   const std::vector<Tensor>& inputs,
                                   const std::vector<Tensor>& weights) {
  const std::vector<Tensor> results = function(inputs);
  std::vector<Tensor> outputs, start, wanted;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!weights[i].defined() || !results[i].requires_grad()) continue;
    outputs.push_back(results[i]);
    start.push_back(weights[i]);
  }
  for (const Tensor& input : inputs) {
    if (is_checked(input)) wanted.push_back(input);
  }
  if (outputs.empty()) return std::vector<Tensor>(wanted.size());
  return grad(outputs, wanted, start, {.allow_unused = true});
}

/// Copies of the inputs of which one element can be moved.
std::vector<Tensor> movable(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> copies;
  const NoGrad no_grad;
  for (const Tensor& input : inputs) {
    copies.push_back(is_checked(input) ? clone(input).requires_grad_() : input);
  }
  return copies;
}

}  // namespace

bool gradcheck(const CheckedFunction& function, const std::vector<Tensor>& inputs,
               GradcheckOptions options) {
  const std::vector<Tensor> weights = [&] {
    const NoGrad no_grad;
    return weights_of(function(inputs));
  }();
  const std::vector<Tensor> analytic = analytic_grads(function, inputs, weights);
  if (analytic.empty()) {
    fail<ValueError>("gradcheck",
                     "no input is a float64 or complex128 tensor that requires a gradient");
  }
  const std::vector<Tensor> moved = movable(inputs);
  size_t checked = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!is_checked(inputs[i])) continue;
    const Tensor given =
        analytic[checked].defined() ? analytic[checked].contiguous() : zeros_like(moved[i]);
    ++checked;
    double* const element = numbers_of(moved[i]);
    const int64_t parts = inputs[i].is_complex() ? 2 : 1;
    for (int64_t e = 0; e < parts * inputs[i].numel(); ++e) {
      const double middle = element[e];
      element[e] = middle + options.step;
      const double above = weighted_sum(function, moved, weights);
      element[e] = middle - options.step;
      const double below = weighted_sum(function, moved, weights);
      element[e] = middle;
      const double numeric = (above - below) / (2 * options.step);
      const double value = numbers_of(given)[e];
      if (!(std::abs(value - numeric) <= options.absolute + options.relative * std::abs(numeric))) {
        fail<AutogradError>(
            "gradcheck",
            fmt::format("input {}, element {}{}: the gradient is {}, finite "
                        "differences give {}",
                        i, e / parts, e % parts == 0 ? "" : " (imaginary part)", value, numeric));
      }
    }
  }
  return true;
}

bool gradgradcheck(const CheckedFunction& function, const std::vector<Tensor>& inputs,
                   GradcheckOptions options) {
  const std::vector<Tensor> weights = [&] {
    const NoGrad no_grad;
    return weights_of(function(inputs));
  }();
  // The gradient as a function of inputs and of the results' gradients.
  std::vector<Tensor> arguments = inputs;
  std::vector<size_t> used;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!weights[i].defined() || !is_double(weights[i].dtype())) continue;
    used.push_back(i);
    arguments.push_back(clone(weights[i]).requires_grad_());
  }
  const auto gradients = [&](const std::vector<Tensor>& all) {
    const EnableGrad enable;
    const std::vector<Tensor> now(all.begin(),
                                  all.begin() + static_cast<std::ptrdiff_t>(inputs.size()));
    std::vector<Tensor> results = function(now), outputs, start, wanted;
    for (size_t k = 0; k < used.size(); ++k) {
      if (!results[used[k]].requires_grad()) continue;
      outputs.push_back(results[used[k]]);
      start.push_back(all[inputs.size() + k]);
    }
    for (const Tensor& input : now) {
      if (is_checked(input)) wanted.push_back(input);
    }
    if (outputs.empty()) return std::vector<Tensor>(wanted.size());
    return grad(outputs, wanted, start, {.create_graph = true, .allow_unused = true});
  };
  return gradcheck(gradients, arguments, options);
}

}  // namespace tenon
