#include "tenon/optim/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/ops/functions.h"
#include "tenon/optim/sgd.h"

namespace tenon::optim {
namespace {

SGD make_optimizer() { return SGD({zeros({1})}, {.learning_rate = 0.5}); }

/// The rates before each of `count` steps.
std::vector<double> rates(Schedule& schedule, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(schedule.optimizer().learning_rate());
    schedule.step();
  }
  return values;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-12) << i;
}

TEST(Schedules, HaveTheirValues) {
  SGD optimizer = make_optimizer();
  StepLR step(optimizer, {.step_size = 2, .gamma = 0.1});
  expect_near(rates(step, 5), {0.5, 0.5, 0.05, 0.05, 0.005});
  MultiStepLR multi(optimizer, {.milestones = {1, 3}, .gamma = 0.5});
  expect_near(rates(multi, 5), {0.5, 0.25, 0.25, 0.125, 0.125});
  ExponentialLR exponential(optimizer, {.gamma = 0.5});
  expect_near(rates(exponential, 3), {0.5, 0.25, 0.125});
  CosineAnnealingLR cosine(optimizer, {.steps = 4, .min_learning_rate = 0.1});
  const double root = std::sqrt(0.5);
  expect_near(rates(cosine, 5), {0.5, 0.1 + 0.2 * (1 + root), 0.3, 0.1 + 0.2 * (1 - root), 0.1});
  LinearWarmup warmup(optimizer, {.steps = 4, .start_factor = 0.2});
  expect_near(rates(warmup, 6), {0.1, 0.2, 0.3, 0.4, 0.5, 0.5});
}

TEST(Schedules, FollowOneAnother) {
  SGD optimizer = make_optimizer();
  SequentialLR schedule({2}, LinearWarmup(optimizer, {.steps = 2, .start_factor = 0.5}),
                        ExponentialLR(optimizer, {.gamma = 0.1}));
  expect_near(rates(schedule, 4), {0.25, 0.375, 0.5, 0.05});
  EXPECT_THROW(SequentialLR({1, 2}, StepLR(optimizer, {}), StepLR(optimizer, {})), ValueError);
}

TEST(Schedules, GoOnFromTheirState) {
  SGD optimizer = make_optimizer();
  ExponentialLR schedule(optimizer, {.gamma = 0.5});
  rates(schedule, 3);
  const StateDict state = schedule.state_dict();
  SGD other = make_optimizer();
  ExponentialLR resumed(other, {.gamma = 0.5});
  resumed.load_state_dict(state);
  EXPECT_EQ(resumed.step_count(), 3);
  EXPECT_EQ(other.learning_rate(), optimizer.learning_rate());
  EXPECT_THROW(resumed.load_state_dict({}), ValueError);
}

TEST(ReduceLROnPlateau, WaitsForPatience) {
  SGD optimizer = make_optimizer();
  ReduceLROnPlateau schedule(optimizer, {.factor = 0.5, .patience = 1, .cooldown = 1});
  const double losses[] = {1, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6};
  std::vector<double> seen;
  for (const double loss : losses) {
    schedule.step(loss);
    seen.push_back(optimizer.learning_rate());
  }
  expect_near(seen, {0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125});
  const StateDict state = schedule.state_dict();
  ReduceLROnPlateau resumed(optimizer, {.factor = 0.5, .patience = 1, .cooldown = 1});
  resumed.load_state_dict(state);
  resumed.step(0.1);
  EXPECT_EQ(optimizer.learning_rate(), 0.125);
  EXPECT_THROW(ReduceLROnPlateau(optimizer, {.factor = 2}), ValueError);
}

}  // namespace
}  // namespace tenon::optim
