// Hooks on leaves whose gradients were added up.

#include <gtest/gtest.h>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

using Values = std::vector<double>;

Tensor leaf(double value) { return full({}, value, kFloat64).requires_grad_(); }

TEST(PostAccumulateHooks, ACompleteGradientIsUsedBeforeThePassGoesOn) {
  Tensor first = leaf(2), last = leaf(3);
  Values seen;
  last.register_post_accumulate_grad_hook([&](const Tensor& tensor) {
    EXPECT_TRUE(tensor.is_same(last));
    EXPECT_FALSE(first.grad().defined());  // its node hasn't run yet
    seen.push_back(tensor.grad().item<double>());
    Tensor(tensor).set_grad({});
  });
  first.register_post_accumulate_grad_hook([&](const Tensor& tensor) {
    EXPECT_FALSE(last.grad().defined());
    seen.push_back(tensor.grad().item<double>());
  });
  const Tensor hidden = exp(first) * 0 + first * 5;  // 10
  (hidden * last * last + last).backward();          // d last: 2 * 10 * 3 + 1, d first: 5 * 9
  EXPECT_EQ(seen, (Values{61, 45}));
  EXPECT_FALSE(last.grad().defined());
  EXPECT_EQ(first.grad().item<double>(), 45);
}

TEST(PostAccumulateHooks, RunOncePerPassAfterOtherHooksAndOnlyWhereGradWasAddedTo) {
  Tensor x = leaf(3), other = leaf(1);
  Values seen;
  x.register_hook([](const Tensor& grad) { return grad * 10; });
  const int64_t number = x.register_post_accumulate_grad_hook(
      [&](const Tensor& tensor) { seen.push_back(tensor.grad().item<double>()); });
  (x * x + x).backward();
  EXPECT_EQ(seen, (Values{70}));
  grad({x * x}, {x});  // added nowhere
  (other * 2).backward();
  EXPECT_EQ(seen, (Values{70}));
  x.backward();  // of the leaf itself
  EXPECT_EQ(seen, (Values{70, 80}));
  x.remove_hook(number);
  (x * x).backward();
  EXPECT_EQ(seen.size(), 2u);
}

TEST(PostAccumulateHooks, LeavesInsideOfCheckpointsHaveThem) {
  Tensor x = leaf(2), weight = leaf(3);
  Values seen;
  weight.register_post_accumulate_grad_hook(
      [&](const Tensor& tensor) { seen.push_back(tensor.grad().item<double>()); });
  const Tensor y =
      checkpoint([&](const std::vector<Tensor>& in) { return in[0] * weight * weight; }, {x});
  y.backward();
  EXPECT_EQ(seen, (Values{12}));
}

TEST(PostAccumulateHooks, StepsOfCompiledFunctionsAreThoseOfEagerOnes) {
  const auto train = [](bool compiled) {
    Tensor weight = full({3}, 2.0, kFloat64).requires_grad_();
    weight.register_post_accumulate_grad_hook([](const Tensor& tensor) {
      tensor.sub_(tensor.grad() * 0.1);
      Tensor(tensor).set_grad({});
    });
    std::function<Tensor(const Tensor&)> step = [&](const Tensor& x) {
      Tensor loss = ((x * weight) * (x * weight)).sum();
      loss.backward();
      return loss;
    };
    if (compiled) step = compile(step);
    Values losses;
    for (int i = 0; i < 5; ++i) {
      losses.push_back(step(arange(1.0, 4.0, 1.0, kFloat64)).item<double>());
    }
    EXPECT_FALSE(weight.grad().defined());
    const Values left = weight.to_vector<double>();
    losses.insert(losses.end(), left.begin(), left.end());
    return losses;
  };
  const Values eager = train(false);
  EXPECT_NEAR(eager[0], 56, 1e-12);  // 4 * (1 + 4 + 9)
  EXPECT_EQ(train(true), eager);
}

TEST(PostAccumulateHooks, AreOfLeavesThatWantGradients) {
  const auto hook = [](const Tensor&) {};
  EXPECT_MESSAGE(AutogradError, "[register_post_accumulate_grad_hook] gradients are added up in",
                 (leaf(1) * 2).register_post_accumulate_grad_hook(hook));
  EXPECT_MESSAGE(AutogradError, "this tensor requires no gradient",
                 ones({2}).register_post_accumulate_grad_hook(hook));
}

}  // namespace
}  // namespace tenon
