#include <gtest/gtest.h>

#include <cmath>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

double largest_difference(const Tensor& a, const Tensor& b) {
  return amax(abs(a - b)).item<double>();
}

TEST(LayerNorm, MatchesItsFormula) {
  manual_seed(1);
  const Tensor x = randn({7, 33}, kFloat64), weight = randn({33}, kFloat64);
  const Tensor bias = randn({33}, kFloat64);
  const Tensor centered = x - mean(x, {1}, true);
  const Tensor expected = centered / sqrt(mean(square(centered), {1}, true) + 1e-5) * weight + bias;
  EXPECT_LT(largest_difference(layer_norm(x, {33}, weight, bias), expected), 1e-12);
  const Tensor root = sqrt(mean(square(x), {1}, true) + 1e-6);
  EXPECT_LT(largest_difference(rms_norm(x, {33}, weight, 1e-6), x / root * weight), 1e-12);
  EXPECT_THROW(layer_norm(x, {32}), ShapeError);
  EXPECT_THROW(layer_norm(x, {33}, bias.slice(0, 1)), ShapeError);
}

TEST(GroupNorm, OneGroupIsLayerNormAndGroupsAreApart) {
  manual_seed(1);
  const Tensor x = randn({2, 4, 3}, kFloat64);
  EXPECT_LT(largest_difference(group_norm(x, 1), layer_norm(x, {4, 3})), 1e-12);
  const Tensor halves = group_norm(x, 2);
  EXPECT_LT(
      largest_difference(halves.slice(1, 0, 2), layer_norm(x.slice(1, 0, 2).contiguous(), {2, 3})),
      1e-12);
  EXPECT_THROW(group_norm(x, 3), ValueError);
}

TEST(BatchNorm, MovesRunningStatisticsAndUsesThem) {
  const Tensor x = tensor({{1.f, 10.f}, {3.f, 30.f}, {5.f, 20.f}});
  const Tensor running_mean = zeros({2}), running_var = ones({2});
  const Tensor y = batch_norm(x, running_mean, running_var, {}, {}, true, 0.1, 0);
  EXPECT_NEAR(y.to_vector<float>()[0], -std::sqrt(1.5f), 1e-5);
  EXPECT_NEAR(running_mean.to_vector<float>()[1], 2, 1e-6);
  EXPECT_NEAR(running_var.to_vector<float>()[0], 0.9 + 0.1 * 4, 1e-5);    // unbiased: 4
  EXPECT_NEAR(running_var.to_vector<float>()[1], 0.9 + 0.1 * 100, 1e-4);  // unbiased: 100
  const Tensor z = batch_norm(x, running_mean, running_var, {}, {}, false, 0.1, 0);
  EXPECT_NEAR(z.to_vector<float>()[0], (1 - 0.3) / std::sqrt(1.3), 1e-5);
  EXPECT_THROW(batch_norm(x, {}, {}), ValueError);
  EXPECT_THROW(batch_norm(x.slice(0, 0, 1), {}, {}, {}, {}, true), ValueError);
  EXPECT_THROW(batch_norm(x, ones({3}), ones({3})), ShapeError);
}

TEST(BatchNorm, GradientOfImagesSumsToZeroPerChannel) {
  manual_seed(1);
  Tensor x = randn({4, 3, 5, 5}, kFloat64), weight = ones({3}, kFloat64);
  x.requires_grad_();
  weight.requires_grad_();
  const Tensor y = batch_norm(x, {}, {}, weight, {}, true);
  sum(y * randn({4, 3, 5, 5}, kFloat64)).backward();
  EXPECT_LT(amax(abs(sum(x.grad(), {0, 2, 3}))).item<double>(), 1e-12);
  EXPECT_EQ(weight.grad().sizes(), (Shape{3}));
}

TEST(Dropout, ScalesKeepsItsMaskForTheGradientAndFollowsTheSeed) {
  manual_seed(7);
  Tensor x = ones({1000});
  x.requires_grad_();
  const Tensor y = dropout(x, 0.25);
  sum(y).backward();
  EXPECT_EQ(x.grad().to_vector<float>(), y.to_vector<float>());
  EXPECT_NEAR(mean(y).item<float>(), 1, 0.1);
  EXPECT_EQ(amax(y).item<float>(), 1 / 0.75f);
  manual_seed(7);
  EXPECT_EQ(dropout(x, 0.25).to_vector<float>(), y.to_vector<float>());
  EXPECT_NE(dropout(x, 0.25).to_vector<float>(), y.to_vector<float>());
  EXPECT_EQ(sum(dropout(x, 1)).item<float>(), 0);
  EXPECT_TRUE(dropout(x, 0.25, false).is_same(x));
  EXPECT_THROW(dropout(x, 1.5), ValueError);
}

}  // namespace
}  // namespace tenon
