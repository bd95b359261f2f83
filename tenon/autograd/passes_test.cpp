// What backward passes hand out: to several leaves and results, in several passes, of several
// orders.
#include <gtest/gtest.h>

#include <cmath>

#include "tenon/autograd/autograd.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

Tensor leaf(double value) { return full({}, value, kFloat64).requires_grad_(); }

/// One gradient arrives for both, and nobody's is another one's.
TEST(Backward, LeavesAndResultsHaveGradientsOfTheirOwn) {
  for (const bool create_graph : {false, true}) {
    Tensor a = leaf(3), b = leaf(4);
    const Tensor sum = a + b;
    sum.retain_grad();
    (sum * 2).backward({}, true, create_graph);
    a.grad().detach().fill_(0);
    EXPECT_EQ(b.grad().item<double>(), 2) << create_graph;
    EXPECT_EQ(sum.grad().item<double>(), 2) << create_graph;
  }
}

TEST(Backward, LeavesThatWantNoGradientAnyMoreGetNone) {
  Tensor a = leaf(3), b = leaf(4);
  const Tensor product = a * b;
  a.requires_grad_(false);
  product.backward();
  EXPECT_FALSE(a.grad().defined());
  EXPECT_EQ(b.grad().item<double>(), 3);
}

TEST(Backward, GoesTwiceThroughWhatSavedNothing) {
  Tensor a = leaf(3), b = leaf(4);
  const Tensor sum = a + b;
  sum.reshape({1}).backward();
  (sum * 2).backward();
  EXPECT_EQ(a.grad().item<double>(), 3);
}

TEST(Grad, OfOneInputTwice) {
  const Tensor x = leaf(3);
  const std::vector<Tensor> both = grad({x * x}, {x, x});
  EXPECT_EQ(both[0].item<double>(), 6);
  EXPECT_EQ(both[1].item<double>(), 6);
}

/// What doesn't lead to the inputs stays as it is: its hooks aren't called, its nodes not freed.
TEST(Grad, RunsOnlyWhatLeadsToItsInputs) {
  Tensor a = leaf(3), b = leaf(4);
  int calls = 0;
  b.register_hook([&](const Tensor&) {
    ++calls;
    return Tensor();
  });
  const Tensor square = b * b, product = exp(a) * square;
  const double got = grad({product}, {a})[0].item<double>();
  EXPECT_DOUBLE_EQ(got, 16 * std::exp(3.0));
  EXPECT_EQ(calls, 0);
  square.backward();
  EXPECT_EQ(b.grad().item<double>(), 8);
  EXPECT_EQ(calls, 1);
}

/// First to the middle, then on from there.
TEST(Grad, InTwoHalves) {
  const Tensor x = leaf(2);
  const Tensor middle = x * x, y = middle * middle;
  const std::vector<Tensor> half = grad({y}, {middle});
  EXPECT_EQ(half[0].item<double>(), 8);
  EXPECT_EQ(grad({middle}, {x}, half)[0].item<double>(), 32);
}

/// Parameters that a checkpointed function takes from around it are found in its second run.
TEST(Grad, OfWhatACheckpointReadsInside) {
  const Tensor x = leaf(2), weight = leaf(3);
  const Tensor y = checkpoint([&](const std::vector<Tensor>& in) { return in[0] * weight; }, {x});
  EXPECT_EQ(grad({y * y}, {weight})[0].item<double>(), 24);
}

TEST(Grad, OfPowersAtZeroOfAnyOrder) {
  const Tensor x = leaf(0);
  Tensor y = pow(x, 2);
  for (const double expected : {0.0, 2.0, 0.0}) {
    y = grad({y}, {x}, {}, {.create_graph = true})[0];
    EXPECT_EQ(y.item<double>(), expected);
  }
}

}  // namespace
}  // namespace tenon
