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

/// What a convolution of a compiled function does beside: how its images lie in memory, and what
/// happens to them while they are in the cache.
struct ConvBlock {
  /// Channels that lie together, [n, channels / width, h, w, width]; 0: row-major. They divide the
  /// channels.
  int64_t x_width = 0, y_width = 0;
  bool relu = false;  ///< forward: y = the largest of 0 and y
  /// Not null: y is row-major, the largest of each 2 x 2 of relu(y), dy its gradient, and this is
  /// where it is (`pool_block`), in blocks of 16 channels. Forward writes it.
  uint8_t* places = nullptr;
  const void* result = nullptr;  ///< backward data: dx = 0 where this, in dx's layout, is 0
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

// The same for blocks, in float32 and bfloat16. False, having done nothing, where there is no way
// that is faster than the parts: for few images, other dtypes, layouts that oneDNN hasn't got.

bool convolution_block_forward(const ConvArgs& args, const ConvBlock& block, const void* x,
                               const void* w, const void* bias, void* y);
bool convolution_block_backward_data(const ConvArgs& args, const ConvBlock& block, const void* dy,
                                     const void* w, void* dx);
bool convolution_block_backward_weights(const ConvArgs& args, const ConvBlock& block, const void* x,
                                        const void* dy, void* dw, void* dbias);

}  // namespace tenon::cpu
