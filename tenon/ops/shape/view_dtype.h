#pragma once

#include "tenon/core/tensor.h"

namespace tenon {

/// The bytes of `x` as elements of another dtype: a view, without a gradient. Elements of the same
/// size keep sizes and strides. Elsewhere the last dim holds more or fewer of them: it has stride
/// 1, and smaller elements make it as many times longer; to larger ones its size, the other strides
/// and the offset must be whole. Throws ShapeError where they aren't or `x` is 0-d, DTypeError to
/// bool, as most bytes are neither true nor false.
TENON_API Tensor view_dtype(const Tensor& x, DType dtype);

}  // namespace tenon
