// Calls that are nearly the same as an earlier one: what differs must be seen, whatever it is.

#include <gtest/gtest.h>

#include <random>

#include "tenon/core/generator.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/compile.h"
#include "tenon/nn/linear.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/index/indexing.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/adam.h"

namespace tenon {
namespace {

using Numbers = std::vector<double>;

void expect_equal(const Tensor& got, const Tensor& want, int call) {
  EXPECT_EQ(got.sizes(), want.sizes()) << "call " << call;
  EXPECT_EQ(got.dtype(), want.dtype()) << "call " << call;
  EXPECT_EQ(got.to_vector<double>(), want.to_vector<double>()) << "call " << call;
}

/// `program(i)` gives a tensor; the numbers count up through what differs, several times over, so
/// that each comes after each and after itself.
template <class Program>
void expect_same(int variants, Program program) {
  auto compiled = compile(program);
  int call = 0;
  for (int first = 0; first < variants; ++first) {
    for (int second = 0; second < variants; ++second) {
      for (const int variant : {first, first, second, first, second, second}) {
        manual_seed(3);
        const Tensor want = program(variant);
        manual_seed(3);
        expect_equal(compiled(variant), want, call++);
      }
    }
  }
}

TEST(Replay, Sizes) {
  const Tensor inputs[] = {arange(0.0, 12.0), arange(0.0, 12.0).reshape({3, 4}),
                           arange(0.0, 12.0).reshape({4, 3}), arange(0.0, 12.0).reshape({12, 1}),
                           arange(0.0, 8.0)};
  expect_same(5, [&](int i) { return sum(exp(inputs[i] * 0.25) + 1.0, {0}); });
}

TEST(Replay, Layouts) {
  const Tensor x = arange(0.0, 16.0).reshape({4, 4}), wide = arange(0.0, 32.0).reshape({4, 8});
  const Tensor inputs[] = {x, x.t(), wide.index({Slice(), Slice(0, 4)}),
                           wide.index({Slice(), Slice(4, 8)}), x.clone()};
  expect_same(5, [&](int i) { return sum(inputs[i] * 2 + x, {1}) + inputs[i]; });
}

TEST(Replay, DTypes) {
  const Tensor x = arange(0.0, 6.0);
  const Tensor inputs[] = {x, x.to(kFloat64), x.to(kInt64), x.to(kBool)};
  expect_same(4, [&](int i) { return sum(inputs[i] + x, {0}); });
}

TEST(Replay, WhichTensorIsWhich) {
  const Tensor a = arange(0.0, 4.0), b = a + 10, c = a.clone();
  expect_same(4, [&](int i) {
    const Tensor &x = i & 1 ? b : a, &y = i & 2 ? c : a;
    const Tensor z = x * y;
    return z + (i == 3 ? z : x);
  });
}

TEST(Replay, WhatIsWrittenInPlace) {
  expect_same(4, [](int i) {
    Tensor x = arange(0.0, 6.0).reshape({2, 3}), y = x + 1, view = x.t();
    (i & 1 ? x : y).add_(5.0);
    if (i & 2) view.mul_(2.0);
    y.copy_(x);
    return x * y + view.t();
  });
}

TEST(Replay, Attributes) {
  const Tensor x = arange(0.0, 24.0).reshape({2, 3, 4});
  expect_same(6, [&](int i) {
    const std::optional<Scalar> low = i & 1 ? std::optional<Scalar>(3.0) : std::nullopt;
    const std::optional<Scalar> high = i & 2 ? std::optional<Scalar>(12.0) : std::nullopt;
    const Tensor y = low || high ? clamp(x, low, high) : x + i;
    return softmax(sum(y, {i % 3}, i < 3), i % 2).sum({0}) + amax(y, {i % 3}).sum() * i;
  });
}

TEST(Replay, RandomNumbers) {
  const Tensor small = ones({3}), large = ones({5, 7});
  expect_same(3, [&](int i) {
    const Tensor x = i == 0 ? small : large;
    return dropout(x, 0.5, true) + rand_like(x) + bernoulli(x * 0.5) * (i == 2 ? 2.0 : 1.0);
  });
}

TEST(Replay, BranchesAndReads) {
  const Tensor x = arange(1.0, 5.0);
  expect_same(4, [&](int i) {
    Tensor y = x * (i + 1.0);
    if (sum(y).item<double>() > 20) y = sqrt(y);
    if (i & 1) y = y + x;
    return i & 2 ? y.sum() : y;
  });
}

TEST(Replay, ResultsAreEachCallsOwn) {
  const Tensor x = arange(0.0, 4.0);
  auto compiled = compile([&](double by) {
    const Tensor y = x * by;
    return std::pair(y, y.reshape({2, 2}) + 1);
  });
  std::vector<std::pair<Tensor, Tensor>> kept;
  for (int i = 0; i < 6; ++i) kept.push_back(compiled(i));
  for (int i = 0; i < 6; ++i) {
    expect_equal(kept[static_cast<size_t>(i)].first, x * i, i);
    expect_equal(kept[static_cast<size_t>(i)].second, x.reshape({2, 2}) * i + 1, i);
  }
  EXPECT_EQ(compiled.counters().plans, 1);
}

/// Loads and stores of one plan in the same places.
TEST(Replay, Swaps) {
  const auto swap = [](Tensor& a, Tensor& b) {
    const Tensor old = a * 1;
    a.copy_(b);
    b.copy_(old);
    return a + b * 2;
  };
  Tensor eager[] = {arange(0.0, 9.0), arange(5.0, 14.0)};
  Tensor state[] = {eager[0].clone(), eager[1].clone()};
  auto compiled = compile([&](int) { return swap(state[0], state[1]); });
  for (int i = 0; i < 6; ++i) expect_equal(compiled(i), swap(eager[0], eager[1]), i);
  expect_equal(state[0], eager[0], 6);
  expect_equal(state[1], eager[1], 6);
}

/// How many ops are typed anew in `calls` more calls of a function that has seen all variants.
template <class Function>
int64_t typed_in(Function& compiled, int variants, int calls) {
  for (int i = 0; i < 2 * variants; ++i) compiled(i % variants);
  const int64_t before = compiled.counters().typed;
  for (int i = 0; i < calls; ++i) compiled(i % variants);
  return compiled.counters().typed - before;
}

TEST(Replay, SizesThatAlternateAreKnown) {
  const Tensor inputs[] = {ones({3, 4}), ones({5, 4}), ones({3, 7})};
  auto compiled = compile([&](int i) { return sum(exp(inputs[i] * 0.25) + 1.0, {0}); });
  EXPECT_EQ(typed_in(compiled, 3, 30), 0);
}

/// Words of a table, as trees of words read them.
TEST(Replay, OffsetsAreNumbers) {
  Tensor table = arange(0.0, 60.0).reshape({20, 3}).detach().requires_grad_();
  const auto read = [&](int i) {
    table.set_grad({});
    sum(exp(table[i] * 0.1) * table[19 - i]).backward();
    return table.grad();
  };
  auto compiled = compile(read);
  for (int i = 0; i < 40; ++i) {
    const Tensor want = read(i % 20).clone();
    expect_equal(compiled(i % 20), want, i);
  }
  EXPECT_LE(typed_in(compiled, 20, 60), 0);
  EXPECT_EQ(compiled.counters().plans, 1);
}

/// Where a write and a read share memory, another offset is another program.
TEST(Replay, OffsetsWithinOneWrite) {
  const Tensor start = arange(0.0, 12.0);
  const auto shift = [&](int i) {
    Tensor x = start.clone();
    x.index({Slice(4, 8)}).copy_(x.index({Slice(i, i + 4)}));
    x.index({Slice(i, i + 2)}).add_(x.index({Slice(8 - i, 10 - i)}));
    return x;
  };
  expect_same(7, shift);
}

TEST(Replay, HostNumbersAreNumbers) {
  const Tensor x = arange(1.0, 5.0), half = x.to(kFloat16), whole = arange(0, 4);
  expect_same(5, [&](int i) {
    const Tensor y = (x * (0.5 * i) + i) / (1.0 + i), z = whole * i - 7;
    return y + half * (0.1 * i) + z.to(kFloat64) + pow(x, i % 3) + (2.0 - y);
  });
  auto compiled = compile([&](double by) { return x * by + 1.0; });
  for (int i = 0; i < 10; ++i) expect_equal(compiled(0.1 * i), x * (0.1 * i) + 1.0, i);
  EXPECT_EQ(compiled.counters().typed, 2);
  EXPECT_NE(compiled.explain().find("scalars"), std::string::npos) << compiled.explain();
}

/// A gradient that began as the number 1 is a tensor like others once it was written.
TEST(Replay, NumbersThatAreWritten) {
  Tensor x = full({}, 3.0);
  x.requires_grad_();
  const auto twice = [&](int i) {
    const NoGrad no_grad;
    if (i % 2) x.set_grad({});
    const EnableGrad grad;
    (x + 0).backward();
    const NoGrad again;
    x.grad().mul_(2.0 + i);
    return x.grad() * x;
  };
  const auto train = [&](auto step) {
    x.set_grad({});
    std::vector<double> all;
    for (int i = 0; i < 9; ++i) all.push_back(step(i).template item<double>());
    return all;
  };
  EXPECT_EQ(train(compile(twice)), train(twice));
}

/// A module's tensors change their dtype in place: what was known of their layout is void.
TEST(Replay, ModulesThatChangeTheirDType) {
  nn::Linear model(3, 2);
  const auto run = [&](int i) {
    model.to(i == 0 ? kFloat32 : kFloat64);
    return model(ones({2, 3}, i == 0 ? kFloat32 : kFloat64)).detach();
  };
  expect_same(2, run);
}

/// A result of one call, still held, goes into the next in the place of the same op's result.
TEST(Replay, ResultsOfEarlierCalls) {
  const Tensor x = arange(0.0, 4.0);
  Tensor kept[2] = {x, x};
  auto program = [&](Tensor& state, int i) {
    const Tensor fresh = x + 1;
    const Tensor result = (i % 3 == 1 ? state : fresh) * 2;
    state = i % 2 ? fresh : result;
    return result + state;
  };
  auto compiled = compile([&](int i) { return program(kept[0], i); });
  for (int i = 0; i < 24; ++i) expect_equal(compiled(i), program(kept[1], i), i);
}

TEST(Replay, Optimizers) {
  const auto train = [](auto wrap) {
    manual_seed(5);
    Tensor weight = rand({3, 2}).requires_grad_(), bias = zeros({2}).requires_grad_();
    optim::Adam optimizer({weight, bias}, {.learning_rate = 0.1});
    auto step = wrap([&](const Tensor& x, bool frozen) {
      optimizer.zero_grad();
      bias.requires_grad_(!frozen);
      mean(square(matmul(x, weight) + bias)).backward();
      optimizer.step();
    });
    for (int i = 0; i < 30; ++i) {
      optimizer.set_learning_rate(0.1 / (1 + i));
      step(rand({i % 5 == 4 ? 3 : 4, 3}), i % 7 == 6);
    }
    return cat({weight.detach().flatten(), bias.detach()});
  };
  expect_equal(train([](auto step) { return compile(step); }),
               train([](auto step) { return step; }), 0);
}

/// Sums of 500 ops in one of 40 orders, on so many elements; how many of 140 calls ran eagerly.
int64_t eager_calls_of_many_orders(int64_t elements) {
  const auto sum_of = [elements](int i) {
    Tensor x = ones({elements});
    std::mt19937 order(static_cast<unsigned>(i % 40));
    for (int k = 0; k < 500; ++k) x = order() % 2 ? sin(x) : cos(x);
    return sum(x);
  };
  auto compiled = compile(sum_of);
  for (int i = 0; i < 140; ++i) {
    const float got = compiled(i).item<float>();
    if (i % 20 != 7) continue;
    EXPECT_EQ(got, sum_of(i).item<float>()) << i;
  }
  const bool says_so =
      compiled.explain().find("takes longer than to run them") != std::string::npos;
  EXPECT_EQ(says_so, compiled.counters().eager_calls != 0);
  return compiled.counters().eager_calls;
}

TEST(Replay, ManyOrdersOfSmallOpsRunEagerly) { EXPECT_EQ(eager_calls_of_many_orders(3), 140 - 64); }

TEST(Replay, ManyOrdersOfLargeOpsStayCompiled) { EXPECT_EQ(eager_calls_of_many_orders(5000), 0); }

}  // namespace
}  // namespace tenon
