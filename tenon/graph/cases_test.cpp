// What code may do from call to call, compiled as eager: modes, parameters that are swapped,
// frozen, tied or resized, gradients that add up, arguments that are the same tensor.

#include <gtest/gtest.h>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/custom_function.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/autocast.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/compile.h"
#include "tenon/nn/nn.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/optim.h"

namespace tenon {
namespace {

using Numbers = std::vector<double>;

void add_all(Numbers& all, const Tensor& tensor) {
  const Numbers more = tensor.detach().to_vector<double>();
  all.insert(all.end(), more.begin(), more.end());
}

/// `make(wrap)` makes a program, some of whose steps `wrap` compiles, and runs it; both runs give
/// the same numbers.
template <class Run>
void expect_as_eager(Run run) {
  manual_seed(9);
  const Numbers eager = run([](auto step) { return step; });
  manual_seed(9);
  const Numbers compiled = run([](auto step) { return compile(step); });
  EXPECT_EQ(compiled, eager);
}

TEST(Cases, ModesThatChange) {
  expect_as_eager([](auto wrap) {
    nn::Sequential model(nn::Linear(4, 8), nn::BatchNorm1d(8), nn::Dropout(0.5), nn::Linear(8, 2));
    auto step = wrap([&](const Tensor& x, bool quiet) {
      if (!quiet) return model(x);
      const NoGrad no_grad;
      return model(x);
    });
    Numbers all;
    for (int i = 0; i < 24; ++i) {
      model.train(i % 3 != 0);
      const Tensor y = step(randn({6, 4}), i % 4 == 3);
      EXPECT_EQ(y.requires_grad(), i % 4 != 3);
      if (y.requires_grad()) sum(y).backward();
      add_all(all, y);
    }
    for (const Tensor& parameter : model.parameters()) add_all(all, parameter.grad());
    for (const Tensor& buffer : model.buffers()) add_all(all, buffer);
    return all;
  });
}

TEST(Cases, AutocastInside) {
  expect_as_eager([](auto wrap) {
    const nn::Linear model(8, 8);
    auto step = wrap([&](const Tensor& x, bool lower) {
      if (!lower) return model(x);
      const Autocast autocast(kBFloat16);
      return model(x).to(kFloat32) + 1.0;
    });
    Numbers all;
    for (int i = 0; i < 12; ++i) add_all(all, step(randn({3, 8}), i % 3 == 1));
    return all;
  });
}

TEST(Cases, ParametersSwappedFrozenTiedResized) {
  expect_as_eager([](auto wrap) {
    std::vector<Tensor> weights;
    for (const int64_t width : {3, 3, 5}) {
      weights.push_back(randn({4, width}));
      weights.back().requires_grad_();
    }
    Tensor a = weights[0], b = weights[1];
    auto step = wrap([&](const Tensor& x) {
      const Tensor loss = sum(square(matmul(x, a))) + mean(exp(matmul(x, b) * 0.1));
      loss.backward();
      return loss.detach();
    });
    Numbers all;
    for (int i = 0; i < 40; ++i) {
      a = weights[static_cast<size_t>(i % 3)];
      b = i % 5 == 0 ? a : weights[static_cast<size_t>((i + 1) % 3)];  // tied at times
      if (i % 7 == 2) a.requires_grad_(false);
      if (i % 3 != 0 || i % 7 != 2) add_all(all, step(randn({2, 4})));
      a.requires_grad_(true);
    }
    for (const Tensor& weight : weights) add_all(all, weight.grad());
    return all;
  });
}

TEST(Cases, GradientsAddUpOverAVaryingNumberOfCalls) {
  expect_as_eager([](auto wrap) {
    nn::Linear model(3, 2);
    optim::SGD optimizer(model.parameters(), {.learning_rate = 0.05, .momentum = 0.9});
    auto add = wrap([&](const Tensor& x) { mean(square(model(x))).backward(); });
    auto step = wrap([&](double scale) {
      for (const Tensor& parameter : model.parameters()) parameter.grad().mul_(scale);
      optimizer.step();
      optimizer.zero_grad();
    });
    for (int i = 0; i < 12; ++i) {
      const int calls = 1 + i * 5 % 4;
      for (int k = 0; k < calls; ++k) add(randn({4, 3}));
      step(1.0 / calls);
    }
    Numbers all;
    for (const Tensor& parameter : model.parameters()) add_all(all, parameter);
    return all;
  });
}

TEST(Cases, TheSameTensorTwiceAndEarlyReturns) {
  expect_as_eager([](auto wrap) {
    auto f = wrap([](const Tensor& x, const Tensor& y, int until) {
      Tensor z = x * y;
      if (until == 0) return z;
      x.add_(1.0);
      z = z + y;
      if (until == 1 || sum(z).item<double>() > 40) return z;
      return sqrt(abs(z)) - x;
    });
    Numbers all;
    for (int i = 0; i < 36; ++i) {
      const Tensor x = arange(0.0, 4.0) + i % 5, y = i % 4 == 1 ? x : x + 1;
      add_all(all, f(x, y, i % 3));
      add_all(all, x);
    }
    return all;
  });
}

}  // namespace
}  // namespace tenon
