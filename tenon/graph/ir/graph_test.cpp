// Graphs as text: what they look like, that they come back, and which texts are refused.

#include "tenon/graph/ir/graph.h"

#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/autocast.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::graph {
namespace {

/// Of the only plan of `f`, run once.
template <class F>
Graph graph_of(F f, std::vector<std::string> without_passes = {}) {
  auto compiled = compile(f, {.without_passes = std::move(without_passes)});
  compiled();
  EXPECT_EQ(compiled.graphs().size(), 1u);
  return compiled.graphs()[0];
}

std::string error_of(const std::string& text) {
  try {
    Graph::parse(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Graph, ReadsAsTheDocumentationSays) {
  const Tensor x = ones({64, 784}), w = ones({128, 784});
  const Graph graph = graph_of([&] {
    Tensor y = matmul(x, w.t());
    w.square_();
    return y;
  });
  EXPECT_EQ(graph.to_text(),
            "%0: float32[64, 784] = external\n"
            "%1: float32[128, 784] = external\n"
            "%3: float32[64, 128] = matmul(%0, %1[784, 128; 1, 784; 0])\n"
            "%4 in %1: float32[128, 784] = square(%1) in float32 over [128, 784]\n"
            "keep %3\n");
}

TEST(Graph, TextComesBack) {
  const Tensor x = rand({6, 4}), labels = tensor({0, 1, 2, 3, 0, 1});
  for (const std::vector<std::string>& without : {std::vector<std::string>{}, {"fuse"}}) {
    const Graph graph = graph_of(
        [&] {
          x.select(1, 2).fill_(0.25);
          Tensor y = dropout(softmax(x, 1), 0.5) + cross_entropy(x, labels);
          return std::pair(y.to(kFloat16), cumsum(y, 0).transpose(0, 1) * -1e-30);
        },
        without);
    const std::string text = graph.to_text();
    const Graph again = Graph::parse(text);
    EXPECT_EQ(again.to_text(), text);
    EXPECT_EQ(again.steps.size(), graph.steps.size());
    for (size_t i = 0; i < again.steps.size(); ++i) {
      EXPECT_EQ(again.steps[i].program.empty(), graph.steps[i].program.empty());
      if (again.steps[i].program.empty()) continue;
      EXPECT_EQ(again.steps[i].program, graph.steps[i].program);
    }
  }
}

/// What a graph's steps give doesn't depend on where it is looked at.
TEST(Graph, IsReadUnderAutocastAsWithoutIt) {
  const std::string text = graph_of([] { return matmul(ones({2, 3}), ones({3, 4})); }).to_text();
  const Autocast autocast(kBFloat16);
  EXPECT_EQ(Graph::parse(text).to_text(), text);
}

TEST(Graph, LoopsPrintAndParseBack) {
  const std::string text =
      "%0: float32[4] = external\n"
      "%1: float32[4] = external\n"
      "%5 in %0: float32[4] = loop(%0, %1) 10 times {\n"
      "  %0: float32[4] = external\n"
      "  %1: float32[4] = external\n"
      "  %2: float32[4] = mul(%0, %1) in float32 over [4] {\n"
      "    %0 = load 0\n"
      "    %1 = load 1\n"
      "    %2 = add %0, %1\n"
      "    store 0, %2\n"
      "  }\n"
      "  %3 in %0: float32[4] = square(%2) in float32 over [4]\n"
      "}\n";
  const Graph graph = Graph::parse(text);
  EXPECT_EQ(graph.to_text(), text);
  EXPECT_EQ(graph.steps[0].rounds, 10);
  EXPECT_EQ(graph.steps[0].body->steps.size(), 2u);
}

TEST(Graph, DrawsItself) {
  const Tensor x = ones({2, 3});
  const std::string dot = graph_of([&] { return exp(matmul(x, x.t())); }).to_dot();
  EXPECT_EQ(dot.substr(0, 9), "digraph {");
  EXPECT_NE(dot.find("[label=\"matmul\"]"), std::string::npos) << dot;
  EXPECT_NE(dot.find("s0 -> s1 [label=\"%2: float32[2, 2]\"]"), std::string::npos) << dot;
}

TEST(Graph, RefusesTextsThatAreNoGraphs) {
  const std::string x = "%0: float32[2, 3] = external\n";
  const std::string square = "%1 in %0: float32[2, 3] = square(%0) in float32 over [2, 3]\n";
  const auto loop = [](const std::string& times, const std::string& body) {
    return "%9 in %0: float32[2, 3] = loop(%0) " + times + " {\n" + body + "}\n";
  };
  const std::pair<std::string, std::string> cases[] = {
      {"%0: float31[2] = external", "line 1: [dtype]"},
      {"%0: float32[2 = external", "expected ']'"},
      {"%0: float32[-2] = external", "a size of -2"},
      {"%0: float32[9223372036854775807, 9] = external", "2^62 elements"},
      {x + "%0: float32[2] = external", "line 2: %0 is written twice"},
      {x + "%1: float32[2, 3] = expp(%0) in float32 over [2, 3]", "there is no op 'expp'"},
      {x + "%1: float32[2, 3] = exp(%7) in float32 over [2, 3]", "%7 isn't made before"},
      {x + "%1: float32[2, 3] = exp(%0) in float32 over [2, 4]", "doesn't broadcast"},
      {x + "%1: float32[2, 1] = exp(%0) in float32 over [2, 3]", "smaller than the space"},
      {x + "%1: float32[2, 3] = exp(%0) in complex64 over [2, 3]", "doesn't compute in"},
      {x + "%1: float32[2, 3] = exp(%0) in int64 over [2, 3]", "doesn't compute in"},
      {x + "%1: float32[2, 3] = exp(%0) in float32 over [2, 3] variant 16", "no program 16"},
      {x + "%1: float32[2, 3] = exp(%0) in float32 over [2, 3] {\n%0 = load 9\nstore 0, %0\n}",
       "other inputs"},
      {x + "%1: float32[2, 3] = exp(%0) in float32 over [2, 3] {\n%0 = lod 0\n}", "lod"},
      {x + "%1: float32[2, 3] = exp(%0) in float32 over [2, 3] {", "without its '}'"},
      {x + "%1: float32[2, 3] = exp(%0) in float32 over [2, 3] {\"}", "without its '}'"},
      {x + "%1: float32[2, 3] = exp(%0[2, 3; 3, 2; 0]) in float32 over [2, 3]",
       "beyond its storage"},
      {x + "%1: float32[2, 3] = exp(%0[2, 3; 3, 1; -1]) in float32 over [2, 3]",
       "beyond its storage"},
      {x + "%1 in %0: float32[2, 3] = exp(%0) in float32 over [2, 3]\n"
           "%2: float32[2, 3] = exp(%0) in float32 over [2, 3]",
       "which its storage doesn't hold then"},
      {x + "%1: float32[2, 2] = matmul(%0, %0)", "inner sizes differ"},
      {x + "%1: float32[2, 3] = matmul(%0, %0[3, 2; 1, 3; 0])", "isn't what the op gives"},
      {x + "%1: float32[2, 2] = matmul(%0)", "another number of inputs"},
      {x + "%1: float32[2, 2] = matmul(%0, %0[3, 2; 1, 3; 0]) with (1)", "more arguments"},
      {x + "%1: float32[2, 3] = exp(%0) in float32 over [2, 3] scalars (x:1)", "got 'x'"},
      {x + loop("0 times", x + square), "no loop"},
      {x + loop("3 times", "%1: float32[2, 4] = external\n"), "isn't what its body takes"},
      {x + loop("3 times", x + "%5: float32[2, 3] = external\n" + square), "other inputs"},
      {x + loop("3 times", "%2: float32[2, 3] = square(%0) in float32 over [2, 3]\n"),
       "%0 isn't made before"},
      {x + loop("3 times", x + loop("3 times", x + square)), "a loop within a loop"},
      {x + loop("3 times", x + "%1: float32[2, 3] = square(%0) in float32 over [2, 3]\n"),
       "other inputs or results"},
      {x + loop("3 times",
                x + square + "%2: float32[2, 3] = exp(%1) in float32 over [2, 3]\nkeep %2\n"),
       "its body keeps"},
      {x + loop("3", x + square), "expected 'times'"},
      {x + "keep %1", "%1 isn't made before"},
      {x + "trailing", "expected a value"},
  };
  for (const auto& [text, want] : cases) {
    EXPECT_NE(error_of(text).find(want), std::string::npos) << text << "\n" << error_of(text);
  }
}

}  // namespace
}  // namespace tenon::graph
