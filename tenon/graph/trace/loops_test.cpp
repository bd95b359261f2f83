// Loops whose length differs from call to call: cut into pieces that are the same for all lengths.

#include <gtest/gtest.h>

#include <vector>

#include "tenon/autograd/autograd.h"
#include "tenon/core/generator.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

/// Calls both with these lengths, `make` having made them of the same random numbers; the counters
/// after each.
template <class Make>
std::vector<CompileCounters> expect_same(Make make, const std::vector<int64_t>& lengths) {
  manual_seed(5);
  auto eager = make();
  manual_seed(5);
  auto compiled = compile(make());
  std::vector<CompileCounters> counters;
  for (const int64_t length : lengths) {
    EXPECT_EQ(compiled(length).template to_vector<float>(),
              eager(length).template to_vector<float>())
        << length << " rounds";
    counters.push_back(compiled.counters());
  }
  return counters;
}

/// A recurrent network that is trained through all of its steps.
auto make_recurrent() {
  const Tensor x = randn({130, 2, 4}), w = (randn({4, 8}) * 0.3).requires_grad_(),
               u = (randn({8, 8}) * 0.3).requires_grad_();
  return [=](int64_t steps) {
    Tensor h = zeros({2, 8});
    for (int64_t t = 0; t < steps; ++t) h = tanh(matmul(x.select(0, t), w) + matmul(h, u));
    sum(h * h).backward();
    const NoGrad no_grad;
    for (Tensor p : {w, u}) {
      p.sub_(p.grad() * 0.01);
      p.set_grad({});
    }
    return cat({reshape(h, {-1}), reshape(w, {-1}), reshape(u, {-1})});
  };
}

TEST(Loops, AnyLengthHasTheSamePieces) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < 90; ++i) lengths.push_back(40 + 37 * i % 90);
  const auto counters = expect_same(make_recurrent, lengths);
  EXPECT_LT(counters.back().plans, 50);
  EXPECT_EQ(counters.back().plans, counters[60].plans);  // 29 lengths that were never seen before
}

TEST(Loops, UpdatesInPlace) {
  const auto counters = expect_same(
      [] {
        const Tensor x = randn({16, 1}), y = x * 3;
        return [x, y, w = zeros({1}).requires_grad_()](int64_t steps) mutable {
          for (int64_t i = 0; i < steps; ++i) {
            mean(square(x * w - y)).backward();
            const NoGrad no_grad;
            w.sub_(w.grad() * 0.1);
            w.set_grad({});
          }
          return w.clone();
        };
      },
      {200, 3, 170, 201, 202, 90, 203, 204, 91, 150, 205});
  EXPECT_LT(counters.back().plans, 20);
}

TEST(Loops, LayersWithWeightsOfTheirOwnStayWhole) {
  const auto counters = expect_same(
      [] {
        std::vector<Tensor> weights;
        for (int i = 0; i < 40; ++i) weights.push_back(randn({4, 4}) * 0.5);
        return [=](int64_t) {
          Tensor x = ones({2, 4});
          for (const Tensor& w : weights) x = tanh(matmul(x, w)) + x;
          return x;
        };
      },
      {1, 2, 3});
  EXPECT_EQ(counters.back().plans, 1);
  EXPECT_EQ(counters.back().flushes, 3);
}

TEST(Loops, ShortOnesAndOthersStayWhole) {
  const auto counters = expect_same(
      [] {
        const Tensor w = randn({4, 4}) * 0.5;
        return [=](int64_t) {
          Tensor x = ones({2, 4});
          for (int i = 0; i < 4; ++i) x = tanh(matmul(x, w)) + x;
          for (int i = 0; i < 60; ++i) x = i % 7 == 0 ? exp(-x) : i % 5 == 0 ? x + 1 : sqrt(abs(x));
          return x;
        };
      },
      {1, 2, 3});
  EXPECT_EQ(counters.back().plans, 1);
}

TEST(Loops, PureFunctionsOfAnyLength) {
  const Tensor w = randn({4, 4}) * 0.2;
  auto f = [w](const Tensor& x) {
    Tensor y = x;
    for (int i = 0; i < 2000; ++i) y = tanh(matmul(y, w)) + x;
    return y;
  };
  auto pure = compile(f, {.pure = true});
  const Tensor x = randn({2, 4});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pure(x).to_vector<float>(), f(x).to_vector<float>());
  EXPECT_EQ(pure.counters().replays, 2);
}

}  // namespace
}  // namespace tenon
