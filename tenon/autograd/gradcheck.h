#pragma once

#include <functional>
#include <vector>

#include "tenon/core/tensor.h"

namespace tenon {

/// Tolerances of `gradcheck`: |analytic - numeric| <= absolute + relative |numeric|.
struct GradcheckOptions {
  double step = 1e-6;  ///< of the central differences
  double absolute = 1e-5;
  double relative = 1e-3;
};

/// Whether the gradients of `function` agree with central finite differences at `inputs`: all
/// elements of all differentiable results with respect to all elements of the float64 (or
/// complex128) inputs that require a gradient. Throws AutogradError that names the first element
/// that differs, ValueError when no input can be checked.
TENON_API bool gradcheck(
    const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& function,
    const std::vector<Tensor>& inputs, GradcheckOptions options = {});
/// The same for the gradients themselves: checks second derivatives, with fixed pseudo-random
/// gradients of the results.
TENON_API bool gradgradcheck(
    const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& function,
    const std::vector<Tensor>& inputs, GradcheckOptions options = {});

}  // namespace tenon
