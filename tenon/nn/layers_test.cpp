#include "tenon/nn/layers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/nn/nn.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"

namespace tenon {
namespace {

double largest(const Tensor& x) { return amax(abs(x)).item().to_double(); }

TEST(Linear, StartsAsPyTorchs) {
  manual_seed(3);
  const nn::Linear layer(400, 300);
  EXPECT_EQ(layer.weight.sizes(), (Shape{300, 400}));
  // Uniform within 1 / sqrt(400): deviation 0.05 / sqrt(3).
  EXPECT_LE(largest(layer.weight), 0.05);
  EXPECT_GT(largest(layer.weight), 0.0499);
  EXPECT_NEAR(std(layer.weight).item().to_double(), 0.05 / std::sqrt(3.0), 1e-4);
  EXPECT_LE(largest(layer.bias), 0.05);
  EXPECT_THROW(nn::Linear(0, 3), ValueError);
}

TEST(Linear, Computes) {
  nn::Linear layer(2, 1);
  nn::init::constant_(layer.weight, 2);
  nn::init::constant_(layer.bias, 0.5);
  EXPECT_EQ(layer(ones({3, 2})).to_vector<float>(), (std::vector<float>{4.5, 4.5, 4.5}));
}

TEST(Conv2d, HasItsOptions) {
  nn::Conv2d layer(4, 6, {3, 5}, {.stride = {1, 2}, .padding = {1, 2}, .groups = 2});
  EXPECT_EQ(layer.weight.sizes(), (Shape{6, 2, 3, 5}));
  EXPECT_LE(largest(layer.weight), 1 / std::sqrt(30.0));
  EXPECT_EQ(layer(zeros({2, 4, 8, 8})).sizes(), (Shape{2, 6, 8, 4}));
  EXPECT_EQ(layer.description(), "4 -> 6, kernel 3x5, stride=1x2, padding=1x2, groups=2");
  EXPECT_THROW(nn::Conv2d(3, 4, 3, {.groups = 2}), ValueError);
}

TEST(Conv2d, RefusesWindowsThatDoNotExist) {
  EXPECT_MESSAGE(ValueError, "[Conv2d] expected kernel_size of at least 1, got 0",
                 nn::Conv2d(3, 4, 0));
  EXPECT_MESSAGE(ValueError, "[Conv2d] expected kernel_size of at least 1, got 3x-1",
                 nn::Conv2d(3, 4, {3, -1}));
  EXPECT_MESSAGE(ValueError, "[Conv2d] expected stride of at least 1, got 1x0",
                 nn::Conv2d(3, 4, 3, {.stride = {1, 0}}));
  EXPECT_MESSAGE(ValueError, "[Conv2d] expected padding of at least 0, got -1",
                 nn::Conv2d(3, 4, 3, {.padding = -1}));
  EXPECT_MESSAGE(ValueError, "[Conv1d] expected dilation of at least 1, got 0",
                 nn::Conv1d(3, 4, 3, {.dilation = 0}));
}

TEST(Conv1d, MatchesAHandComputedSum) {
  nn::Conv1d layer(1, 1, 3, {.bias = false});
  nn::init::constant_(layer.weight, 1);
  EXPECT_EQ(layer(ones({1, 1, 5})).to_vector<float>(), (std::vector<float>{3, 3, 3}));
}

TEST(BatchNorm, LearnsRunningStatistics) {
  nn::BatchNorm1d layer(1);
  Tensor x = zeros({4, 1});
  for (int i = 0; i < 4; ++i) x.data<float>()[i] = static_cast<float>(2 * i);  // mean 3, var 20/3
  layer(x);
  EXPECT_NEAR(layer.running_mean.item().to_double(), 0.3, 1e-6);
  EXPECT_NEAR(layer.running_var.item().to_double(), 0.9 + 0.1 * 20.0 / 3, 1e-6);
  EXPECT_EQ(layer.num_batches_tracked.item<int64_t>(), 1);
  layer.eval();
  const double expected = (0 - 0.3) / std::sqrt(0.9 + 2.0 / 3 + 1e-5);
  EXPECT_NEAR(layer(x).to_vector<double>()[0], expected, 1e-6);
  EXPECT_EQ(layer.num_batches_tracked.item<int64_t>(), 1);
  EXPECT_THROW(layer(zeros({1, 1, 1, 1})), ShapeError);
}

TEST(BatchNorm, AveragesWithoutMomentum) {
  nn::BatchNorm1d layer(1, {.momentum = std::nullopt});
  layer(full({2, 1}, 4.0));
  layer(full({2, 1}, 8.0));
  EXPECT_NEAR(layer.running_mean.item().to_double(), 6, 1e-6);
}

TEST(Norms, GiveMeanZeroAndUnitVariance) {
  manual_seed(1);
  const Tensor x = randn({3, 8});
  for (const Tensor& y : {nn::LayerNorm(8)(x), nn::GroupNorm(1, 8)(x)}) {
    for (const double value : mean(y, {1}).to_vector<double>()) EXPECT_NEAR(value, 0, 1e-6);
    for (const double value : var(y, {1}, 0).to_vector<double>()) EXPECT_NEAR(value, 1, 1e-3);
  }
  const Tensor r = nn::RMSNorm(8)(x);
  for (const double value : mean(square(r), {1}).to_vector<double>()) EXPECT_NEAR(value, 1, 1e-5);
}

TEST(Dropout, DropsInTrainingOnly) {
  manual_seed(5);
  nn::Dropout layer(0.25);
  const std::vector<float> y = layer(ones({10000})).to_vector<float>();
  const auto zero = std::count(y.begin(), y.end(), 0.0f);
  EXPECT_NEAR(static_cast<double>(zero), 2500, 150);
  EXPECT_NEAR(*std::max_element(y.begin(), y.end()), 1 / 0.75, 1e-6);
  layer.eval();
  EXPECT_EQ(layer(ones({3})).to_vector<float>(), (std::vector<float>{1, 1, 1}));
  EXPECT_THROW(nn::Dropout(1.5), ValueError);
}

TEST(Embedding, StartsWithAZeroPaddingRow) {
  const nn::Embedding layer(5, 3, {.padding_idx = 2});
  const Tensor rows = layer(full({2}, int64_t{2}, kInt64));
  EXPECT_EQ(rows.to_vector<float>(), std::vector<float>(6, 0.0f));
  EXPECT_THROW(nn::Embedding(5, 3, {.padding_idx = 5}), ValueError);
}

TEST(Pooling, HasItsOptions) {
  const Tensor x = ones({1, 2, 6, 6});
  EXPECT_EQ(nn::MaxPool2d(2)(x).sizes(), (Shape{1, 2, 3, 3}));
  EXPECT_EQ(nn::AvgPool2d(3, {.stride = 1})(x).sizes(), (Shape{1, 2, 4, 4}));
  EXPECT_EQ(nn::AdaptiveAvgPool2d(1)(x).to_vector<float>(), (std::vector<float>{1, 1}));
  EXPECT_EQ(nn::Flatten()(x).sizes(), (Shape{1, 72}));
}

TEST(Losses, AreTheFunctions) {
  const Tensor a = full({2}, 1.0), b = full({2}, 3.0);
  EXPECT_EQ(nn::MSELoss()(a, b).item<float>(), 4);
  EXPECT_EQ(nn::L1Loss({.reduction = "sum"})(a, b).item<float>(), 4);
  EXPECT_EQ(nn::HuberLoss({.delta = 1})(a, b).item<float>(), 1.5f);
  const Tensor logits = zeros({2, 4}), target = zeros({2}, kInt64);
  EXPECT_NEAR(nn::CrossEntropyLoss()(logits, target).item<double>(), std::log(4.0), 1e-6);
  const nn::CrossEntropyLoss weighted({.weight = full({4}, 2.0), .reduction = "sum"});
  EXPECT_NEAR(weighted(logits, target).item<double>(), 4 * std::log(4.0), 1e-5);
  EXPECT_EQ(weighted.buffers().size(), 1u);
}

}  // namespace
}  // namespace tenon
