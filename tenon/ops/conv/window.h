#pragma once

#include <string_view>

#include "tenon/core/tensor.h"

namespace tenon::ops {

/// Height and width of an argument that gives one number for both, or each.
struct Pair {
  int64_t height = 0, width = 0;
};
/// Throws ValueError naming `call` and `argument` unless there are one or two numbers of at least
/// `least`.
Pair pair_of(std::string_view call, std::string_view argument, IntList values, int64_t least);

/// How a window of a convolution or pooling steps over an image.
struct Window {
  Pair kernel, stride, padding, dilation{1, 1};
  bool ceil_mode = false;

  /// The window of a pooling; without strides, windows lie side by side. Throws ValueError where a
  /// window could lie outside the input: padding is at most half the kernel.
  static Window of_pooling(std::string_view call, IntList kernel_size, IntList stride,
                           IntList padding, IntList dilation, bool ceil_mode);
  /// Steps over an input of these sizes. Throws ShapeError where the window doesn't fit.
  Pair steps(std::string_view call, int64_t height, int64_t width) const;
};

/// 2-d tensors of images: [n, c, h, w], or one image [c, h, w].
void check_images(std::string_view call, const Tensor& x);
/// A 1-d op as a 2-d one of height 1: {1, value} or {0, value}. Throws ValueError unless there is
/// at most one number.
Shape with_height(std::string_view call, std::string_view argument, IntList values, int64_t height);

}  // namespace tenon::ops
