// Each pass on graphs that it is for, and on those that it must leave alone.

#include "tenon/graph/passes/passes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/tile/text.h"

namespace tenon::graph {
namespace {

/// The titles of what is left of `text` after the pass of this name.
std::vector<std::string> steps_after(std::string_view pass, const std::string& text) {
  Graph graph = Graph::parse(text);
  for (const Pass& known : all_passes()) {
    if (known.name == pass) known.run(graph);
  }
  verify(graph);
  std::vector<std::string> titles;
  for (const Step& step : graph.steps) titles.push_back(title_of(step));
  return titles;
}

/// The program of a step called add+mul after "simplify".
std::string simplified(const std::string& program, const std::string& dtype = "float32") {
  Graph graph =
      Graph::parse("%0: " + dtype + "[4] = external\n%1: " + dtype + "[4] = add+mul(%0) in " +
                   dtype + " over [4] scalars (2) {\n" + program + "}\nkeep %1\n");
  simplify_programs(graph);
  verify(graph);
  return tile::to_text(graph.steps[0].program);
}

using Titles = std::vector<std::string>;

TEST(DeadSteps, GoWhereNobodyReadsThem) {
  const std::string text =
      "%0: float32[4] = external\n"
      "%1: float32[4] = exp(%0) in float32 over [4]\n"
      "%2: float32[4] = abs(%0) in float32 over [4]\n"
      "keep %2\n";
  EXPECT_EQ(steps_after("dead-steps", text), Titles{"abs"});
}

TEST(DeadSteps, StayWhereAnExternalIsWritten) {
  const std::string text =
      "%0: float32[4] = external\n"
      "%1 in %0: float32[4] = exp(%0) in float32 over [4]\n";
  EXPECT_EQ(steps_after("dead-steps", text), Titles{"exp"});
}

TEST(CommonSteps, ReadersShareOneResult) {
  const std::string text =
      "%0: float32[4, 4] = external\n"
      "%1: float32[4, 4] = matmul(%0, %0)\n"
      "%2: float32[4, 4] = matmul(%0, %0)\n"
      "%3: float32[4, 4] = exp(%1) in float32 over [4, 4]\n"
      "%4: float32[4, 4] = exp(%2[4, 4; 4, 1; 0]) in float32 over [4, 4]\n"
      "%5: float32[4, 4] = add(%3, %4) in float32 over [4, 4]\n"
      "keep %5\n";
  EXPECT_EQ(steps_after("common-steps", text), (Titles{"matmul", "exp", "exp", "add"}));
}

TEST(CommonSteps, StayApartWhereSomethingDiffers) {
  const std::string begin = "%0: float32[4, 4] = external\n%1: float32[4, 4] = matmul(%0, %0)\n";
  const std::string end = "%9: float32[4, 4] = add(%1, %2) in float32 over [4, 4]\nkeep %9\n";
  const std::string second = "%2: float32[4, 4] = matmul(%0, %0)\n";
  const Titles both = {"matmul", "matmul", "add"};
  EXPECT_EQ(steps_after("common-steps", begin + second + end), (Titles{"matmul", "add"}));
  // A transposed input; an input that is written in between; a result that is kept.
  EXPECT_EQ(steps_after("common-steps",
                        begin + "%2: float32[4, 4] = matmul(%0, %0[4, 4; 1, 4; 0])\n" + end),
            both);
  EXPECT_EQ(steps_after("common-steps", begin +
                                            "%3 in %0: float32[4, 4] = exp(%0) in float32 over "
                                            "[4, 4]\n%2: float32[4, 4] = matmul(%3, %3)\n" +
                                            end),
            (Titles{"matmul", "exp", "matmul", "add"}));
  EXPECT_EQ(steps_after("common-steps", begin + second + end + "keep %2\n"), both);
}

TEST(Fuse, JoinsWhatHandsValuesOver) {
  const std::string text =
      "%0: float32[4, 8] = external\n"
      "%1: float32[4, 8] = exp(%0) in float32 over [4, 8]\n"
      "%2: float32[4, 1] = sum(%1) in float32 over [4, 8] rows [1] scalars (1)\n"
      "%3: float32[4, 8] = div(%1, %2) in float32 over [4, 8]\n"
      "keep %3\n";
  EXPECT_EQ(steps_after("fuse", text), Titles{"exp+sum+div"});
}

TEST(Fuse, LeavesOtherSpacesApart) {
  const std::string text =
      "%0: float32[4, 8] = external\n"
      "%1: float32[4, 8] = exp(%0) in float32 over [4, 8]\n"
      "%2: float32[8, 4] = neg(%1[8, 4; 1, 8; 0]) in float32 over [8, 4]\n"
      "keep %2\n";
  EXPECT_EQ(steps_after("fuse", text), (Titles{"exp", "neg"}));
}

TEST(Fuse, JoinsArithmeticOnNumbersWithTheRowTheyComeFrom) {
  const std::string text =
      "%0: float32[4, 8] = external\n"
      "%1: float32[] = external\n"
      "%2: float32[] = sum(%0) in float32 over [4, 8] rows [0, 1] scalars (0)\n"
      "%3: float32[] = add(%2, %1) in float32 over []\n"
      "%4 in %1: float32[] = exp(%3) in float32 over []\n"
      "%5: float32[4, 8] = mul(%0, %3) in float32 over [4, 8]\n"
      "keep %5\n";
  EXPECT_EQ(steps_after("fuse", text), Titles{"sum+add+exp+mul"});
}

TEST(Fuse, LeavesRowsApartThatOnlyANumberLinks) {
  const std::string sums =
      "%0: float32[4, 8] = external\n"
      "%1: float32[4, 8] = external\n"
      "%2: float32[] = sum(%0) in float32 over [4, 8] rows [0, 1] scalars (0)\n"
      "%3: float32[] = sum(%1) in float32 over [4, 8] rows [0, 1] scalars (0)\n"
      "%4: float32[] = add(%2, %3) in float32 over []\n"
      "keep %4\n";
  EXPECT_EQ(steps_after("fuse", sums).size(), 2u);
}

TEST(Fuse, LeavesArithmeticOnNumbersApartWhereThereIsMoreThanOneRow) {
  const std::string begin =
      "%0: float32[4, 8] = external\n"
      "%1: float32[] = external\n"
      "%2: float32[] = exp(%1) in float32 over []\n";
  const std::string product =
      begin + "%3: float32[4, 8] = mul(%0, %2) in float32 over [4, 8]\nkeep %3\n";
  EXPECT_EQ(steps_after("fuse", product), (Titles{"exp", "mul"}));
  const std::string sums =
      begin +
      "%3: float32[4, 8] = mul(%0, %2) in float32 over [4, 8]\n"
      "%4: float32[4, 1] = sum(%3) in float32 over [4, 8] rows [1] scalars (1)\n"
      "keep %4\n";
  EXPECT_EQ(steps_after("fuse", sums), (Titles{"exp", "mul+sum"}));
}

TEST(SideBySide, SmallProductsThatDoNotWaitForEachOtherMeet) {
  const std::string begin =
      "%0: float32[2, 4] = external\n"
      "%1: float32[4, 4] = external\n"
      "%2: float32[2, 4] = matmul(%0, %1)\n";
  const std::string end =
      "%4: float32[2, 4] = matmul(%0, %1[4, 4; 1, 4; 0])\n"
      "%5: float32[2, 4] = add(%3, %4) in float32 over [2, 4]\n"
      "keep %5\n";
  const std::string of_first = "%3: float32[2, 4] = exp(%2) in float32 over [2, 4]\n";
  EXPECT_EQ(steps_after("side-by-side", begin + of_first + end),
            (Titles{"matmul", "matmul", "exp", "add"}));
  // Where what stands between changes its weight, the second product stays behind it.
  const std::string write = "%6 in %1: float32[4, 4] = abs(%1) in float32 over [4, 4]\n";
  const std::string after_write =
      "%4: float32[2, 4] = matmul(%0, %6)\n"
      "%5: float32[2, 4] = add(%3, %4) in float32 over [2, 4]\n"
      "keep %5\n";
  EXPECT_EQ(steps_after("side-by-side", begin + of_first + write + after_write),
            (Titles{"matmul", "exp", "abs", "matmul", "add"}));
}

TEST(SideBySide, LargeProductsStayWhereTheyAre) {
  const std::string text =
      "%0: float32[200, 200] = external\n"
      "%1: float32[200, 200] = external\n"
      "%2: float32[200, 200] = matmul(%0, %1)\n"
      "%3: float32[200, 200] = exp(%2) in float32 over [200, 200]\n"
      "%4: float32[200, 200] = matmul(%0, %1[200, 200; 1, 200; 0])\n"
      "%5: float32[200, 200] = add(%3, %4) in float32 over [200, 200]\n"
      "keep %5\n";
  EXPECT_EQ(steps_after("side-by-side", text), (Titles{"matmul", "exp", "matmul", "add"}));
}

TEST(Simplify, UsesIdentitiesThatKeepEveryBit) {
  const std::string x = "%0 = load 0\n";
  const std::string same = "%0 = load 0\nstore 0, %0\n";
  EXPECT_EQ(simplified(x + "%1 = constant 1 1\n%2 = mul %1, %0\nstore 0, %2\n"), same);
  EXPECT_EQ(simplified(x + "%1 = constant 1 1\n%2 = div %0, %1\nstore 0, %2\n"), same);
  EXPECT_EQ(simplified(x + "%1 = constant 0 0\n%2 = sub %0, %1\nstore 0, %2\n"), same);
  EXPECT_EQ(simplified(x + "%1 = constant -0 0\n%2 = add %0, %1\nstore 0, %2\n"), same);
  EXPECT_EQ(simplified(x + "%1 = neg %0\n%2 = neg %1\nstore 0, %2\n"), same);
  EXPECT_EQ(simplified(x + "%1 = select %0, %0, %0\nstore 0, %1\n"), same);
  EXPECT_EQ(simplified(x + "%1 = maximum %0, %0\nstore 0, %1\n"), same);
}

TEST(Simplify, LeavesWhatWouldChangeABit) {
  const std::string x = "%0 = load 0\n";
  for (const std::string& rest :
       {std::string("%1 = constant 0 0\n%2 = add %0, %1\nstore 0, %2\n"),  // -0 + 0 is 0
        std::string("%1 = constant 0 0\n%2 = mul %0, %1\nstore 0, %2\n"),  // NaN * 0 is NaN
        std::string("%1 = sub %0, %0\nstore 0, %1\n")}) {
    EXPECT_EQ(simplified(x + rest), x + rest);
  }
}

TEST(Simplify, ComputesNothingTwice) {
  EXPECT_EQ(simplified("%0 = load 0\n%1 = exp %0\n%2 = load 0\n%3 = exp %2\n%4 = scalar 0\n"
                       "%5 = mul %1, %4\n%6 = mul %4, %3\n%7 = add %5, %6\nstore 0, %7\n"),
            "%0 = load 0\n%1 = exp %0\n%2 = scalar 0\n%3 = mul %1, %2\n%4 = add %3, %3\n"
            "store 0, %4\n");
}

/// y.neg_(), then neg(y): what y was isn't in its place any more when it would be stored.
TEST(Simplify, StoresNothingFromAPlaceThatWasWritten) {
  for (const bool in_place : {false, true}) {
    Graph graph = Graph::parse(fmt::format(
        "%0: float32[4] = external\n%1{}: float32[4], %2: float32[4] = neg+neg(%0) in float32 over "
        "[4] {{\n%0 = load 0\n%1 = neg %0\n%2 = neg %1\nstore 0, %1\nstore 1, %2\n}}\n"
        "keep %1, %2\n",
        in_place ? " in %0" : ""));
    const std::string before = tile::to_text(graph.steps[0].program);
    simplify_programs(graph);
    EXPECT_EQ(tile::to_text(graph.steps[0].program) == before, in_place);
  }
  for (const int64_t count : {2, 6, 300, 100000}) {
    const auto f = [&](Tensor x) {
      x.neg_();
      return std::pair(x, neg(x));
    };
    auto compiled = compile(f);
    for (int i = 0; i < 3; ++i) {
      const auto [x, y] = compiled(linspace(1, 2, count));
      EXPECT_EQ(x.to_vector<float>(), neg(linspace(1, 2, count)).to_vector<float>()) << count;
      EXPECT_EQ(y.to_vector<float>(), linspace(1, 2, count).to_vector<float>()) << count;
    }
  }
}

TEST(Simplify, FoldsConstantsInTheProgramsPrecision) {
  const std::string third =
      "%0 = constant 1 1\n%1 = constant 3 3\n%2 = div %0, %1\n"
      "%3 = load 0\n%4 = mul %2, %3\nstore 0, %4\n";
  EXPECT_EQ(simplified(third),
            "%0 = constant 0.3333333432674408 0\n%1 = load 0\n"
            "%2 = mul %0, %1\nstore 0, %2\n");
  EXPECT_EQ(simplified(third, "float64"),
            "%0 = constant 0.3333333333333333 0\n%1 = load 0\n"
            "%2 = mul %0, %1\nstore 0, %2\n");
}

/// What all passes together, each alone and none of them make of one function.
/// Three maps of %0 and a product of a row and a column of each, in this order.
std::string maps_and_products(const std::string& size) {
  const auto map = [&](int value, const std::string& op) {
    return fmt::format("%{0}: float32[{1}, {1}] = {2}(%0) in float32 over [{1}, {1}]\n", value,
                       size, op);
  };
  const auto product = [&](int value, int of) {
    return fmt::format(
        "%{0}: float32[1, 1] = matmul(%{2}[1, {1}; {1}, 1; 0], %{2}[{1}, 1; {1}, 1; 0])\n", value,
        size, of);
  };
  return fmt::format("%0: float32[{0}, {0}] = external\n", size) + map(1, "exp") + map(2, "abs") +
         map(3, "neg") + product(4, 1) + product(5, 2) + product(6, 3) +
         "keep %4\nkeep %5\nkeep %6\n";
}

TEST(Order, LargeBuffersAreReadAsSoonAsTheyAreThere) {
  EXPECT_EQ(steps_after("order", maps_and_products("512")),
            (Titles{"exp", "matmul", "abs", "matmul", "neg", "matmul"}));
}

TEST(Order, StaysWhereNothingIsLarge) {
  EXPECT_EQ(steps_after("order", maps_and_products("8")),
            (Titles{"exp", "abs", "neg", "matmul", "matmul", "matmul"}));
}

/// What a map is read by comes after two products that have no use for it.
constexpr const char* kLateUse =
    "%0: float32[512, 512] = external\n"
    "%1: float32[512, 512] = exp(%0) in float32 over [512, 512]\n"
    "%2: float32[512, 512] = matmul(%0, %1)\n"
    "%3: float32[512, 512] = matmul(%2, %2)\n"
    "%4: float32[512, 512] = matmul(%3, %3)\n"
    "%5: float32[512, 512] = add(%4, %1) in float32 over [512, 512]\n"
    "%6: float32[1, 1] = matmul(%5[1, 512; 512, 1; 0], %5[512, 1; 512, 1; 0])\n"
    "keep %6\n";

TEST(Recompute, ValuesOfLateUsesAreMadeAgainUnderALimit) {
  Graph graph = Graph::parse(kLateUse);
  graph.memory_limit = (size_t{2} << 20) + 4;
  recompute(graph);
  verify(graph);
  Titles titles;
  for (const Step& step : graph.steps) titles.push_back(title_of(step));
  EXPECT_EQ(titles, (Titles{"exp", "matmul", "matmul", "matmul", "exp", "add", "matmul"}));
  EXPECT_EQ(
      graph.remarks,
      "memory limit 2.0 MiB: 3.0 MiB at the peak before, 2.0 MiB after; made again: %1 of exp "
      "(1.0 MiB)\n");
}

TEST(Recompute, WhatAnotherResultOfTheStepStillHoldsIsRead) {
  // %2 is %0 + 1 and %3 exp of that. Made again, %3 comes from %2; what made %0 is gone.
  const std::string map = "float32[512, 512]";
  Graph graph =
      Graph::parse("%9: " + map + " = external\n%0: " + map +
                   " = neg(%9) in float32 over [512, 512]\n%2: " + map + ", %3: " + map +
                   " = add+exp(%0) in float32 over [512, 512] {\n%0 = load 0\n%1 = constant 1 1\n"
                   "%2 = add %0, %1\nstore 0, %2\n%4 = exp %2\nstore 1, %4\n}\n%4: " +
                   map + " = matmul(%2, %3)\n%5: " + map + " = matmul(%4, %4)\n%6: " + map +
                   " = matmul(%5, %5)\n%7: " + map + " = matmul(%6, %3)\n%8: " + map +
                   " = matmul(%7, %2)\n%10: float32[1, 1] = matmul(%8[1, 512; 512, 1; 0], "
                   "%8[512, 1; 512, 1; 0])\nkeep %10\n");
  graph.memory_limit = (size_t{3} << 20) + 4;
  recompute(graph);
  verify(graph);
  const std::string text = graph.to_text();
  EXPECT_NE(text.find(map + " = add+exp(%2) in float32 over [512, 512] {\n  %0 = load 0\n"
                            "  %1 = exp %0\n  store 0, %1\n}"),
            std::string::npos)
      << text;
}

TEST(Recompute, LargePeaksAreLoweredWithoutALimitWhereThatCostsNextToNothing) {
  std::string text = kLateUse;
  for (size_t at = 0; (at = text.find("512", at)) != std::string::npos; at += 4) {
    text.replace(at, 3, "4096");
  }
  Graph large = Graph::parse(text);
  recompute(large);
  EXPECT_EQ(large.steps.size(), 7u);
  EXPECT_EQ(large.remarks,
            "made again rather than kept: %1 of exp (64.0 MiB); 192.0 MiB at the peak before, "
            "128.0 MiB after\n");
}

TEST(Recompute, NothingIsMadeAgainWithinTheLimit) {
  for (const size_t limit : {size_t{0}, size_t{4} << 20}) {
    Graph graph = Graph::parse(kLateUse);
    graph.memory_limit = limit;
    recompute(graph);
    EXPECT_EQ(graph.steps.size(), 6u);
    EXPECT_EQ(graph.remarks, "");
  }
}

TEST(Recompute, WhatWasOverwrittenIsNotReadAgain) {
  // %0 is written before the late use: exp of it would be another value.
  const std::string text = kLateUse;
  const size_t at = text.find("%5:");
  Graph graph = Graph::parse(text.substr(0, at) +
                             "%9 in %0: float32[512, 512] = neg(%0) in float32 over [512, 512]\n" +
                             text.substr(at));
  graph.memory_limit = (size_t{2} << 20) + 4;
  recompute(graph);
  testing::internal::CaptureStderr();
  bool warned = false;
  for (int i = 0; i < 2; ++i) warn_of_memory(graph, warned);
  const std::string warning = testing::internal::GetCapturedStderr();
  EXPECT_EQ(graph.steps.size(), 7u);
  EXPECT_NE(warning.find("needs 3.0 MiB of memory, more than its limit of 2.0 MiB"),
            std::string::npos)
      << warning;
  EXPECT_EQ(std::count(warning.begin(), warning.end(), '\n'), 1);
}

TEST(Passes, ChangeNoNumber) {
  manual_seed(5);
  const Tensor x = randn({16, 24}), w = randn({24, 24});
  const auto f = [&] {
    Tensor y = matmul(x, w), z = matmul(x, w);
    Tensor s = softmax(y * 1 + z, 1);
    return sum(exp(s) * exp(s), {1}) - mean(neg(neg(z)), {1});
  };
  const std::vector<float> want = f().to_vector<float>();
  std::vector<std::vector<std::string>> without = {{}, compile_passes()};
  for (const std::string& name : compile_passes()) {
    without.push_back({name});
    without.push_back(compile_passes());
    std::erase(without.back(), name);
  }
  for (const auto& names : without) {
    auto compiled = compile(f, {.without_passes = names});
    for (int i = 0; i < 2; ++i) {
      const std::vector<float> got = compiled().to_vector<float>();
      for (size_t k = 0; k < want.size(); ++k) EXPECT_NEAR(got[k], want[k], 1e-5);
    }
  }
}

/// Numbers that a sum of everything updates, which the same program reads for each element.
TEST(Passes, ANumberIsReadBeforeItIsWritten) {
  for (const int64_t count : {5, 32, 700, 3000, 600000}) {
    const Tensor x = linspace(-1, 1, count), y = x * 2 + 1;
    const auto train = [&](auto step) {
      Tensor w = full({}, 0.25), b = full({}, -0.5);
      std::vector<float> seen;
      for (int i = 0; i < 3; ++i) {
        const Tensor error = step(w, b);
        for (const Tensor& t : {w, b, sum(abs(error))}) seen.push_back(t.item<float>());
      }
      return seen;
    };
    const auto step = [&](Tensor w, Tensor b) {
      const Tensor error = x * w + b - y;
      w.sub_(mean(error * x) * 0.5);
      b.sub_(mean(error) * 0.5);
      return error - w;
    };
    const std::vector<float> want = train(step), got = train(compile(step));
    for (size_t k = 0; k < want.size(); ++k) {
      EXPECT_NEAR(got[k], want[k], 1e-6 * std::max(1.0f, std::abs(want[k]))) << count;
    }
  }
}

}  // namespace
}  // namespace tenon::graph
