// Blocks of convolutions: what is joined and what isn't. That compiled networks compute what eager
// ones do is tests/compiled_convolutions.cpp.

#include <gtest/gtest.h>

#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

using Titles = std::vector<std::string>;

Graph joined(const std::string& text) {
  Graph graph = Graph::parse(text);
  join_convolutions(graph);
  verify(graph);
  return graph;
}

Titles titles_of(const Graph& graph) {
  Titles titles;
  for (const Step& step : graph.steps) titles.push_back(title_of(step));
  return titles;
}

const std::string kExternals =
    "%0: float32[4, 16, 8, 8] = external\n"
    "%1: float32[32, 16, 3, 3] = external\n"
    "%2: float32[32] = external\n";
const std::string kConv = "%3: float32[4, 32, 6, 6] = conv2d(%0, %1, %2) with ([1], [0], [1], 1)\n";
const std::string kRelu = "%4: float32[4, 32, 6, 6] = relu(%3) in float32 over [4, 32, 6, 6]\n";
const std::string kPool =
    "%5: float32[4, 32, 3, 3], %6: int64[4, 32, 3, 3] = max_pool2d_with_indices(%4) with "
    "([2], [2], [0], [1], false)\n";

TEST(Convolutions, TakeReluAndPoolingIn) {
  EXPECT_EQ(titles_of(joined(kExternals + kConv + kRelu + "keep %4\n")), Titles{"conv2d_block"});
  const Graph graph = joined(kExternals + kConv + kRelu + kPool + "keep %5\n");
  EXPECT_EQ(titles_of(graph), Titles{"conv2d_block_pool"});
  EXPECT_EQ(graph.assumed_attributes.size(), 5u);
  // Its text is one that a graph can be read from.
  EXPECT_EQ(Graph::parse(graph.to_text()).to_text(), graph.to_text());
}

TEST(Convolutions, LeaveWhatSomebodyElseReads) {
  EXPECT_EQ(titles_of(joined(kExternals + kConv + kRelu + "keep %3\nkeep %4\n")),
            (Titles{"conv2d", "relu"}));
  const Titles apart = {"conv2d_block", "max_pool2d_with_indices"};
  EXPECT_EQ(titles_of(joined(kExternals + kConv + kRelu + kPool + "keep %4\nkeep %5\n")), apart);
  EXPECT_EQ(titles_of(joined(kExternals + kConv + kRelu + kPool + "keep %5\nkeep %6\n")), apart);
  // A view that takes half of it, in another order.
  EXPECT_EQ(titles_of(joined(kExternals + kConv + kRelu + kPool +
                             "%7: float32[3, 3] = exp(%4[3, 3; 1, 3; 0]) in float32 over [3, 3]\n"
                             "keep %5\nkeep %7\n")),
            (Titles{"conv2d_block", "max_pool2d_with_indices", "exp"}));
}

TEST(Convolutions, LeaveOtherWindowsAndDTypes) {
  const std::string wide =
      "%5: float32[4, 32, 2, 2], %6: int64[4, 32, 2, 2] = max_pool2d_with_indices(%4) with "
      "([3], [2], [0], [1], false)\n";
  EXPECT_EQ(titles_of(joined(kExternals + kConv + kRelu + wide + "keep %5\n")),
            (Titles{"conv2d_block", "max_pool2d_with_indices"}));
  std::string doubles = kExternals + kConv + kRelu + "keep %4\n";
  for (size_t at; (at = doubles.find("float32")) != std::string::npos;) {
    doubles.replace(at, 7, "float64");
  }
  EXPECT_EQ(titles_of(joined(doubles)), (Titles{"conv2d", "relu"}));
}

TEST(Convolutions, TakeABatchNormOfKnownNumbersIn) {
  const std::string norm =
      "%8: float32[32] = external\n%9: float32[32] = external\n"
      "%10: float32[4, 32, 6, 6] = batch_norm_inference(%3, %8[1, 32, 1, 1; 1, 1, 1, 1; 0], "
      "%9[1, 32, 1, 1; 1, 1, 1, 1; 0], none, none) in float32 over [4, 32, 6, 6] scalars (0.001) "
      "{\n"
      "%0 = load 0\n%1 = load 1\n%2 = sub %0, %1\n%3 = load 2\n%4 = scalar 0\n"
      "%5 = add %3, %4\n%6 = rsqrt %5\n%7 = mul %2, %6\nstore 0, %7\n}\n";
  const Graph graph = joined(kExternals + kConv + norm + "keep %10\n");
  EXPECT_EQ(titles_of(graph), Titles{"conv2d_block"});
  EXPECT_EQ(Graph::parse(graph.to_text()).to_text(), graph.to_text());
  EXPECT_EQ(titles_of(joined(kExternals + kConv + norm + "keep %3\nkeep %10\n")),
            (Titles{"conv2d", "batch_norm_inference"}));
  const std::string relu =
      "%11: float32[4, 32, 6, 6] = relu(%10) in float32 over [4, 32, 6, 6]\nkeep %11\n";
  EXPECT_EQ(titles_of(joined(kExternals + kConv + norm + relu)), Titles{"conv2d_block"});
}

/// A gradient that is overwritten before the convolution's gradients read it.
TEST(Convolutions, LeaveAPoolingWhoseGradientIsOverwritten) {
  const std::string way_back =
      "%7: float32[4, 32, 3, 3] = external\n"
      "%8: float32[4, 32, 6, 6] = max_pool2d_backward(%7, %6) with ([4, 32, 6, 6])\n"
      "%9: float32[4, 32, 6, 6] = relu_backward(%8, %4) in float32 over [4, 32, 6, 6]\n";
  const std::string gradient =
      "%11: float32[4, 16, 8, 8] = conv2d_backward_input(%9, %1) with ([4, 16, 8, 8], [1], [0], "
      "[1], 1)\nkeep %5\nkeep %11\n";
  const std::string before = kExternals + kConv + kRelu + kPool + way_back;
  EXPECT_EQ(titles_of(joined(before + gradient)),
            (Titles{"conv2d_block_pool", "conv2d_block_backward_input"}));
  const std::string write =
      "%10 in %7: float32[4, 32, 3, 3] = exp(%5) in float32 over [4, 32, 3, 3]\n";
  EXPECT_EQ(titles_of(joined(before + write + gradient)),
            (Titles{"conv2d_block", "max_pool2d_with_indices", "max_pool2d_backward",
                    "relu_backward", "exp", "conv2d_block_backward_input"}));
}

TEST(Convolutions, HandImagesOverInBlocks) {
  const std::string text = kExternals + kConv + kRelu +
                           "%7: float32[16, 32, 3, 3] = external\n"
                           "%8: float32[4, 16, 4, 4] = conv2d(%4, %7, none) with ([1], [0], [1], "
                           "1)\nkeep %8\n";
  const Graph inner = joined(text), kept = joined(text + "keep %4\n");
  const auto width = [](const Graph& graph, size_t step, size_t constant) {
    return graph.steps[step].constants[constant].as<int64_t>();
  };
  EXPECT_EQ(titles_of(inner), (Titles{"conv2d_block", "conv2d_block"}));
  EXPECT_EQ(width(inner, 0, 1), 16);
  EXPECT_EQ(width(inner, 1, 0), 16);
  EXPECT_EQ(width(inner, 1, 1), 0);  // what is kept is row-major
  EXPECT_EQ(width(kept, 0, 1), 0);
  EXPECT_EQ(width(kept, 1, 0), 0);
}

}  // namespace
}  // namespace tenon::graph
