// Rounds of the same steps become loops, with the same numbers.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tenon/core/generator.h"
#include "tenon/graph/compile.h"
#include "tenon/graph/passes/passes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::graph {
namespace {

/// The titles of the steps of `text` once its loops are rolled, loops with their rounds.
std::vector<std::string> rolled(const std::string& text) {
  Graph graph = Graph::parse(text);
  roll_loops(graph);
  verify(graph);
  EXPECT_EQ(Graph::parse(graph.to_text()).to_text(), graph.to_text());
  std::vector<std::string> titles;
  for (const Step& step : graph.steps) {
    titles.push_back(step.body ? fmt::format("loop {}", step.rounds) : title_of(step));
  }
  return titles;
}

using Titles = std::vector<std::string>;

/// `rounds` lines of text, of which each is about the next number.
template <class Line>
std::string lines(int rounds, Line line) {
  std::string text;
  for (int i = 0; i < rounds; ++i) text += line(i) + "\n";
  return text;
}

TEST(RollLoops, ValuesHandedOn) {
  const std::string text =
      "%0: float32[4] = external\n%1: float32[4] = external\n" +
      lines(20,
            [](int i) {
              return fmt::format("%{}: float32[4] = mul(%{}, %1) in float32 over [4]", i + 2,
                                 i == 0 ? 0 : i + 1);
            }) +
      "keep %21\n";
  EXPECT_EQ(rolled(text), (Titles{"update", "loop 20"}));
}

TEST(RollLoops, WritesInPlace) {
  const std::string text =
      "%0: float32[4] = external\n%1: float32[4] = external\n" + lines(9, [](int i) {
        return fmt::format("%{} in %0: float32[4] = add(%{}, %1) in float32 over [4]", i + 2,
                           i == 0 ? 0 : i + 1);
      });
  EXPECT_EQ(rolled(text), Titles{"loop 9"});
}

TEST(RollLoops, WhatIsReadAfterwardsStaysOutside) {
  const std::string head = "%0: float32[4] = external\n%1: float32[4] = external\n";
  const std::string two = lines(12, [](int i) {
    return fmt::format(
        "%{}: float32[4] = exp(%0) in float32 over [4]\n"
        "%{} in %1: float32[4] = add(%{}, %{}) in float32 over [4]",
        2 * i + 2, 2 * i + 3, i == 0 ? 1 : 2 * i + 1, 2 * i + 2);
  });
  EXPECT_EQ(rolled(head + two), Titles{"loop 12"});
  EXPECT_EQ(rolled(head + two + "keep %24\n"), (Titles{"loop 11", "exp", "add"}));
  EXPECT_EQ(rolled(head + two + "keep %10\n").size(), 24u);
}

TEST(RollLoops, RoundsMustBeTheSame) {
  // Numbers that differ, values from two rounds before, and steps that may end in an error.
  const std::string head = "%0: float32[4] = external\n%1: int64[2] = external\n";
  const auto step = [](int i, const std::string& from, double scale) {
    return fmt::format("%{}: float32[4] = leaky_relu({}) in float32 over [4] scalars ({})", i, from,
                       scale);
  };
  const auto value = [](int i) { return fmt::format("%{}", i); };
  EXPECT_EQ(
      rolled(head + lines(12, [&](int i) { return step(i + 2, value(i == 0 ? 0 : i + 1), 0.5); }) +
             "keep %13\n"),
      (Titles{"update", "loop 12"}));
  EXPECT_EQ(
      rolled(head + lines(12, [&](int i) { return step(i + 2, value(i == 0 ? 0 : i + 1), i); }) +
             "keep %13\n")
          .size(),
      12u);
  EXPECT_EQ(rolled(head + lines(12, [&](int i) { return step(i + 2, value(i < 2 ? 0 : i), 0.5); }) +
                   "keep %13\n")
                .size(),
            12u);
  EXPECT_EQ(rolled(head +
                   lines(12,
                         [&](int i) {
                           return fmt::format("%{}: float32[2] = gather(%{}, %1) with (0)", i + 2,
                                              i == 0 ? 0 : i + 1);
                         }) +
                   "keep %13\n")
                .size(),
            12u);
}

/// The same by a pure function with loops, by one without, and eagerly.
template <class Function>
void expect_same(Function function, bool is_rolled = true) {
  manual_seed(4);
  auto pure = compile(function, {.pure = true});
  auto plain = compile(function, {.pure = true, .without_passes = {"roll-loops"}});
  for (int call = 0; call < 3; ++call) {
    const Tensor x = randn({3, 5});
    const std::vector<float> want = function(x).template to_vector<float>();
    EXPECT_EQ(pure(x).template to_vector<float>(), want);
    EXPECT_EQ(plain(x).template to_vector<float>(), want);
  }
  EXPECT_EQ(pure.explain().find("loop(") != std::string::npos, is_rolled) << pure.explain();
  EXPECT_EQ(plain.explain().find("loop("), std::string::npos);
}

TEST(RollLoops, RunTheSame) {
  const Tensor w = randn({5, 5}) * 0.2, b = randn({5});
  expect_same([=](const Tensor& x) {
    Tensor h = x;
    for (int i = 0; i < 30; ++i) h = tanh(matmul(h, w) + b) + x;
    return h;
  });
  // Two values that go round and change places, and what is left of one of them.
  expect_same([=](const Tensor& x) {
    Tensor h = x, c = x * x;
    for (int i = 0; i < 25; ++i) {
      const Tensor next = sigmoid(matmul(c, w));
      c = h * next;
      h = next - c;
    }
    return exp(h) + c.t().contiguous().t();
  });
  // Written in place, a part of it, before and after a product.
  expect_same([=](const Tensor& x) {
    Tensor sum = x.clone();
    for (int i = 0; i < 16; ++i) {
      sum.select(1, 2).mul_(b.select(0, 0));
      sum.add_(tanh(matmul(sum, w)));
    }
    return sum;
  });
  expect_same(
      [=](const Tensor& x) {
        Tensor h = x;
        for (int i = 0; i < 4; ++i) h = tanh(matmul(h, w));
        return h;
      },
      false);
}

TEST(RollLoops, ParametersAreUpdatedAsManyTimes) {
  Tensor w = ones({4}), copy = ones({4});
  const Tensor step = full({4}, 0.25);
  const auto train = [&step](Tensor& parameter) {
    for (int i = 0; i < 50; ++i) parameter.add_(step * parameter);
  };
  auto pure = compile(
      [&](const Tensor& x) {
        train(w);
        return w + x;
      },
      {.pure = true});
  for (int call = 0; call < 3; ++call) {
    train(copy);
    EXPECT_EQ(pure(step).to_vector<float>(), (copy + step).to_vector<float>());
    EXPECT_EQ(w.to_vector<float>(), copy.to_vector<float>());
  }
  EXPECT_EQ(pure.counters().replays, 2);
}

}  // namespace
}  // namespace tenon::graph
