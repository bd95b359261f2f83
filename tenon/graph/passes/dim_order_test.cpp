// Values that are permuted, worked on and permuted back stay as they lie. That compiled networks
// with channels last compute what eager ones do is tests/compiled_convolutions.cpp.

#include <gtest/gtest.h>

#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

std::string ordered(const std::string& text) {
  Graph graph = Graph::parse(text);
  keep_dim_order(graph);
  verify(graph);
  EXPECT_EQ(Graph::parse(graph.to_text()).to_text(), graph.to_text());
  return graph.to_text();
}

const std::string kImages =
    "%0: float32[2, 3, 4, 5] = external\n"
    "%1: float32[2, 3, 4, 5] = square(%0) in float32 over [2, 3, 4, 5]\n";
const std::string kLast = "[2, 4, 5, 3; 60, 5, 1, 20; 0]", kFirst = "[2, 3, 4, 5; 60, 1, 15, 3; 0]";

std::string relu_of(const std::string& view) {
  return "%2: float32[2, 4, 5, 3] = relu(" + view + ") in float32 over [2, 4, 5, 3]\n";
}
const std::string kBack =
    "%3: float32[2, 3, 4, 5] = exp(%2" + kFirst + ") in float32 over [2, 3, 4, 5]\nkeep %3\n";

TEST(DimOrder, StaysWhereValuesArePermutedBack) {
  EXPECT_EQ(ordered(kImages + relu_of("%1" + kLast) + kBack),
            kImages +
                "%2: float32[2, 3, 4, 5] = relu(%1) in float32 over [2, 3, 4, 5]\n"
                "%3: float32[2, 3, 4, 5] = exp(%2) in float32 over [2, 3, 4, 5]\nkeep %3\n");
}

/// A gradient reads the relu's result as it is, and another permuted value.
TEST(DimOrder, GoesOnThroughProgramsThatReadTheValueAsItIs) {
  const std::string gradient = "%4: float32[2, 4, 5, 3] = relu_backward(%0" + kLast +
                               ", %2) in float32 over [2, 4, 5, 3]\n"
                               "%5: float32[2, 3, 4, 5] = exp(%4" +
                               kFirst + ") in float32 over [2, 3, 4, 5]\nkeep %3\nkeep %5\n";
  const std::string back =
      "%3: float32[2, 3, 4, 5] = exp(%2" + kFirst + ") in float32 over [2, 3, 4, 5]\n";
  EXPECT_EQ(ordered(kImages + relu_of("%1" + kLast) + back + gradient),
            kImages +
                "%2: float32[2, 3, 4, 5] = relu(%1) in float32 over [2, 3, 4, 5]\n"
                "%3: float32[2, 3, 4, 5] = exp(%2) in float32 over [2, 3, 4, 5]\n"
                "%4: float32[2, 3, 4, 5] = relu_backward(%0, %2) in float32 over [2, 3, 4, 5]\n"
                "%5: float32[2, 3, 4, 5] = exp(%4) in float32 over [2, 3, 4, 5]\n"
                "keep %3, %5\n");
}

TEST(DimOrder, IsLeftWhereSomebodyWantsTheOtherOne) {
  const std::string relu = relu_of("%1" + kLast);
  for (const std::string& text : {
           // Nobody permutes it back; it is seen afterwards; it is read as a matrix.
           kImages + relu + "%3: float32[2, 4, 5, 3] = exp(%2) in float32 over [2, 4, 5, 3]\n",
           kImages + relu + kBack + "keep %2\n",
           kImages + relu +
               "%4: float32[40, 3] = exp(%2[40, 3; 3, 1; 0]) in float32 over [40, 3]\n" + kBack,
           // A product reads it as it is.
           kImages + relu +
               "%4: float32[2, 4, 5, 5] = matmul(%2, %2[2, 4, 3, 5; 60, 15, 1, 3; 0])\n" + kBack,
           // Half of the storage; two orders.
           kImages + "%2: float32[2, 4, 5, 1] = relu(%1[2, 4, 5, 1; 60, 5, 1, 20; 20]) in float32 "
                     "over [2, 4, 5, 1]\nkeep %2\n",
           kImages + "%2: float32[2, 4, 5, 3] = relu_backward(%1" + kLast +
               ", %0[2, 4, 5, 3; 60, 15, 3, 1; 0]) in float32 over [2, 4, 5, 3]\n" + kBack,
       }) {
    EXPECT_EQ(ordered(text), Graph::parse(text).to_text());
  }
}

}  // namespace
}  // namespace tenon::graph
