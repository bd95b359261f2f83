// Row 2: linear regression, 1,000 SGD steps on x[32, 1] with a scalar weight and bias, eager and
// compiled; and what an op of a compiled function costs when its call is the same as before.

#include <memory>

#include "benchmarks/timing.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/sgd.h"

using namespace tenon;

namespace {

constexpr int kSteps = 1000;
constexpr int kOps = 100;

/// A body that trains anew each time, by steps that `wrap` makes of the eager one.
template <class Wrap>
benchmark::Suite::Body training(Wrap wrap) {
  const Tensor x = reshape(linspace(-1, 1, 32), {32, 1}), y = x * 2;
  auto step = wrap([x, y](const Tensor& weight, const Tensor& bias, optim::SGD& optimizer) {
    optimizer.zero_grad();
    mse_loss(x * weight + bias, y).backward();
    optimizer.step();
  });
  return [step]() mutable {
    Tensor weight = zeros({}), bias = zeros({});
    weight.requires_grad_();
    bias.requires_grad_();
    optim::SGD optimizer({weight, bias}, {.learning_rate = 0.01});
    for (int i = 0; i < kSteps; ++i) step(weight, bias, optimizer);
  };
}

/// The same by a pure function, whose code runs once: parameters are set back, not made anew.
benchmark::Suite::Body pure_training() {
  const Tensor x = reshape(linspace(-1, 1, 32), {32, 1}), y = x * 2;
  Tensor weight = zeros({}), bias = zeros({});
  weight.requires_grad_();
  bias.requires_grad_();
  auto optimizer = std::make_shared<optim::SGD>(std::vector<Tensor>{weight, bias},
                                                optim::SGDOptions{.learning_rate = 0.01});
  auto step = compile(
      [weight, bias, optimizer](const Tensor& given, const Tensor& wanted) {
        optimizer->zero_grad();
        mse_loss(given * weight + bias, wanted).backward();
        optimizer->step();
      },
      {.pure = true});
  return [=]() mutable {
    {
      const NoGrad no_grad;
      weight.zero_();
      bias.zero_();
    }
    for (int i = 0; i < kSteps; ++i) step(x, y);
  };
}

/// All steps in one call of a pure function: a loop of its plan.
benchmark::Suite::Body rolled_training() {
  const Tensor x = reshape(linspace(-1, 1, 32), {32, 1}), y = x * 2;
  Tensor weight = zeros({}), bias = zeros({});
  weight.requires_grad_();
  bias.requires_grad_();
  auto optimizer = std::make_shared<optim::SGD>(std::vector<Tensor>{weight, bias},
                                                optim::SGDOptions{.learning_rate = 0.01});
  auto train = compile(
      [weight, bias, optimizer](const Tensor& given, const Tensor& wanted) {
        for (int i = 0; i < kSteps; ++i) {
          optimizer->zero_grad();
          mse_loss(given * weight + bias, wanted).backward();
          optimizer->step();
        }
      },
      {.pure = true});
  return [=]() mutable {
    {
      const NoGrad no_grad;
      weight.zero_();
      bias.zero_();
    }
    train(x, y);
  };
}

/// Adds whose results nobody reads: matched, but nothing is left to run.
void drop_adds(const Tensor& x, const Tensor& y) {
  for (int i = 0; i < kOps; ++i) benchmark::keep(add(x, y));
}

void add_replayed_ops(benchmark::Suite& suite) {
  suite.time("replayed op", "ns", 1e9 / kOps, [] {
    return
        [x = ones({8}), y = ones({8}), compiled = compile(drop_adds)]() mutable { compiled(x, y); };
  });
  suite.time("replayed op with gradient", "ns", 1e9 / kOps, [] {
    Tensor x = ones({8});
    x.requires_grad_();
    return [x, y = ones({8}), compiled = compile(drop_adds)]() mutable { compiled(x, y); };
  });
  suite.time("replayed chain of adds, an add", "ns", 1e9 / kOps, [] {
    const auto chain = [](const Tensor& x, const Tensor& y) {
      Tensor z = x;
      for (int i = 0; i < kOps; ++i) z = z + y;
      return z;
    };
    return [x = ones({8}), y = ones({8}), compiled = compile(chain)]() mutable {
      benchmark::keep(compiled(x, y));
    };
  });
  suite.time("replayed call of one op", "ns", 1e9, [] {
    const auto one = [](const Tensor& x, const Tensor& y) { return x + y; };
    return [x = ones({8}), y = ones({8}), compiled = compile(one)]() mutable {
      benchmark::keep(compiled(x, y));
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Suite suite("Tenon");
  suite.time("linear regression, SGD step", "us", 1e6 / kSteps,
             [] { return training([](auto step) { return step; }); });
  suite.time("compiled linear regression, SGD step", "us", 1e6 / kSteps,
             [] { return training([](auto step) { return compile(step); }); });
  suite.time("pure linear regression, SGD step", "us", 1e6 / kSteps, pure_training);
  suite.time("rolled linear regression, SGD step", "us", 1e6 / kSteps, rolled_training);
  add_replayed_ops(suite);
  return suite.run(argc, argv);
}
