#pragma once

#include <vector>

#include "tenon/core/tensor.h"

namespace tenon::nn {

/// Scales the gradients of the parameters so that their common norm is at most `max_norm`:
/// g *= min(1, max_norm / (norm + 1e-6)), as PyTorch's. `p` may be infinity (the largest
/// magnitude). Parameters without a gradient are left out. Returns the norm before; it is not
/// finite when a gradient isn't, and the gradients are then left alone.
TENON_API double clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                                 double p = 2);

/// Clamps every element of the gradients to [-limit, limit].
TENON_API void clip_grad_value_(const std::vector<Tensor>& parameters, double limit);

}  // namespace tenon::nn
