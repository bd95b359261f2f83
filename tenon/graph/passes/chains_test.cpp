// Chains of small steps that a plan runs side by side: which steps they are.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/graph/ir/fork.h"
#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

/// The graph after the pass.
Graph forked(const std::string& text) {
  Graph graph = Graph::parse(text);
  fork_chains(graph);
  verify(graph);
  const std::string result = graph.to_text();
  EXPECT_EQ(Graph::parse(result).to_text(), result);
  return graph;
}

/// Of each step "title fork.chain", in their order.
std::vector<std::string> marks_of(const Graph& graph) {
  std::vector<std::string> marks;
  for (const Step& step : graph.steps) {
    marks.push_back(fmt::format("{} {}.{}", title_of(step), step.fork, step.chain));
  }
  return marks;
}

using Marks = std::vector<std::string>;

/// Externals: %0 and %1 small matrices, %2 a large one.
const std::string kExternals =
    "%0: float32[64, 64] = external\n"
    "%1: float32[64, 64] = external\n"
    "%2: float32[512, 512] = external\n";

/// `%to = matmul(%from, %from)` of 64 x 64, about 16 us.
std::string product(int to, int from) {
  return fmt::format("%{}: float32[64, 64] = matmul(%{}, %{})\n", to, from, from);
}
std::string tanh_of(int to, int from) {
  return fmt::format("%{}: float32[64, 64] = tanh(%{}) in float32 over [64, 64]\n", to, from);
}
std::string sum_of(int to, int a, int b) {
  return fmt::format("%{}: float32[64, 64] = add(%{}, %{}) in float32 over [64, 64] scalars (1)\n",
                     to, a, b);
}

TEST(Chains, EndWhereTheyMeet) {
  const Graph graph =
      forked(kExternals + product(3, 0) + product(4, 1) + tanh_of(5, 3) + tanh_of(6, 4) +
             product(7, 5) + sum_of(8, 6, 7) + product(9, 8) + "keep %9\n");
  EXPECT_EQ(marks_of(graph), (Marks{"matmul 1.1", "tanh 1.1", "matmul 1.1", "matmul 1.2",
                                    "tanh 1.2", "add 0.0", "matmul 0.0"}));
}

TEST(Chains, BeginBehindWhatTheyShare) {
  const Graph graph = forked(kExternals + product(3, 0) + product(4, 3) + product(5, 4) +
                             tanh_of(6, 3) + product(7, 6) + sum_of(8, 5, 7) + "keep %8\n");
  EXPECT_EQ(marks_of(graph),
            (Marks{"matmul 0.0", "matmul 1.1", "matmul 1.1", "tanh 1.2", "matmul 1.2", "add 0.0"}));
}

TEST(Chains, LargeStepsGoBeforeOrBehind) {
  const Graph graph = forked(kExternals + product(3, 0) +
                             "%4: float32[512, 512] = matmul(%2, %2)\n" + product(5, 3) +
                             "%6: float32[64, 512] = matmul(%5, %2[64, 512; 512, 1; 0])\n"
                             "%7: float32[512, 512] = matmul(%6[512, 64; 1, 512; 0], %6)\n" +
                             product(8, 1) + tanh_of(9, 8) + "keep %4\nkeep %7\nkeep %9\n");
  // 64 x 64 x 512 is more than a chain's step, too.
  EXPECT_EQ(marks_of(graph), (Marks{"matmul 0.0", "matmul 1.1", "matmul 1.1", "matmul 1.2",
                                    "tanh 1.2", "matmul 0.0", "matmul 0.0"}));
  EXPECT_EQ(graph.steps[0].outputs[0].value, 4u);
  EXPECT_EQ(graph.steps[5].outputs[0].value, 6u);
}

TEST(Chains, ForksFollowEachOther) {
  const std::string text = kExternals + product(3, 0) + tanh_of(4, 3) + product(5, 1) +
                           tanh_of(6, 5) + sum_of(7, 4, 6) + product(8, 7) + product(9, 7) +
                           tanh_of(10, 8) + tanh_of(11, 9) + sum_of(12, 10, 11) + "keep %12\n";
  EXPECT_EQ(marks_of(forked(text)),
            (Marks{"matmul 1.1", "tanh 1.1", "matmul 1.2", "tanh 1.2", "add 0.0", "matmul 2.1",
                   "tanh 2.1", "matmul 2.2", "tanh 2.2", "add 0.0"}));
}

