#pragma once

#include <string_view>

#include "tenon/core/tensor.h"

namespace tenon::ops {

/// The dim of the classes in inputs of [C], [N, C] and [N, C, d1, ...].
inline int64_t class_dim(const Shape& input_sizes) { return input_sizes.size() > 1 ? 1 : 0; }
inline int64_t class_dim(const Tensor& input) { return class_dim(input.sizes()); }

/// Checks class labels against an input of [C], [N, C] or [N, C, d1, ...]. Throws ShapeError when
/// their sizes are not its without the class dim, DTypeError when they are no integers, IndexError
/// on the first label that is neither `ignore_index` nor in [0, C).
void check_labels(std::string_view call, const Tensor& input, const Tensor& target,
                  int64_t ignore_index);

/// Class weights [C] shaped to broadcast against the input. Throws ShapeError.
Tensor class_weights(std::string_view call, const Tensor& input, const Tensor& weight);

/// A tensor of one number a row, repeated along the input's classes.
Tensor along_classes(const Tensor& row, const Shape& input_sizes);

/// `x`, of the input's sizes, at each row's label, else 0; 0 in rows whose label is `ignore_index`.
Tensor at_labels(const Tensor& x, const Tensor& target, int64_t ignore_index);

}  // namespace tenon::ops
