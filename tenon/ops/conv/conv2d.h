#pragma once

#include <string_view>

#include "tenon/dispatch/call.h"

// What conv2d, its gradients, and the blocks that compiled functions make of them type alike.
namespace tenon::ops {

/// The result of conv2d. Throws ShapeError, DTypeError and ValueError where operands don't go
/// together.
Spec conv2d_spec(const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                 IntList padding, IntList dilation, int64_t groups);
/// A gradient's `dy` has the sizes and dtype of the result that it is a gradient of; half the
/// height and width where that is `pooled`.
void check_gradient(std::string_view call, const Tensor& dy, const Tensor& other, IntList x,
                    IntList weight, IntList stride, IntList padding, IntList dilation,
                    int64_t groups, bool pooled = false);

}  // namespace tenon::ops
