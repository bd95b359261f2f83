// What custom functions that write their inputs in place may save.

#include "tenon/autograd/custom_function.h"

#include <gtest/gtest.h>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

/// Doubles its first input in place and saves what `kept` is then.
struct DoubledAndSaved final : autograd::Function {
  explicit DoubledAndSaved(Tensor kept) : kept(std::move(kept)) {}

  std::vector<Tensor> forward(TensorList inputs) override {
    inputs[0].mul_(2);
    save({kept});
    kept = {};
    mark_dirty({inputs[0]});
    return {inputs[0]};
  }
  std::vector<Tensor> backward(TensorList grads) override {
    return {grads[0] * 2 + saved(0).sum() * 0};
  }

  Tensor kept;
};

int64_t allocated() { return memory_stats().allocated_bytes; }

/// Runs `body` a few times; whether the bytes in tensors stay what they were.
template <class Body>
bool keeps_nothing(Body body) {
  body();
  const int64_t before = allocated();
  for (int i = 0; i < 4; ++i) body();
  return allocated() - before < 1 << 20;
}

constexpr int64_t kMany = 1 << 18;  // 2 MiB, far beyond what threads report late

TEST(CustomFunction, WhatItWroteAndSavedGoesWithItsResults) {
  EXPECT_TRUE(keeps_nothing([] {
    const Tensor x = ones({kMany}, kFloat64).requires_grad_(), y = x * 1;
    autograd::apply<DoubledAndSaved>({y}, y);
  }));
}

TEST(CustomFunction, ViewsOfWhatItWroteGoWithItsResults) {
  EXPECT_TRUE(keeps_nothing([] {
    const Tensor x = ones({kMany}, kFloat64).requires_grad_(), y = x * 1;
    autograd::apply<DoubledAndSaved>({y}, narrow(y, 0, 1, 2));
  }));
  EXPECT_TRUE(keeps_nothing([] {
    const Tensor x = ones({kMany}, kFloat64).requires_grad_(), y = x * 1;
    autograd::apply<DoubledAndSaved>({narrow(y, 0, 1, 2)}, y);
  }));
}

TEST(CustomFunction, ViewsOfWhatItWroteHaveNoGradientOfTheirOwn) {
  const Tensor x = ones({4}, kFloat64).requires_grad_(), y = x * 1;
  autograd::apply<DoubledAndSaved>({y}, narrow(y, 0, 1, 2));
  const Tensor first = grad({y.sum()}, {x}, {}, {.retain_graph = true})[0];
  EXPECT_EQ(first.to_vector<double>(), (std::vector<double>{2, 2, 2, 2}));
  EXPECT_MESSAGE(AutogradError, "saved tensor 0 views an input that was written in place",
                 grad({y.sum()}, {x}, {}, {.create_graph = true}));
}

}  // namespace
}  // namespace tenon
