#pragma once

#include <cstdint>

#include "tenon/core/dtype.h"

namespace tenon::cpu {

/// Sizes of a 2-d pooling (a 1-d one has height 1) over `planes` = images times channels. Tensors
/// are contiguous: x is [planes, ih, iw], y is [planes, oh, ow]. oh and ow are the caller's, who
/// may have rounded up (ceil_mode): a window that starts inside the padded input may hang over its
/// end. Every window of a max pooling must hold at least one place of the input, which padding <=
/// kernel / 2 (dilation 1) ensures.
struct PoolArgs {
  DType dtype = kFloat32;
  int64_t planes = 0, ih = 1, iw = 0, oh = 1, ow = 0, kh = 1, kw = 1;
  int64_t stride_h = 1, stride_w = 1, padding_h = 0, padding_w = 0;
  int64_t dilation_h = 1, dilation_w = 1;  // of max pooling
  bool count_include_pad = true;           // of average pooling: padding counts in the divisor
};

// The floating dtypes; max pooling forward takes integers too. DTypeError for others. Results don't
// depend on the number of threads.

/// y = the largest value of each window, NaN if there is one; indices (int64, null if not wanted) =
/// its place iy * iw + ix in the plane, of the first one when several are equal.
void max_pool_forward(const PoolArgs& args, const void* x, void* y, int64_t* indices);
/// dx = dy added up at the places that `indices` names, zero elsewhere. Throws IndexError where one
/// is outside its plane.
void max_pool_backward(const PoolArgs& args, const void* dy, const int64_t* indices, void* dx);

/// y = the mean of each window; the divisor counts the places of the window inside the input, with
/// count_include_pad those inside the padded input.
void avg_pool_forward(const PoolArgs& args, const void* x, void* y);
/// dx = dy / divisor added up over the windows that hold each place.
void avg_pool_backward(const PoolArgs& args, const void* dy, void* dx);

}  // namespace tenon::cpu
