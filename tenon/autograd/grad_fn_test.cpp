// Hooks on places of the backward graph.

#include "tenon/autograd/grad_fn.h"

#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

TEST(GradFn, HasHooks) {
  const Tensor a = ones({2, 3}, kFloat64).requires_grad_(),
               b = ones({3}, kFloat64).requires_grad_();
  const Tensor y = a * b;
  const GradFn made_by = GradFn::of(y);
  std::vector<Shape> seen;
  const int64_t after =
      made_by.register_hook([&](std::span<const Tensor> inputs, std::span<const Tensor> results) {
        for (const Tensor& grad : inputs) seen.push_back(grad.sizes());
        for (const Tensor& grad : results) seen.push_back(grad.sizes());
        return std::optional(std::vector<Tensor>{inputs[0] * 2.0, Tensor()});
      });
  made_by.register_prehook([](std::span<const Tensor> inputs, std::span<const Tensor> results) {
    EXPECT_TRUE(inputs.empty());
    return std::optional(std::vector<Tensor>{results[0] * 5.0});
  });
  y.sum().backward({}, true);
  EXPECT_EQ(seen, (std::vector<Shape>{{2, 3}, {3}, {2, 3}}));
  EXPECT_EQ(a.grad().sum().item<double>(), 60);
  EXPECT_FALSE(b.grad().defined());
  made_by.remove_hook(after);
  y.sum().backward();
  EXPECT_EQ(a.grad().sum().item<double>(), 90);
  EXPECT_EQ(b.grad().sum().item<double>(), 30);
  EXPECT_THROW(made_by.next_functions()[0].first.register_hook({}), AutogradError);
}

}  // namespace
}  // namespace tenon