TEST(Chains, ManyShareTheThreadsByTheirCost) {
  std::string text = kExternals;
  for (int i = 0; i < 11; ++i) text += product(3 + 2 * i, i % 2) + tanh_of(4 + 2 * i, 3 + 2 * i);
  for (int i = 0; i < 11; ++i) text += fmt::format("keep %{}\n", 4 + 2 * i);
  const Graph graph = forked(text);
  const std::vector<Fork> forks = forks_of(graph.steps);
  ASSERT_EQ(forks.size(), 1u);
  EXPECT_EQ(forks[0].count(), 8u);
  EXPECT_EQ(forks[0].begin(), 0u);
  EXPECT_EQ(forks[0].end(), 22u);
}

TEST(Chains, AreNotWorthItWhereTheyAreShortOrNone) {
  const auto is_forked = [](const std::string& text) {
    return !forks_of(forked(text).steps).empty();
  };
  // A chain by itself; one beside next to nothing; next to nothing twice; single steps.
  EXPECT_FALSE(is_forked(kExternals + product(3, 0) + product(4, 3) + product(5, 4) + "keep %5\n"));
  const std::string little = "%9: float32[64] = tanh(%1[64; 1; 0]) in float32 over [64]\n";
  EXPECT_FALSE(is_forked(kExternals + product(3, 0) + little + "keep %3\nkeep %9\n"));
  EXPECT_FALSE(is_forked(kExternals + little +
                         "%8: float32[64] = tanh(%0[64; 1; 0]) in float32 over [64]\n"
                         "keep %8\nkeep %9\n"));
  EXPECT_FALSE(is_forked(kExternals + product(3, 0) + product(4, 1) + "keep %3\nkeep %4\n"));
  // What is looked up by numbers may throw.
  EXPECT_FALSE(
      is_forked("%0: float32[64, 64] = external\n"
                "%1: int64[64, 64] = external\n"
                "%2: float32[64, 64] = gather(%0, %1) with (0)\n"
                "%3: float32[64, 64] = gather(%0, %1) with (1)\n"
                "keep %2\nkeep %3\n"));
  // Only a graph without a limit has memory for both.
  Graph limited = Graph::parse(kExternals + product(3, 0) + tanh_of(4, 3) + product(5, 1) +
                               tanh_of(6, 5) + "keep %4\nkeep %6\n");
  Graph free = limited;
  limited.memory_limit = 1 << 20;
  fork_chains(limited);
  fork_chains(free);
  EXPECT_TRUE(forks_of(limited.steps).empty());
  EXPECT_EQ(forks_of(free.steps).size(), 1u);
}

TEST(Chains, ThatMeetAreNoGraph) {
  const auto error_of = [](const std::string& text) -> std::string {
    try {
      Graph::parse(text);
    } catch (const ValueError& error) {
      return error.what();
    }
    return {};
  };
  const auto step = [](int to, int from, const std::string& mark) {
    return fmt::format("%{}: float32[64, 64] = matmul(%{}, %{}){}\n", to, from, from, mark);
  };
  const std::pair<std::string, std::string> cases[] = {
      {step(3, 0, " chain 1 of fork 1") + step(4, 3, " chain 2 of fork 1"), "of its fork uses"},
      {step(3, 0, " chain 2 of fork 1"), "numbered from 1"},
      {step(3, 0, " chain 1 of fork 2"), "numbered from 1"},
      {step(3, 0, " chain 1 of fork 1") + step(4, 0, "") + step(5, 0, " chain 2 of fork 1"),
       "numbered from 1"},
      {step(3, 0, " chain 1 of fork 0"), "a chain of no fork"},
      {step(3, 0, " chain 1"), "expected 'of'"},
  };
  for (const auto& [text, want] : cases) {
    EXPECT_NE(error_of(kExternals + text).find(want), std::string::npos)
        << text << error_of(kExternals + text);
  }
}

}  // namespace
}  // namespace tenon::graph
