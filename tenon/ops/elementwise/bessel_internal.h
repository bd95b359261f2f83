#pragma once

#include "tenon/core/tensor.h"

namespace tenon::ops {

/// Whether x is so small that I1(x) / x and J1(x) / x, 1/2 +- x^2 / 16 + ..., are rounded to 1/2.
/// The derivatives of a division by x would be rounding errors over x there.
Tensor is_tiny(const Tensor& x);
/// I1(x) / x or J1(x) / x, from the function's values.
Tensor over_x(const Tensor& bessel, const Tensor& x);

}  // namespace tenon::ops
