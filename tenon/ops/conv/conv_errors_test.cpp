// Convolutions and pooling that can't be: a typed error that names the call that the user made.

#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"

namespace tenon {
namespace {

constexpr int64_t kHuge = int64_t{1} << 31, kBeyond = int64_t{1} << 40;

TEST(ConvErrors, Sizes) {
  const Tensor x = zeros({2, 4, 5, 5}), w = zeros({6, 4, 3, 3});
  EXPECT_MESSAGE(ShapeError, "[conv2d] expected x [n, c, h, w] or [c, h, w], got [5, 5]",
                 conv2d(zeros({5, 5}), w));
  EXPECT_MESSAGE(ShapeError,
                 "[conv2d] expected weight [out, in / groups, kh, kw], got [6, 4, 0, 3]",
                 conv2d(x, zeros({6, 4, 0, 3})));
  EXPECT_MESSAGE(ShapeError,
                 "[conv2d] x of [2, 4, 5, 5] has 4 channels, so with groups = 1 expected weight "
                 "[out, 4, ...], got [6, 3, 3, 3]",
                 conv2d(x, zeros({6, 3, 3, 3})));
  EXPECT_MESSAGE(ShapeError, "[conv2d] 3 groups don't divide the 4 channels of x [2, 4, 5, 5]",
                 conv2d(x, w, {}, {1}, {0}, {1}, 3));
  EXPECT_MESSAGE(ShapeError, "groups don't divide", conv2d(x, w, {}, {1}, {0}, {1}, kBeyond));
  EXPECT_MESSAGE(ValueError, "[conv2d] expected groups of at least 1, got 0",
                 conv2d(x, w, {}, {1}, {0}, {1}, 0));
  EXPECT_MESSAGE(ShapeError, "[conv2d] expected a bias of [6], got [4]", conv2d(x, w, zeros({4})));
  EXPECT_MESSAGE(ShapeError,
                 "[conv2d] a kernel of 3 (dilation 3) is larger than the padded input of 5",
                 conv2d(x, w, {}, {1}, {0}, {3}));
  EXPECT_MESSAGE(DTypeError,
                 "[conv2d] expected x, weight and bias of one dtype, got float32, "
                 "float32 and float64",
                 conv2d(x, w, zeros({6}, kFloat64)));
  EXPECT_MESSAGE(DTypeError, "[conv2d] argument 0 is int64", conv2d(x.to(kInt64), w.to(kInt64)));
}

TEST(ConvErrors, ArgumentsOutOfRange) {
  const Tensor x = zeros({1, 1, 5, 5}), w = zeros({1, 1, 2, 2});
  EXPECT_MESSAGE(ValueError, "[conv2d] expected stride from 1 to 2^31, got 0",
                 conv2d(x, w, {}, {0}));
  EXPECT_MESSAGE(ValueError, "[conv2d] expected padding from 0 to 2^31, got -1",
                 conv2d(x, w, {}, {1}, {-1}));
  EXPECT_MESSAGE(ValueError, "[conv2d] expected dilation from 1 to 2^31, got 1099511627776",
                 conv2d(x, w, {}, {1}, {0}, {kBeyond}));
  EXPECT_MESSAGE(ValueError, "[conv2d] expected one or two numbers as stride, got [1, 1, 1]",
                 conv2d(x, w, {}, {1, 1, 1}));
  EXPECT_MESSAGE(ShapeError, "is larger than the padded input",
                 conv2d(x, w, {}, {1}, {0}, {kHuge}));
  // A kernel that is large only because it is expanded: its reach doesn't fit 64 bits.
  const Tensor wide = zeros({1, 1, 1, 1}).expand({1, 1, 1, kBeyond});
  EXPECT_MESSAGE(ShapeError, "is larger than the padded input",
                 conv2d(x, wide, {}, {1}, {0}, {kHuge}));
  // 2^32 squared windows.
  EXPECT_THROW(conv2d(x, w, {}, {1}, {kHuge}), Error);
  // Huge steps over a huge border leave few windows.
  const Tensor far =
      conv2d(zeros({1, 1, 3, 3}), zeros({1, 1, 1, 1}), tensor({2.f}), {kHuge}, {kHuge});
  EXPECT_EQ(far.to_vector<float>(), std::vector<float>(9, 2));
}

TEST(ConvErrors, OneDimensionalFormsNameThemselves) {
  const Tensor x = zeros({2, 4, 5}), w = zeros({6, 4, 3});
  EXPECT_MESSAGE(ShapeError, "[conv1d] expected x [n, c, length] or [c, length], got [5]",
                 conv1d(zeros({5}), w));
  EXPECT_MESSAGE(ShapeError, "[conv1d] expected weight [out, in / groups, k], got [6, 4, 3, 3]",
                 conv1d(x, zeros({6, 4, 3, 3})));
  EXPECT_MESSAGE(ShapeError, "[conv1d] a kernel of 3 (dilation 4) is larger than the padded input",
                 conv1d(x, w, {}, {1}, {1}, {4}));
  EXPECT_MESSAGE(ValueError, "[conv1d] expected one number as stride, got [1, 1]",
                 conv1d(x, w, {}, {1, 1}));
  EXPECT_MESSAGE(ValueError, "[conv1d] expected padding from 0 to 2^31, got -1",
                 conv1d(x, w, {}, {1}, {-1}));
  EXPECT_MESSAGE(DTypeError, "[conv1d] expected x, weight and bias of one dtype",
                 conv1d(x, w.to(kFloat64)));
  EXPECT_MESSAGE(ShapeError, "[max_pool1d] a kernel of 6 (dilation 1) is larger than the padded",
                 max_pool1d(x, {6}));
  EXPECT_MESSAGE(ValueError, "[max_pool1d] padding 2 is more than half the kernel_size 3",
                 max_pool1d(x, {3}, {}, {2}));
  EXPECT_MESSAGE(ValueError, "[avg_pool1d] expected one number as kernel_size, got [2, 2]",
                 avg_pool1d(x, {2, 2}));
  EXPECT_MESSAGE(ShapeError, "[avg_pool1d] expected x [n, c, length]", avg_pool1d(zeros({5}), {2}));
  EXPECT_MESSAGE(ValueError, "[adaptive_avg_pool1d] expected output_size from 1 to 2^31, got 0",
                 adaptive_avg_pool1d(x, {0}));
  EXPECT_MESSAGE(ValueError,
                 "[adaptive_max_pool1d_with_indices] expected output_size from 1 to 2^31",
                 adaptive_max_pool1d_with_indices(x, {0}));
}

TEST(PoolErrors, Windows) {
  const Tensor x = zeros({1, 2, 4, 5});
  EXPECT_MESSAGE(ValueError, "[max_pool2d] expected kernel_size from 1 to 2^31, got 0",
                 max_pool2d(x, {0}));
  EXPECT_MESSAGE(ValueError, "[max_pool2d] expected stride from 1 to 2^31, got -2",
                 max_pool2d(x, {2}, {-2}));
  EXPECT_MESSAGE(ShapeError, "[max_pool2d] a kernel of 5", max_pool2d(x, {5}));
  EXPECT_MESSAGE(ShapeError, "[avg_pool2d] a kernel of 6", avg_pool2d(x, {4, 6}));
  // The only window would read its two rows above and below the image.
  EXPECT_MESSAGE(ShapeError,
                 "[max_pool2d] a window with dilation 5 steps over the whole input of 4",
                 max_pool2d(x, {2}, {1}, {1}, {5}));
  EXPECT_MESSAGE(ShapeError, "[max_pool2d] the images have no elements to pool",
                 max_pool2d(zeros({1, 2, 4, 0}), {2}, {1}, {1}));
  EXPECT_MESSAGE(ShapeError, "[avg_pool2d] the images have no elements to pool",
                 avg_pool2d(zeros({1, 2, 0, 4}), {2}, {1}, {1}));
  EXPECT_MESSAGE(ShapeError, "[adaptive_avg_pool2d] x of [1, 2, 0, 4] has nothing to average",
                 adaptive_avg_pool2d(zeros({1, 2, 0, 4}), {2}));
  EXPECT_MESSAGE(ShapeError, "[adaptive_max_pool2d] x of [1, 2, 0, 4] has nothing to pool",
                 adaptive_max_pool2d(zeros({1, 2, 0, 4}), {2}));
  EXPECT_MESSAGE(ShapeError, "[adaptive_max_pool3d] expected x",
                 adaptive_max_pool3d(zeros({4, 4}), {2}));
  // One window of 2^31 elements a side, all but 9 of them padding.
  const Tensor whole = avg_pool2d(ones({1, 3, 3}), {kHuge}, {kHuge}, {kHuge / 2}, false, false);
  EXPECT_EQ(whole.to_vector<float>(), (std::vector<float>{1}));
  EXPECT_EQ(max_pool2d(ones({1, 3, 3}), {kHuge}, {kHuge}, {kHuge / 2}).numel(), 1);
}

TEST(PoolErrors, BackwardOpsTrustNothing) {
  const Tensor dy = ones({1, 2, 2, 2}), places = zeros({1, 2, 2, 2}, kInt64);
  const auto with_place = [&](int64_t place) {
    Tensor indices = places.clone();
    indices.data<int64_t>()[5] = place;
    return indices;
  };
  EXPECT_MESSAGE(IndexError, "[max_pool2d_backward] index 16 is outside a plane of 16 elements",
                 max_pool2d_backward(dy, with_place(16), {1, 2, 4, 4}));
  EXPECT_MESSAGE(IndexError, "index -1 is outside a plane",
                 max_pool2d_backward(dy, with_place(-1), {1, 2, 4, 4}));
  EXPECT_MESSAGE(IndexError, "index 4611686018427387904 is outside a plane",
                 max_pool2d_backward(dy, with_place(int64_t{1} << 62), {1, 2, 4, 4}));
  EXPECT_MESSAGE(ShapeError, "[max_pool2d_backward] expected indices of dy's sizes",
                 max_pool2d_backward(dy, zeros({1, 2, 2, 1}, kInt64), {1, 2, 4, 4}));
  EXPECT_MESSAGE(ShapeError, "[max_pool2d_backward] expected dy and sizes with the same dims",
                 max_pool2d_backward(dy, places, {1, 1, 4, 4}));
  EXPECT_MESSAGE(ShapeError, "[max_pool2d_backward]", max_pool2d_backward(dy, places, {4}));
  EXPECT_MESSAGE(DTypeError, "[max_pool2d_backward]",
                 max_pool2d_backward(dy, places.to(kInt32), {1, 2, 4, 4}));
  EXPECT_MESSAGE(ShapeError, "[avg_pool2d_backward] such windows over x of [1, 2, 9, 9] don't give",
                 avg_pool2d_backward(dy, {1, 2, 9, 9}, {2}, {2}, {0}, true));
  EXPECT_MESSAGE(ShapeError, "[avg_pool2d_backward] expected dy and sizes with the same dims",
                 avg_pool2d_backward(dy, {1, 1, 4, 4}, {2}, {2}, {0}, true));
  EXPECT_MESSAGE(ShapeError, "[conv2d_backward_input] conv2d of x [1, 3, 9, 9]",
                 conv2d_backward_input(dy, zeros({2, 3, 2, 2}), {1, 3, 9, 9}, {1}, {0}, {1}, 1));
  EXPECT_MESSAGE(ShapeError, "[conv2d_backward_input] expected x [n, c, h, w]",
                 conv2d_backward_input(dy, zeros({2, 3, 2, 2}), {3}, {1}, {0}, {1}, 1));
  EXPECT_MESSAGE(ShapeError, "[conv2d_backward_weight]",
                 conv2d_backward_weight(dy, zeros({1, 3, 3, 3}), {2, 3, 9}, {1}, {0}, {1}, 1));
  EXPECT_MESSAGE(ShapeError, "[conv2d_backward_weight] conv2d of x [1, 3, 3, 3]",
                 conv2d_backward_weight(dy, zeros({1, 3, 3, 3}), {2, 3, 3, 3}, {1}, {0}, {1}, 1));
  EXPECT_MESSAGE(
      DTypeError, "[conv2d_backward_weight] expected tensors of one dtype",
      conv2d_backward_weight(dy, zeros({1, 3, 3, 3}, kFloat64), {2, 3, 2, 2}, {1}, {0}, {1}, 1));
}

}  // namespace
}  // namespace tenon
