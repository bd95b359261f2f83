#pragma once

#include <cstdint>

#include "tenon/core/dtype.h"

// What is done to images in blocks of channels while they are in the cache. float32 and bfloat16;
// on the calling thread.
namespace tenon::cpu {

/// Channels that these functions take at once.
inline constexpr int64_t kBlockChannels = 16;

/// x = the largest of 0 and x. NaN stays.
void relu_in_place(DType dtype, void* x, int64_t count);
/// dx = 0 where `result`, a relu's, is 0: relu's gradient.
void mask_in_place(DType dtype, void* dx, const void* result, int64_t count);

/// An image of which 8 or 16 channels lie side by side, and `stride`
/// elements from place to place.
struct BlockImage {
  int64_t height, width, stride, channels = kBlockChannels;
};

/// The largest of each 2 x 2 of relu(z), and where it is: 0 to 3 from the upper left, the first
/// where several are equal, 4 where none is above 0. NaN is the largest, the last one. Both in
/// blocks of 16, [height / 2, width / 2, 16].
void pool_block(DType dtype, const void* z, const BlockImage& image, void* values, uint8_t* places);
/// dz = its gradient: `dy`, the values', at the places, 0 elsewhere.
void unpool_block(DType dtype, const void* dy, const uint8_t* places, const BlockImage& image,
                  void* dz);

/// z, 16 channels of it, = bias + the sum of 3 x 3 filters that step by one over the `x_channels`
/// channels of an image, row-major, `x_width` wide, and two larger than z in both directions; where
/// `relu`, the largest of 0 and that. `filters` are [x_channels, 3, 3, 16], `bias` [16].
struct FewChannelsFilter {
  const float *x, *filters, *bias;
  int64_t x_channels, x_width;
  bool relu;
};
void filter_few_channels(DType dtype, const FewChannelsFilter& filter, const BlockImage& image,
                         void* z);

/// The gradients of 3 x 3 filters that step by one over one channel of an image, and of the bias:
/// to sums[3, 3, 16] is added dz times x, to sums[9, 0 to 15] dz. `x` is row-major, `x_width` wide,
/// and two larger than dz in both directions. For 16 channels.
void add_filter_gradients(DType dtype, const float* x, int64_t x_width, const void* dz,
                          const BlockImage& image, float* sums);

}  // namespace tenon::cpu
