#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

using List = std::vector<int64_t>;

List numbers(const Tensor& x) { return x.to_vector<int64_t>(); }

TEST(Conv, HandComputed) {
  const Tensor x = arange(9).reshape({1, 1, 3, 3}).to(kFloat32);
  const Tensor w = tensor({1.f, 2.f, 3.f, 4.f}).reshape({1, 1, 2, 2});
  EXPECT_EQ(numbers(conv2d(x, w)), (List{27, 37, 57, 67}));
  EXPECT_EQ(numbers(conv2d(x, w, tensor({1.f}), {2}, {1})), (List{1, 12, 31, 68}));
  EXPECT_EQ(numbers(conv2d(x, w, {}, {1}, {0}, {2})), (List{0 + 4 + 18 + 32}));
  EXPECT_EQ(numbers(conv1d(arange(4).reshape({1, 4}).to(kFloat32),
                           tensor({1.f, -1.f}).reshape({1, 1, 2}))),
            (List{-1, -1, -1}));
  EXPECT_THROW(conv2d(x, zeros({1, 2, 2, 2})), ShapeError);
  EXPECT_THROW(conv2d(x, zeros({1, 1, 5, 2})), ShapeError);
  EXPECT_THROW(conv2d(x, w, {}, {0}), ValueError);
  EXPECT_THROW(conv2d(x, w.to(kFloat64)), DTypeError);
}

TEST(Conv, GradientsOfNoImagesAreZero) {
  const auto [dweight, dbias] = conv2d_backward_weight(zeros({0, 2, 2, 2}), zeros({0, 1, 3, 3}),
                                                       {2, 1, 2, 2}, {1}, {0}, {1}, 1);
  EXPECT_EQ(numbers(dweight), List(8, 0));
  EXPECT_EQ(numbers(dbias), List(2, 0));
}

TEST(Pool, HandComputed) {
  const Tensor x = arange(25).reshape({1, 5, 5}).to(kFloat32);
  EXPECT_EQ(numbers(max_pool2d(x, {2})), (List{6, 8, 16, 18}));
  EXPECT_EQ(numbers(max_pool2d(x, {2}, {}, {0}, {1}, true)),
            (List{6, 8, 9, 16, 18, 19, 21, 23, 24}));
  EXPECT_EQ(numbers(std::get<1>(max_pool2d_with_indices(x, {3}, {2}, {1}))),
            (List{6, 8, 9, 16, 18, 19, 21, 23, 24}));
  EXPECT_EQ(numbers(avg_pool2d(x, {2})), (List{3, 5, 13, 15}));
  EXPECT_EQ(numbers(avg_pool2d(x, {3}, {2}, {1}, false, false).select(1, 0)), (List{3, 4, 6}));
  EXPECT_EQ(numbers(adaptive_avg_pool2d(x, {1})), (List{12}));
  EXPECT_EQ(numbers(adaptive_avg_pool1d(arange(5).reshape({1, 5}).to(kFloat32), {2}) * 2),
            (List{2, 6}));
  EXPECT_THROW(max_pool2d(x, {2}, {1}, {2}), ValueError);
}

}  // namespace
}  // namespace tenon
