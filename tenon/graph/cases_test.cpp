// What code may do from call to call, compiled as eager: modes, parameters that are swapped,
// frozen, tied or resized, gradients that add up, arguments that are the same tensor, functions
// that call themselves, gradients of the user's own, exceptions anywhere, several threads, many
// shapes.

#include <gtest/gtest.h>
#include <malloc.h>

#include <functional>
#include <stdexcept>
#include <thread>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/custom_function.h"
#include "tenon/base/error.h"
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

/// A compiled function that calls itself; how deep depends on data.
TEST(Cases, CallsItself) {
  expect_as_eager([](auto wrap) {
    std::function<Tensor(const Tensor&, int)> descend;
    auto step = wrap([&](const Tensor& x, int depth) {
      if (depth == 0) return x * 0.5;
      const Tensor below = descend(x + 1, depth - 1);
      return amax(below).template item<double>() > 6 ? below - x : below * 2;
    });
    descend = [&](const Tensor& x, int depth) { return step(x, depth); };
    Numbers all;
    for (int i = 0; i < 30; ++i) add_all(all, step(arange(0.0, 3.0) * (0.1 * i), i % 5));
    return all;
  });
}

/// y = tanh(x) with a gradient that is not its own, and x / 2, with none.
struct Bent : autograd::Function {
  std::vector<Tensor> forward(TensorList inputs) override {
    const Tensor y = tanh(inputs[0]), half = inputs[0] * 0.5;
    save({inputs[0], y});
    mark_non_differentiable({half});
    return {y, half};
  }
  std::vector<Tensor> backward(TensorList grads) override {
    return {grads[0] * (2 - square(saved(1))) * saved(0)};
  }
};

TEST(Cases, CustomFunctionsAndTheirSecondGradients) {
  expect_as_eager([](auto wrap) {
    const Tensor w = linspace(-1, 1, 5).requires_grad_();
    auto step = wrap([&](const Tensor& x, bool twice) {
      const std::vector<Tensor> results = autograd::apply<Bent>({w * x});
      const Tensor loss = results[0] * (results[1] + 1);
      const Tensor first = grad({loss}, {w}, {ones({5})}, {.create_graph = twice})[0];
      if (!twice) return first;
      return grad({first}, {w}, {ones({5})})[0];
    });
    Numbers all;
    for (int i = 0; i < 16; ++i) add_all(all, step(randn({5}), i % 4 < 2));
    return all;
  });
}

/// The user's exceptions and wrong sizes behind each op of a training step, one at a time.
TEST(Cases, ExceptionsAtEveryOp) {
  expect_as_eager([](auto wrap) {
    nn::Linear model(3, 2);
    optim::Adam optimizer(model.parameters(), {.learning_rate = 0.1});
    const Tensor seen = zeros({4, 2});
    int ops = 0, bad = -1;
    bool is_users = false;
    const auto after = [&](const Tensor& x) {
      if (ops++ != bad) return x;
      if (is_users) throw std::runtime_error("of the user");
      return x + ones({7, 7, 7});
    };
    auto step = wrap([&](const Tensor& x) {
      ops = 0;
      optimizer.zero_grad();
      const Tensor y = after(model(after(x * 0.5)));
      after(seen.add_(y.detach()));
      const Tensor error = after(square(after(y - 1)));
      after(seen.select(0, 1).mul_(0.5));
      after(error).backward(ones({4, 2}));
      after(model.parameters()[0].grad().clamp_(-1, 1));
      optimizer.step();
      return after(after(y + seen).detach());
    });
    Numbers all;
    for (int i = 0; i < 66; ++i) {
      bad = i % 3 == 0 ? -1 : i % 11;
      is_users = i % 2 == 0;
      try {
        add_all(all, step(randn({4, 3})));
      } catch (const ShapeError& error) {
        all.push_back(static_cast<double>(std::string(error.what()).size()));
      } catch (const std::runtime_error&) {
        all.push_back(-1);
      }
      add_all(all, seen);
      for (const Tensor& parameter : model.parameters()) {
        add_all(all, parameter);
        if (parameter.grad().defined()) add_all(all, parameter.grad());
      }
    }
    return all;
  });
}

