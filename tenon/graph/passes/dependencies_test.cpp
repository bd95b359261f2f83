#include "tenon/graph/passes/dependencies.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tenon::graph {
namespace {

/// Steps that read two values of the `reach` steps before them.
Graph random_graph(int steps, int reach, std::mt19937& random) {
  std::string text = "%0: float32[4] = external\n";
  for (int i = 1; i <= steps; ++i) {
    const auto pick = [&] {
      return i - 1 - static_cast<int>(random() % static_cast<unsigned>(std::min(i, reach)));
    };
    text += fmt::format("%{}: float32[4] = add(%{}, %{}) in float32 over [4]\n", i, pick(), pick());
  }
  return Graph::parse(text + fmt::format("keep %{}\n", steps));
}

/// The slow twin: which node waits for which, straight or by way of others.
struct Closure {
  std::vector<std::vector<bool>> edge, way;

  explicit Closure(const Graph& graph)
      : edge(graph.steps.size(), std::vector<bool>(graph.steps.size())) {
    for (size_t i = 0; i < graph.steps.size(); ++i) {
      for (const Operand& input : graph.steps[i].inputs) {
        for (size_t k = 0; k < i; ++k) {
          if (graph.steps[k].outputs[0].value == input.value) edge[k][i] = true;
        }
      }
    }
    close();
  }
  void close() {
    way = edge;
    const size_t count = edge.size();
    for (size_t k = 0; k < count; ++k) {
      for (size_t i = 0; i < count; ++i) {
        for (size_t j = 0; way[i][k] && j < count; ++j) way[i][j] = way[i][j] || way[k][j];
      }
    }
  }
  bool has_detour(size_t a, size_t b) const {
    for (size_t k = 0; k < edge.size(); ++k) {
      if ((way[a][k] && way[k][b]) || (way[b][k] && way[k][a])) return true;
    }
    return false;
  }
  void merge(size_t a, size_t b) {
    for (size_t k = 0; k < edge.size(); ++k) {
      edge[a][k] = k != a && (edge[a][k] || edge[b][k]);
      edge[k][a] = k != a && (edge[k][a] || edge[k][b]);
      edge[b][k] = edge[k][b] = false;
    }
    edge[a][b] = edge[b][a] = edge[a][a] = false;
    close();
  }
};

TEST(Dependencies, MergedNodesKeepTheirDetoursAndAnOrder) {
  std::mt19937 random(7);
  int merged = 0;
  for (int round = 0; round < 40; ++round) {
    const int steps = 24;
    const Graph graph = random_graph(steps, 2 + round % 9, random);
    Dependencies dependencies(graph);
    Closure twin(graph);
    std::vector<size_t> nodes(steps);
    for (size_t i = 0; i < nodes.size(); ++i) nodes[i] = i;
    for (int attempt = 0; attempt < 60; ++attempt) {
      const size_t a = nodes[random() % nodes.size()], b = nodes[random() % nodes.size()];
      if (a == b) continue;
      ASSERT_EQ(dependencies.has_detour(a, b), twin.has_detour(a, b)) << a << " and " << b;
      if (twin.has_detour(a, b) || attempt % 3 != 0) continue;
      dependencies.merge(a, b);
      twin.merge(a, b);
      std::erase(nodes, b);
      ++merged;
    }
    const std::vector<size_t> order = dependencies.order();
    ASSERT_EQ(order.size(), nodes.size());
    for (size_t i = 0; i < order.size(); ++i) {
      for (size_t k = 0; k < i; ++k) EXPECT_FALSE(twin.way[order[i]][order[k]]);
    }
  }
  EXPECT_GT(merged, 100);
}

TEST(Dependencies, WhatMayThrowStaysInOrderWithWritesThatCanBeSeen) {
  // Rows are looked up by numbers that may be out of range; writes of %0 can be seen afterwards.
  const Graph graph = Graph::parse(
      "%0: float32[4] = external\n"
      "%1: int64[2] = external\n"
      "%2 in %0: float32[4] = exp(%0) in float32 over [4]\n"
      "%3: float32[2] = gather(%2, %1) with (0)\n"
      "%4: float32[2] = gather(%2, %1) with (0)\n"
      "%5 in %0: float32[4] = abs(%2) in float32 over [4]\n"
      "keep %3\nkeep %4\n");
  const Dependencies dependencies(graph);
  EXPECT_TRUE(dependencies.has_detour(0, 3));
  EXPECT_TRUE(dependencies.has_detour(0, 2)) << "the first error is the one that is raised";
  EXPECT_EQ(dependencies.order(), (std::vector<size_t>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace tenon::graph
