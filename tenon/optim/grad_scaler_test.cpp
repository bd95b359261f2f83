#include "tenon/optim/grad_scaler.h"

#include <gtest/gtest.h>

#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/sgd.h"

namespace tenon::optim {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// One parameter, trained by SGD with the gradients it is given.
struct Model {
  Tensor weight = full({2}, 1.f).requires_grad_();
  SGD optimizer{{weight}, {.learning_rate = 0.5}};

  void set_gradient(float first, float second) {
    Tensor gradient = zeros({2});
    gradient.data<float>()[0] = first;
    gradient.data<float>()[1] = second;
    weight.set_grad(gradient);
  }
  std::vector<float> values() const { return weight.to_vector<float>(); }
};

TEST(GradScaler, ScalesTheLossAndDividesTheGradients) {
  Model model;
  GradScaler scaler({.init_scale = 1024});
  const Tensor loss = sum(model.weight * 3);
  EXPECT_EQ(scaler.scale(loss).item<float>(), 6 * 1024);
  scaler.scale(loss).backward();
  EXPECT_EQ(model.weight.grad().to_vector<float>(), (std::vector<float>(2, 3 * 1024)));
  scaler.unscale_(model.optimizer);
  EXPECT_EQ(model.weight.grad().to_vector<float>(), (std::vector<float>(2, 3)));
  EXPECT_TRUE(scaler.step(model.optimizer));
  scaler.update();
  EXPECT_EQ(model.values(), (std::vector<float>(2, -0.5f)));
  EXPECT_EQ(scaler.get_scale(), 1024);
}

TEST(GradScaler, KeepsSmallGradientsThatFloat16Loses) {
  Tensor x = full({1}, 1e-4f).requires_grad_();
  const auto gradient = [&](double scale) {
    const GradScaler scaler({.init_scale = scale});
    x.set_grad({});
    scaler.scale(sum(x.to(kFloat16).to(kFloat32) * 1e-8)).backward();
    return x.grad().item<float>() / static_cast<float>(scale);
  };
  EXPECT_EQ(gradient(1), 0.f);
  EXPECT_NEAR(gradient(65536), 1e-8f, 1e-11f);
}

TEST(GradScaler, LeavesOutStepsThatOverflowAndAdaptsTheScale) {
  Model model;
  GradScaler scaler({.init_scale = 8, .growth_interval = 2});
  const float bad[] = {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()};
  double expected = 8;
  for (const float value : bad) {
    model.set_gradient(1, value);
    EXPECT_FALSE(scaler.step(model.optimizer));
    scaler.update();
    EXPECT_EQ(scaler.get_scale(), expected /= 2);
    EXPECT_EQ(model.values(), (std::vector<float>(2, 1)));
  }
  for (int step = 0; step < 4; ++step) {
    model.set_gradient(0, 0);
    EXPECT_TRUE(scaler.step(model.optimizer));
    scaler.update();
  }
  EXPECT_EQ(scaler.get_scale(), expected * 4);
}

TEST(GradScaler, FiniteGradientsWhoseSumOverflowsAreFinite) {
  Model model;
  const float largest = std::numeric_limits<float>::max();
  GradScaler scaler({.init_scale = 1});
  model.set_gradient(largest, largest);
  EXPECT_TRUE(scaler.step(model.optimizer));
}

TEST(GradScaler, OneOverflowOfSeveralOptimizersLowersTheScale) {
  Model good, bad;
  GradScaler scaler({.init_scale = 4});
  good.set_gradient(4, 4);
  bad.set_gradient(kInfinity, 0);
  EXPECT_TRUE(scaler.step(good.optimizer));
  EXPECT_FALSE(scaler.step(bad.optimizer));
  scaler.update();
  EXPECT_EQ(scaler.get_scale(), 2);
  EXPECT_EQ(good.values(), (std::vector<float>(2, 0.5f)));
}

TEST(GradScaler, CallsOutOfOrderAreErrors) {
  Model model;
  GradScaler scaler;
  EXPECT_MESSAGE(ValueError, "[GradScaler::update] no optimizer was unscaled", scaler.update());
  model.set_gradient(1, 1);
  scaler.unscale_(model.optimizer);
  EXPECT_MESSAGE(ValueError, "divided already", scaler.unscale_(model.optimizer));
  scaler.step(model.optimizer);
  EXPECT_MESSAGE(ValueError, "unscale before step()", scaler.unscale_(model.optimizer));
  EXPECT_MESSAGE(ValueError, "[GradScaler::step] called twice", scaler.step(model.optimizer));
  scaler.update();
  EXPECT_THROW(GradScaler({.growth_factor = 1}), ValueError);
  EXPECT_THROW(GradScaler({.backoff_factor = 1}), ValueError);
  EXPECT_THROW(GradScaler({.init_scale = 0}), ValueError);
}

TEST(GradScaler, DisabledItIsNotThere) {
  Model model;
  GradScaler scaler({.enabled = false});
  const Tensor loss = sum(model.weight);
  EXPECT_TRUE(scaler.scale(loss).is_same(loss));
  model.set_gradient(kInfinity, 0);
  scaler.unscale_(model.optimizer);
  EXPECT_TRUE(scaler.step(model.optimizer));
  scaler.update();
  EXPECT_EQ(scaler.get_scale(), 1);
}

TEST(GradScaler, GoesOnFromItsState) {
  Model model;
  GradScaler scaler({.init_scale = 8, .growth_interval = 3}), other({.growth_interval = 3});
  const auto good_step = [&](GradScaler& which) {
    model.set_gradient(0, 0);
    which.step(model.optimizer);
    which.update();
  };
  good_step(scaler);
  good_step(scaler);
  other.load_state_dict(scaler.state_dict());
  good_step(scaler);
  good_step(other);
  EXPECT_EQ(scaler.get_scale(), 16);
  EXPECT_EQ(other.get_scale(), 16);
  EXPECT_MESSAGE(ValueError, "no number 'scale'", other.load_state_dict(StateDict()));
}

}  // namespace
}  // namespace tenon::optim