TEST(Cases, GradScalerInFloat16) {
  expect_as_eager([](auto wrap) {
    nn::Linear model(8, 4);
    optim::SGD optimizer(model.parameters(), {.learning_rate = 0.01});
    optim::GradScaler scaler({.init_scale = 1 << 14, .growth_interval = 3});
    auto step = wrap([&](const Tensor& x) {
      optimizer.zero_grad();
      Tensor loss;
      {
        const Autocast autocast(kFloat16);
        loss = sum(square(model(x)));
      }
      scaler.scale(loss).backward();
      const bool stepped = scaler.step(optimizer);
      scaler.update();
      return stepped;
    });
    Numbers all;
    int left_out = 0;
    for (int i = 0; i < 24; ++i) {
      const bool stepped = step(randn({4, 8}) * (i % 6 == 4 ? 100 : 1));  // too large at times
      left_out += !stepped;
      all.push_back(scaler.get_scale());
      for (const Tensor& parameter : model.parameters()) add_all(all, parameter);
    }
    EXPECT_GT(left_out, 2);
    EXPECT_LT(left_out, 20);
    return all;
  });
}

/// One compiled step, threads with networks, sizes and mistakes of their own.
TEST(Cases, ThreadsThatTrainWithOneFunction) {
  struct Network {
    nn::Linear model{3, 3};
    optim::Adam optimizer{model.parameters(), {.learning_rate = 0.05}};
  };
  const auto step = [](Network& network, const Tensor& x) {
    network.optimizer.zero_grad();
    const Tensor error = square(network.model(x) - x);
    if (amax(error).item<double>() > 1) network.model.parameters()[1].grad();  // looks at data
    error.backward(ones(error.sizes()));
    network.optimizer.step();
    return error.detach();
  };
  const auto train = [](Network& network, int thread, auto& function) {
    Numbers all;
    for (int i = 0; i < 40; ++i) {
      const int64_t rows = 1 + (thread + i) % 4;
      add_all(all, function(network,
                            arange(0.0, 3.0 * static_cast<double>(rows)).reshape({rows, 3}) * 0.1));
      if (i % 7 == thread) {
        EXPECT_THROW(function(network, ones({2, 5})), ShapeError);
      }
    }
    for (const Tensor& parameter : network.model.parameters()) add_all(all, parameter);
    return all;
  };
  constexpr int kThreads = 4;
  const auto networks = [] {
    manual_seed(9);
    return std::vector<Network>(kThreads);
  };
  std::vector<Network> alone = networks(), together = networks();
  auto compiled = compile(step);
  std::vector<Numbers> got(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    const auto at = static_cast<size_t>(t);
    threads.emplace_back([&, t, at] { got[at] = train(together[at], t, compiled); });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t) {
    const auto at = static_cast<size_t>(t);
    EXPECT_EQ(got[at], train(alone[at], t, step)) << "thread " << t;
  }
}

/// 10,000 shapes take as much memory as 2,000, and no plans.
TEST(Cases, TenThousandShapes) {
  Tensor w = full({1, 1}, 0.5).requires_grad_();
  const auto step = [&](const Tensor& x) {
    const Tensor y = softmax(x * w, 1) + sum(x, {0});
    w.set_grad({});
    sum(square(y)).backward();
    return sum(y).item<double>() + w.grad().item<double>();
  };
  auto compiled = compile(step);
  size_t bytes_before = 0;
  int64_t plans_before = 0;
  for (int64_t i = 0; i < 10000; ++i) {
    const Tensor x = ones({2 + i / 100, 2 + i % 100});
    const double got = compiled(x);
    if (i % 97 == 0) {
      EXPECT_NEAR(got, step(x), 1e-5 * std::abs(got)) << i;
    }
    if (i == 2000) {
      bytes_before = mallinfo2().uordblks;
      plans_before = compiled.counters().plans;
    }
  }
  EXPECT_LE(mallinfo2().uordblks, bytes_before + (size_t{256} << 10));
  EXPECT_EQ(compiled.counters().plans, plans_before);
  EXPECT_EQ(compiled.counters().eager_calls, 0);
}

}  // namespace
}  // namespace tenon
