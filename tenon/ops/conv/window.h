#pragma once

#include <string_view>

#include "tenon/core/tensor.h"

namespace tenon::ops {

/// Height and width of an argument that gives one number for both, or each.
struct Pair {
  int64_t height = 0, width = 0;
};
/// Throws ValueError naming `call` and `argument` unless there are one or two numbers from `least`
/// to 2^31.
Pair pair_of(std::string_view call, std::string_view argument, IntList values, int64_t least);
/// An argument of a 1-d op for the 2-d one of height 1: {height, value}. Throws ValueError unless
/// there is one number from `least` to 2^31.
Shape with_height(std::string_view call, std::string_view argument, IntList values, int64_t height,
                  int64_t least);

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
  /// Steps of a pooling, whose every window has an element of the input. Throws ShapeError.
  Pair pooling_steps(std::string_view call, int64_t height, int64_t width) const;
};

/// Throws ShapeError unless `x` is [n, c, h, w] or [c, h, w].
void check_images(std::string_view call, const Tensor& x);
/// Throws ShapeError unless `dy` is [n, c, ...] or [c, ...] like the `sizes` of what was pooled.
void check_pooled(std::string_view call, const Tensor& dy, IntList sizes);
/// Throws ShapeError unless `x` is [n, c, length] or [c, length].
void check_sequences(std::string_view call, const Tensor& x);

}  // namespace tenon::ops
