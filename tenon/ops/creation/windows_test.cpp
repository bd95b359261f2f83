#include <gtest/gtest.h>

#include <cmath>

#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"

namespace tenon {
namespace {

TEST(Windows, KaisersOfALargeBetaIsFinite) {
  // i0(1000) is beyond float64; that of the middle over it is 1.
  const Tensor window = kaiser_window(5, false, 1000, kFloat64);
  EXPECT_EQ(window[2].item<double>(), 1);
  // i0(x) = e^x / sqrt(2 pi x) (1 + 1 / 8x + ...): at x = 1000 sqrt(3 / 4), over that at 1000.
  const double x = 1000 * std::sqrt(0.75);
  const double expected = std::exp(x - 1000) * std::sqrt(1000 / x) *
                          (1 + 1 / (8 * x) + 9 / (128 * x * x)) / (1 + 1 / 8e3 + 9 / 128e6);
  EXPECT_NEAR(window[1].item<double>() / expected, 1, 1e-9);
}

TEST(Windows, Mistakes) {
  EXPECT_MESSAGE(ValueError, "[kaiser_window] expected beta of at least 0, got -1",
                 kaiser_window(4, true, -1));
  EXPECT_MESSAGE(ValueError, "[signal_windows_gaussian] expected std above 0, got 0",
                 signal_windows_gaussian(4, 0));
  EXPECT_MESSAGE(ValueError, "[signal_windows_exponential] expected tau above 0, got -2",
                 signal_windows_exponential(4, {}, -2));
  EXPECT_MESSAGE(ValueError, "a symmetric window has its center in the middle",
                 signal_windows_exponential(4, 1.0));
  EXPECT_MESSAGE(ValueError, "[signal_windows_general_cosine] expected at least one weight",
                 signal_windows_general_cosine(4, FloatList()));
  EXPECT_MESSAGE(ValueError, "[signal_windows_cosine] expected a length of at least 0, got -3",
                 signal_windows_cosine(-3));
  EXPECT_MESSAGE(DTypeError, "[signal_windows_gaussian] expected one of",
                 signal_windows_gaussian(4, 1, true, kInt64));
}

TEST(EmptyStrided, HasTheStridesAndItsMemoryToItself) {
  const Tensor x = empty_strided({2, 3}, {1, 2}, kFloat64);
  EXPECT_EQ(x.strides(), (Shape{1, 2}));
  EXPECT_FALSE(x.is_view());
  x.copy_(arange(0, 6, 1, kFloat64).view({2, 3}));
  EXPECT_EQ(x[1][0].item<double>(), 3);
  EXPECT_EQ(empty_strided({2, 0, 3}, {7, 7, 7}).numel(), 0);
  EXPECT_EQ(empty_strided({}, {}).numel(), 1);
}

TEST(EmptyStrided, Mistakes) {
  EXPECT_MESSAGE(ShapeError, "[empty_strided] expected a stride for each size, got sizes [2, 3]",
                 empty_strided({2, 3}, {1}));
  EXPECT_MESSAGE(ShapeError, "sizes [2] and strides [-1] must not be negative",
                 empty_strided({2}, {-1}));
  EXPECT_MESSAGE(ShapeError, "reach over more than 2^63 elements",
                 empty_strided({3, 3}, {INT64_MAX / 2, INT64_MAX / 2}));
}

TEST(SumToSize, Mistakes) {
  EXPECT_MESSAGE(ShapeError, "[sum_to_size] expected sizes that broadcast to [2, 3], got [2]",
                 ones({2, 3}).sum_to_size({2}));
  EXPECT_MESSAGE(ShapeError, "[sum_to_size] expected sizes that broadcast to [2, 3], got [1, 2, 3]",
                 ones({2, 3}).sum_to_size({1, 2, 3}));
}

}  // namespace
}  // namespace tenon
