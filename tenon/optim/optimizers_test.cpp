#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tenon/base/error.h"
#include "tenon/base/parallel.h"
#include "tenon/core/generator.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/optim.h"

namespace tenon::optim {
namespace {

/// The update of one element, in float64, written down from PyTorch's documentation: p and the
/// states change; `step` counts from 1.
using Reference = std::function<void(double& p, double g, double* states, int step)>;
using Maker = std::function<std::unique_ptr<Optimizer>(std::vector<Tensor>, bool capturable)>;

constexpr int kSteps = 8;
constexpr int64_t kCount = 37;

Tensor gradient_of(int step, DType dtype) {
  Generator generator(static_cast<uint64_t>(100 + step));
  return randn({kCount}, kFloat64, kCpu, &generator).to(dtype);
}

void expect_like_reference(const Maker& make, bool capturable, const Reference& reference,
                           double first_state) {
  for (const auto& [dtype, tolerance] : {std::pair{kFloat64, 1e-13}, {kFloat32, 2e-6}}) {
    Generator generator(1);
    Tensor parameter = randn({kCount}, kFloat64, kCpu, &generator).to(dtype).requires_grad_();
    std::vector<double> expected = parameter.detach().to_vector<double>();
    std::vector<double> states(4 * kCount, first_state);
    const std::unique_ptr<Optimizer> optimizer = make({parameter}, capturable);
    for (int step = 1; step <= kSteps; ++step) {
      const Tensor gradient = gradient_of(step, dtype);
      const std::vector<double> g = gradient.to_vector<double>();
      parameter.set_grad(gradient);
      optimizer->step();
      for (size_t i = 0; i < kCount; ++i) reference(expected[i], g[i], &states[4 * i], step);
    }
    const std::vector<double> got = parameter.detach().to_vector<double>();
    for (size_t i = 0; i < kCount; ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << i;
  }
}

void expect_like_reference(const Maker& make, const Reference& reference, double first_state = 0) {
  for (const bool capturable : {false, true}) {
    SCOPED_TRACE(capturable ? "capturable" : "of host numbers");
    expect_like_reference(make, capturable, reference, first_state);
  }
}

template <class O, class Options>
Maker maker(Options options) {
  return [options](std::vector<Tensor> parameters, bool capturable) mutable {
    options.capturable = capturable;
    return std::make_unique<O>(std::move(parameters), options);
  };
}

TEST(SGD, FollowsTheFormula) {
  expect_like_reference(maker<SGD>(SGDOptions{.learning_rate = 0.1}),
                        [](double& p, double g, double*, int) { p -= 0.1 * g; });
}

TEST(SGD, HasMomentumDampeningAndDecay) {
  expect_like_reference(
      maker<SGD>(SGDOptions{
          .learning_rate = 0.1, .momentum = 0.9, .dampening = 0.3, .weight_decay = 0.01}),
      [](double& p, double g, double* s, int step) {
        g += 0.01 * p;
        s[0] = step == 1 ? g : 0.9 * s[0] + 0.7 * g;
        p -= 0.1 * s[0];
      });
}

TEST(SGD, HasNesterovAndMaximizes) {
  expect_like_reference(
      maker<SGD>(
          SGDOptions{.learning_rate = 0.1, .momentum = 0.8, .nesterov = true, .maximize = true}),
      [](double& p, double g, double* s, int) {
        g = -g;
        s[0] = 0.8 * s[0] + g;
        p -= 0.1 * (g + 0.8 * s[0]);
      });
}

void adam(double& p, double g, double* s, int step, double rate) {
  s[0] = 0.9 * s[0] + 0.1 * g;
  s[1] = 0.999 * s[1] + 0.001 * g * g;
  const double m = s[0] / (1 - std::pow(0.9, step)), v = s[1] / (1 - std::pow(0.999, step));
  p -= rate * m / (std::sqrt(v) + 1e-8);
}

TEST(Adam, FollowsTheFormula) {
  expect_like_reference(
      maker<Adam>(AdamOptions{.learning_rate = 0.01}),
      [](double& p, double g, double* s, int step) { adam(p, g, s, step, 0.01); });
  expect_like_reference(
      maker<Adam>(AdamOptions{.learning_rate = 0.01, .weight_decay = 0.1}),
      [](double& p, double g, double* s, int step) { adam(p, g + 0.1 * p, s, step, 0.01); });
}

TEST(Adam, HasAmsgrad) {
  expect_like_reference(maker<Adam>(AdamOptions{.learning_rate = 0.01, .amsgrad = true}),
                        [](double& p, double g, double* s, int step) {
                          s[0] = 0.9 * s[0] + 0.1 * g;
                          s[1] = 0.999 * s[1] + 0.001 * g * g;
                          s[2] = std::max(s[2], s[1]);
                          const double m = s[0] / (1 - std::pow(0.9, step));
                          const double v = s[2] / (1 - std::pow(0.999, step));
                          p -= 0.01 * m / (std::sqrt(v) + 1e-8);
                        });
}

TEST(Adam, LeavesTheCorrectionOfBiasToTheRate) {
  expect_like_reference(maker<Adam>(AdamOptions{
                            .learning_rate = 0.01, .weight_decay = 0.1, .bias_correction = false}),
                        [](double& p, double g, double* s, int) {
                          g += 0.1 * p;
                          s[0] = 0.9 * s[0] + 0.1 * g;
                          s[1] = 0.999 * s[1] + 0.001 * g * g;
                          p -= 0.01 * s[0] / (std::sqrt(s[1]) + 1e-8);
                        });
}

TEST(AdamW, ShrinksTheParameter) {
  expect_like_reference(maker<AdamW>(AdamWOptions{.learning_rate = 0.01, .weight_decay = 0.2}),
                        [](double& p, double g, double* s, int step) {
                          p *= 1 - 0.01 * 0.2;
                          adam(p, g, s, step, 0.01);
                        });
}

TEST(RMSprop, FollowsTheFormula) {
  expect_like_reference(maker<RMSprop>(RMSpropOptions{.weight_decay = 0.1}),
                        [](double& p, double g, double* s, int) {
                          g += 0.1 * p;
                          s[0] = 0.99 * s[0] + 0.01 * g * g;
                          p -= 0.01 * g / (std::sqrt(s[0]) + 1e-8);
                        });
}

TEST(RMSprop, IsCenteredAndHasMomentum) {
  for (const double momentum : {0.0, 0.9}) {
    expect_like_reference(
        maker<RMSprop>(RMSpropOptions{.alpha = 0.9, .momentum = momentum, .centered = true}),
        [momentum](double& p, double g, double* s, int) {
          s[0] = 0.9 * s[0] + 0.1 * g * g;
          s[1] = 0.9 * s[1] + 0.1 * g;
          s[2] = momentum * s[2] + g / (std::sqrt(s[0] - s[1] * s[1]) + 1e-8);
          p -= 0.01 * s[2];
        });
  }
}

TEST(Adagrad, FollowsTheFormula) {
  expect_like_reference(
      maker<Adagrad>(AdagradOptions{.learning_rate = 0.1,
                                    .learning_rate_decay = 0.5,
                                    .weight_decay = 0.1,
                                    .initial_accumulator_value = 0.25}),
      [](double& p, double g, double* s, int step) {
        g += 0.1 * p;
        s[0] += g * g;
        p -= 0.1 / (1 + (step - 1) * 0.5) * g / (std::sqrt(s[0]) + 1e-10);
      },
      0.25);
}

TEST(Adadelta, FollowsTheFormula) {
  expect_like_reference(
      maker<Adadelta>(AdadeltaOptions{.learning_rate = 0.5, .rho = 0.8, .weight_decay = 0.1}),
      [](double& p, double g, double* s, int) {
        g += 0.1 * p;
        s[0] = 0.8 * s[0] + 0.2 * g * g;
        const double d = std::sqrt(s[1] + 1e-6) / std::sqrt(s[0] + 1e-6) * g;
        s[1] = 0.8 * s[1] + 0.2 * d * d;
        p -= 0.5 * d;
      });
}

TEST(Adamax, FollowsTheFormula) {
  expect_like_reference(
      maker<Adamax>(AdamaxOptions{.learning_rate = 0.1, .weight_decay = 0.1, .maximize = true}),
      [](double& p, double g, double* s, int step) {
        g = 0.1 * p - g;
        s[0] = 0.9 * s[0] + 0.1 * g;
        s[1] = std::max(0.999 * s[1], std::abs(g) + 1e-8);
        p -= 0.1 / (1 - std::pow(0.9, step)) * s[0] / s[1];
      });
}

void nadam(double& p, double g, double* s, int step) {
  const auto mu = [](int t) { return 0.9 * (1 - 0.5 * std::pow(0.96, t * 0.01)); };
  s[0] = 0.9 * s[0] + 0.1 * g;
  s[1] = 0.999 * s[1] + 0.001 * g * g;
  double product = 1;
  for (int t = 1; t <= step; ++t) product *= mu(t);
  const double root = std::sqrt(s[1] / (1 - std::pow(0.999, step))) + 1e-8;
  const double next = mu(step + 1);
  p -= 0.1 * ((1 - mu(step)) / (1 - product) * g + next / (1 - product * next) * s[0]) / root;
}

TEST(NAdam, FollowsTheFormula) {
  NAdamOptions options{.learning_rate = 0.1, .weight_decay = 0.2, .momentum_decay = 0.01};
  expect_like_reference(maker<NAdam>(options), [](double& p, double g, double* s, int step) {
    nadam(p, g + 0.2 * p, s, step);
  });
  options.decoupled_weight_decay = true;
  expect_like_reference(maker<NAdam>(options), [](double& p, double g, double* s, int step) {
    p *= 1 - 0.1 * 0.2;
    nadam(p, g, s, step);
  });
}

TEST(RAdam, RectifiesOnceTheVarianceIsKnown) {
  // With beta2 = 0.8, the length of the average passes 5 at step 7; with 0.5 it is at most 3.
  for (const double beta2 : {0.8, 0.5}) {
    expect_like_reference(
        maker<RAdam>(RAdamOptions{.learning_rate = 0.1, .beta2 = beta2, .weight_decay = 0.1}),
        [beta2](double& p, double g, double* s, int step) {
          g += 0.1 * p;
          s[0] = 0.9 * s[0] + 0.1 * g;
          s[1] = beta2 * s[1] + (1 - beta2) * g * g;
          const double m = s[0] / (1 - std::pow(0.9, step)), power = std::pow(beta2, step);
          const double most = 2 / (1 - beta2) - 1;
          const double r = most - 2 * step * power / (1 - power);
          double factor = 1;
          if (r > 5) {
            factor = std::sqrt(1 - power) / (std::sqrt(s[1]) + 1e-8) *
                     std::sqrt((r - 4) * (r - 2) * most / ((most - 4) * (most - 2) * r));
          }
          EXPECT_EQ(r > 5, beta2 == 0.8 && step >= 7);
          p -= 0.1 * m * factor;
        });
  }
}

TEST(Rprop, FollowsTheFormula) {
  expect_like_reference(
      maker<Rprop>(RpropOptions{.learning_rate = 0.1, .smallest_step = 0.06, .largest_step = 0.13}),
      [](double& p, double g, double* s, int step) {
        if (step == 1) s[0] = 0, s[1] = 0.1;
        const double agreement = s[0] * g;
        s[1] *= agreement > 0 ? 1.2 : agreement < 0 ? 0.5 : 1;
        s[1] = std::clamp(s[1], 0.06, 0.13);
        s[0] = agreement < 0 ? 0 : g;
        p -= s[1] * (s[0] > 0 ? 1 : s[0] < 0 ? -1 : 0);
      });
}

TEST(ASGD, FollowsTheFormula) {
  expect_like_reference(
      maker<ASGD>(ASGDOptions{.learning_rate = 0.1, .lambd = 0.2, .alpha = 0.5, .t0 = 2}),
      [](double& p, double g, double* s, int step) {
        const double eta = step == 1 ? 0.1 : 0.1 / std::sqrt(1 + 0.2 * 0.1 * (step - 1));
        p = p * (1 - 0.2 * eta) - eta * g;
        s[0] += (p - s[0]) / std::max(1, step - 1 - 2);
      });
}

TEST(ASGD, KeepsTheMeanAndItsNumbersInItsState) {
  Tensor straight = ones({kCount}).requires_grad_(), halved = ones({kCount}).requires_grad_();
  const auto run = [](Optimizer& optimizer, Tensor& parameter, int from, int to) {
    for (int step = from; step < to; ++step) {
      parameter.set_grad(gradient_of(step, kFloat32));
      optimizer.step();
    }
  };
  const ASGDOptions options{.lambd = 0.3, .t0 = 1};
  ASGD whole({straight}, options), first({halved}, options), second({halved}, options);
  run(whole, straight, 0, 6);
  run(first, halved, 0, 3);
  second.load_state_dict(first.state_dict());
  run(second, halved, 3, 6);
  EXPECT_EQ(straight.to_vector<float>(), halved.to_vector<float>());
  EXPECT_EQ(whole.state_dict().at("parameter.0.ax").to_vector<float>(),
            second.state_dict().at("parameter.0.ax").to_vector<float>());
  EXPECT_EQ(second.state_dict().at("parameter.0.mu").item<double>(), 0.2);
}

TEST(Updater, RefusesStatesThatDontFitBeforeItChangesAnything) {
  const auto formula = formula_of(AdamOptions{});
  Updater updater;
  std::vector<Updated> both(2);
  for (Updated& updated : both) {
    updated.parameter = ones({3});
    updated.gradient = ones({3});
  }
  both[1].states[0] = zeros({4});
  EXPECT_MESSAGE(ShapeError, "[Optimizer::step] exp_avg is [4], its parameter [3]",
                 updater.run(*formula, 0.1, both));
  both[1].states[0] = zeros({1}).expand({3});
  EXPECT_MESSAGE(ValueError, "exp_avg of sizes [3] repeats its elements along dim 0",
                 updater.run(*formula, 0.1, both));
  EXPECT_EQ(both[0].parameter.to_vector<float>(), (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(both[0].step, 0);
  both[1].states[0] = zeros({3});
  updater.run(*formula, 0.1, both);
  EXPECT_EQ(both[0].parameter.to_vector<float>(), both[1].parameter.to_vector<float>());
  EXPECT_NEAR(both[0].parameter.to_vector<double>()[0], 0.9, 1e-6);
}

TEST(Optimizer, LeavesParametersWithoutGradientAlone) {
  Tensor a = ones({2}).requires_grad_(), b = ones({3}).requires_grad_();
  Adam optimizer({a, b}, {.learning_rate = 0.1});
  a.set_grad(ones({2}));
  const uint32_t version = a.version();
  optimizer.step();
  EXPECT_GT(a.version(), version);
  EXPECT_NEAR(a.to_vector<double>()[0], 0.9, 1e-6);
  EXPECT_EQ(b.to_vector<float>(), (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(optimizer.state_dict().at("parameter.0.step").item<int64_t>(), 1);
  EXPECT_EQ(optimizer.state_dict().at("parameter.1.step").item<int64_t>(), 0);
  optimizer.zero_grad();
  EXPECT_FALSE(a.grad().defined());
}

TEST(Optimizer, TakesAnyLayout) {
  Tensor whole = zeros({3, 4});
  Tensor parameter = transpose(whole, 0, 1).detach().requires_grad_();
  Tensor gradient = zeros({8, 3});
  for (int i = 0; i < 24; ++i) gradient.data<float>()[i] = static_cast<float>(i);
  SGD optimizer({parameter}, {.learning_rate = 1, .momentum = 0.5});
  parameter.set_grad(narrow(gradient, 0, 2, 4));
  optimizer.step();
  parameter.set_grad(narrow(gradient, 0, 2, 4).contiguous());
  optimizer.step();
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t j = 0; j < 3; ++j) {
      const float g = static_cast<float>((i + 2) * 3 + j);
      EXPECT_EQ(whole.data<float>()[j * 4 + i], -2.5f * g);
    }
  }
}

TEST(Optimizer, HasGroups) {
  Tensor a = zeros({1}).requires_grad_(), b = zeros({1}).requires_grad_();
  SGD optimizer({{{a}, {.learning_rate = 1}}, {{b}, {.learning_rate = 2, .momentum = 0.5}}});
  a.set_grad(ones({1}));
  b.set_grad(ones({1}));
  optimizer.step();
  EXPECT_EQ(a.item<float>(), -1);
  EXPECT_EQ(b.item<float>(), -2);
  optimizer.set_learning_rate(0, 3);
  EXPECT_EQ(optimizer.learning_rate(0), 3);
  EXPECT_EQ(optimizer.initial_learning_rate(0), 1);
  optimizer.set_learning_rate(0.5);
  EXPECT_EQ(optimizer.learning_rate(1), 0.5);
}

TEST(Optimizer, GoesOnFromItsState) {
  const auto run = [](Optimizer& optimizer, const Tensor& parameter, int from, int to) {
    for (int step = from; step < to; ++step) {
      Tensor(parameter).set_grad(gradient_of(step, kFloat32));
      optimizer.step();
    }
  };
  Tensor straight = ones({kCount}).requires_grad_(), halved = ones({kCount}).requires_grad_();
  Adam whole({straight}), first({halved});
  run(whole, straight, 0, 6);
  run(first, halved, 0, 3);
  const StateDict state = first.state_dict();
  Adam second({halved});
  second.load_state_dict(state);
  run(second, halved, 3, 6);
  EXPECT_EQ(straight.to_vector<float>(), halved.to_vector<float>());

  StateDict less = state;
  less.erase("parameter.0.exp_avg");
  EXPECT_THROW(second.load_state_dict(less), ValueError);
  less.add("parameter.0.exp_avg", zeros({3}));
  EXPECT_THROW(second.load_state_dict(less), ShapeError);
}

TEST(Optimizer, OnlyChecksOnMeta) {
  Tensor parameter = empty({3}, kFloat32, kMeta).requires_grad_();
  Adam optimizer({parameter});
  parameter.set_grad(empty({3}, kFloat32, kMeta));
  optimizer.step();
  EXPECT_EQ(parameter.sizes(), (Shape{3}));
}

TEST(Optimizer, RefusesNonsense) {
  const Tensor parameter = zeros({1});
  EXPECT_THROW(SGD({}, {}), ValueError);
  EXPECT_THROW(SGD({parameter, parameter}), ValueError);
  EXPECT_THROW(SGD({parameter}, {.learning_rate = -1}), ValueError);
  EXPECT_THROW(SGD({parameter}, {.nesterov = true}), ValueError);
  EXPECT_THROW(Adam({parameter}, {.beta1 = 1}), ValueError);
  EXPECT_THROW(Adam({zeros({1}, kInt64)}), DTypeError);
}

TEST(Optimizer, RefusesResultsOfOps) {
  Tensor made = ones({2}).requires_grad_() * 2;
  EXPECT_MESSAGE(ValueError,
                 "[Adam] expected tensors that keep a gradient of their own, got the "
                 "result of an op, of shape [2]",
                 Adam({made}));
  EXPECT_NO_THROW(Adam({made.detach().requires_grad_()}));
}

TEST(Optimizer, TakesFrozenParametersThatAreAskedForAGradientLater) {
  Tensor frozen = ones({2}), trained = ones({2}).requires_grad_();
  SGD optimizer({frozen, trained}, {.learning_rate = 1});
  sum(frozen * trained).backward();
  optimizer.step();
  EXPECT_EQ(frozen.to_vector<float>(), (std::vector<float>{1, 1}));
  EXPECT_EQ(trained.to_vector<float>(), (std::vector<float>{0, 0}));
  optimizer.zero_grad();
  frozen.requires_grad_();
  sum(frozen * 3).backward();
  optimizer.step();
  EXPECT_EQ(frozen.to_vector<float>(), (std::vector<float>{-2, -2}));
}

TEST(Optimizer, GivesTheSameBitsForAnyNumberOfThreads) {
  std::vector<std::vector<float>> results;
  const int before = num_threads();
  for (const int threads : {1, 2, 8}) {
    set_num_threads(threads);
    Generator generator(3);
    Tensor parameter = randn({70000}, kFloat32, kCpu, &generator).requires_grad_();
    AdamW optimizer({parameter});
    for (int step = 0; step < 3; ++step) {
      parameter.set_grad(randn({70000}, kFloat32, kCpu, &generator));
      optimizer.step();
    }
    results.push_back(parameter.to_vector<float>());
  }
  set_num_threads(before);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

}  // namespace
}  // namespace tenon::optim
