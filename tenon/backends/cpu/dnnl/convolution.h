#pragma once

#include <cstdint>

#include "tenon/core/dtype.h"

namespace tenon::cpu {

/// Sizes of a 2-d convolution (a 1-d one has height 1). Tensors are contiguous: x is
/// [n, ic, ih, iw], w is [oc, ic / groups, kh, kw], y is [n, oc, oh, ow], with
/// oh = floor((ih + 2 padding_h - dilation_h (kh - 1) - 1) / stride_h) + 1, ow likewise.
struct ConvArgs {
  DType dtype = kFloat32;
  int64_t n = 0, ic = 0, oc = 0, groups = 1;
  int64_t ih = 1, iw = 0, oh = 1, ow = 0, kh = 1, kw = 0;
  int64_t stride_h = 1, stride_w = 1, padding_h = 0, padding_w = 0;
  int64_t dilation_h = 1, dilation_w = 1;
};

// The results don't depend on the number of threads. Each throws DTypeError for dtypes other than
// the floating ones, and OutOfMemoryError when there is no room to work in. Results are written
// whole; they must not overlap the operands.

/// y = x * w (+ bias, [oc], where not null).
void convolution_forward(const ConvArgs& args, const void* x, const void* w, const void* bias,
                         void* y);
/// dx, the gradient of x, from dy, the gradient of y.
void convolution_backward_data(const ConvArgs& args, const void* dy, const void* w, void* dx);
/// dw, and dbias where not null: the sums of dy over images and places.
void convolution_backward_weights(const ConvArgs& args, const void* x, const void* dy, void* dw,
                                  void* dbias);

}  // namespace tenon::cpu
