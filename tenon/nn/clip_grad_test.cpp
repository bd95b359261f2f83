#include "tenon/nn/clip_grad.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/functions.h"

namespace tenon::nn {
namespace {

/// Parameters with the gradients (3, 3) and (4), and one without.
std::vector<Tensor> parameters() {
  std::vector<Tensor> list{zeros({2}), zeros({1}), zeros({1})};
  for (Tensor& tensor : list) tensor.requires_grad_();
  list[0].set_grad(full({2}, 3.0));
  list[1].set_grad(full({1}, 4.0));
  return list;
}

TEST(ClipGrad, ScalesToTheNorm) {
  const std::vector<Tensor> list = parameters();
  const double total = std::sqrt(9.0 + 9 + 16);
  EXPECT_NEAR(clip_grad_norm_(list, 1), total, 1e-6);
  EXPECT_NEAR(list[0].grad().to_vector<double>()[1], 3 / total, 1e-6);
  EXPECT_NEAR(list[1].grad().item().to_double(), 4 / total, 1e-6);
}

TEST(ClipGrad, LeavesSmallGradients) {
  const std::vector<Tensor> list = parameters();
  EXPECT_NEAR(clip_grad_norm_(list, 4, std::numeric_limits<double>::infinity()), 4, 1e-6);
  clip_grad_norm_(list, 100);
  EXPECT_NEAR(list[1].grad().item().to_double(), 4, 1e-5);
  EXPECT_THROW(clip_grad_norm_(list, -1), ValueError);
}

TEST(ClipGrad, TellsInfiniteNorms) {
  const std::vector<Tensor> list = parameters();
  list[1].grad().fill_(std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(std::isnan(clip_grad_norm_(list, 1)));
  EXPECT_EQ(list[0].grad().to_vector<float>()[0], 3);
}

TEST(ClipGrad, ClampsValues) {
  const std::vector<Tensor> list = parameters();
  clip_grad_value_(list, 3.5);
  EXPECT_EQ(list[0].grad().to_vector<float>()[0], 3);
  EXPECT_EQ(list[1].grad().item<float>(), 3.5f);
}

}  // namespace
}  // namespace tenon::nn
