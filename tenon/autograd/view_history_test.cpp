// What writes through views do to the histories of what they are views of.
#include <gtest/gtest.h>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/custom_function.h"
#include "tenon/autograd/leaf.h"
#include "tenon/autograd/view_history.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

Tensor leaf(double value) { return full({}, value, kFloat64).requires_grad_(); }

TEST(ViewHistory, WritesThroughViewsEnterTheBase) {
  Tensor x = ones({3}, kFloat64).requires_grad_(), w = leaf(5);
  Tensor h = x * 2;
  const Tensor other = h[0];  // a view made before the write
  h[0].mul_(w);
  (h.sum() + other).backward();
  EXPECT_EQ(h.to_vector<double>(), (std::vector<double>{10, 2, 2}));
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{20, 2, 2}));
  EXPECT_EQ(w.grad().item<double>(), 4);
}

TEST(ViewHistory, WritesThroughEmptyViewsEnterTheBase) {
  const Tensor base = zeros({3, 0}).requires_grad_(true);
  const Tensor y = base * 2.0F;
  y.select(0, 1).fill_(1);
  y.sum().backward();
  EXPECT_EQ(base.grad().sizes(), Shape({3, 0}));
}

TEST(ViewHistory, ViewOfPlainBaseBringsTheGradient) {
  Tensor base = zeros({2}, kFloat64), w = leaf(5);
  base[1].copy_(w * w);
  EXPECT_TRUE(base.requires_grad());
  (base * 3).sum().backward();
  EXPECT_EQ(w.grad().item<double>(), 30);
}

TEST(ViewHistory, DetachedWritesStayOutOfTheHistory) {
  Tensor x = leaf(3);
  Tensor h = x * 2;
  h.detach().add_(1);
  (h * 1).backward();
  EXPECT_EQ(h.item<double>(), 7);
  EXPECT_EQ(x.grad().item<double>(), 2);
}

/// Gradients of columns of a wider matrix, which lie apart: as those of a copy of them.
TEST(ViewHistory, WritesThroughViewsOfDetachedColumns) {
  const Tensor all = arange(0, 24, 1, kFloat64).reshape({4, 6});
  const auto gradient_of = [&](const Tensor& columns) {
    const Tensor w = arange(1, 13, 1, kFloat64).reshape({3, 4}).requires_grad_();
    const Tensor turned = columns.t();
    turned.mul_(w);
    const Tensor row = columns[2];  // reads what was written
    (columns * columns + row).sum().backward();
    return w.grad().to_vector<double>();
  };
  const auto expected = gradient_of(all.slice(1, 1, 4).contiguous());
  EXPECT_EQ(gradient_of(all.clone().slice(1, 1, 4).detach()), expected);
  EXPECT_EQ(gradient_of(all.t().contiguous().t().slice(1, 1, 4).detach()), expected);
}

TEST(ViewHistory, WritesThroughViewsOfDetachedComplexColumns) {
  const auto gradient_of = [](const Tensor& columns) {
    const Tensor w = arange(1, 5, 1, kFloat64).requires_grad_();
    view_as_real(columns).select(2, 1).select(1, 0).mul_(w);
    view_as_real(columns * columns).sum().backward();
    return w.grad().to_vector<double>();
  };
  const Tensor all =
      complex(arange(0, 24, 1, kFloat64), arange(24, 48, 1, kFloat64)).reshape({4, 6});
  EXPECT_EQ(gradient_of(all.clone().slice(1, 1, 4).detach()),
            gradient_of(all.slice(1, 1, 4).contiguous()));
}

/// Both rows lie in one place: d sum(d * c) / dw = (c0 + c1) * what was there.
TEST(ViewHistory, WritesThroughOneOfRowsThatShareTheirPlace) {
  const Tensor w = ones({3}, kFloat64).requires_grad_();
  const Tensor rows = arange(0, 3, 1, kFloat64).expand({2, 3}).detach();
  rows[0].mul_(w);
  (rows * arange(1, 7, 1, kFloat64).reshape({2, 3})).sum().backward();
  EXPECT_EQ(w.grad().to_vector<double>(), (std::vector<double>{0, 7, 18}));
}

TEST(ViewHistory, ViewsThatReachOutOfTheirBaseAreRefused) {
  const Tensor w = ones({3}, kFloat64).requires_grad_();
  const Tensor row = arange(0, 12, 1, kFloat64).reshape({4, 3})[2].detach();
  const Tensor around = as_strided(row, {2, 3}, {3, 1}, 0);
  try {
    around.mul_(w);
    FAIL() << "nothing was thrown";
  } catch (const AutogradError& error) {
    EXPECT_NE(std::string(error.what()).find("outside of the tensor"), std::string::npos);
  }
}

struct Square final : autograd::Function {
  std::vector<Tensor> forward(TensorList inputs) override {
    save({inputs[0]});
    return {inputs[0] * inputs[0]};
  }
  std::vector<Tensor> backward(TensorList grads) override { return {grads[0] * saved(0) * 2}; }
  std::string_view name() const override { return "Square"; }
};

/// What is written by what was made of it holds itself, unless what is saved of it lets go.
TEST(ViewHistory, TensorsWrittenByWhatSavedThemAreFreed) {
  const auto kept_by = [](auto&& write) {
    const int64_t before = memory_stats().allocated_bytes;
    {
      const Tensor w = ones({1 << 16}, kFloat64).requires_grad_();
      write(w);
    }
    return memory_stats().allocated_bytes - before;
  };
  EXPECT_EQ(kept_by([](const Tensor& w) {
              Tensor a = w * 2;
              a.add_(a * w);
            }),
            0);
  EXPECT_EQ(kept_by([](const Tensor& w) {
              const Tensor a = zeros({1 << 16}, kFloat64);
              a.slice(0, 0, 1 << 15).add_(a.slice(0, 1 << 15, 1 << 16) * w.slice(0, 0, 1 << 15));
            }),
            0);
  EXPECT_EQ(kept_by([](const Tensor& w) {
              const Tensor a = w * 1;
              a[0].copy_(a.slice(0, 1, 9).exp().mul(a.slice(0, 1, 9)).sum());
            }),
            0);
  EXPECT_EQ(kept_by([](const Tensor& w) {
              Tensor a = w * 1;
              a.add_(autograd::apply(std::make_shared<Square>(), {a})[0]);
            }),
            0);
  EXPECT_EQ(kept_by([](const Tensor& w) {
              Tensor a = w * 1;
              a.add_(checkpoint([](const std::vector<Tensor>& x) { return x[0] * x[0]; }, {a}));
            }),
            0);
}

TEST(ViewHistory, WhatIsSavedOfATensorBeforeItsWriteKeepsItsHistory) {
  const Tensor w = arange(1, 5, 1, kFloat64).requires_grad_();
  const auto further = [&](bool in_place) {
    Tensor a = w * 3;
    const Tensor b = w.flip({0}) * 2;
    if (in_place) {
      a.mul_(b);
      a.sin_();
    } else {
      a = (a * b).sin();
    }
    const Tensor gradient = grad({a.sum()}, {w}, {}, {.create_graph = true})[0];
    return grad({(gradient * gradient).sum()}, {w})[0].to_vector<double>();
  };
  EXPECT_EQ(further(true), further(false));
}

/// One half of a tensor times the other, which the gradient needs, of first and second order.
TEST(ViewHistory, WhatIsSavedOfTheTensorThatIsWrittenKeepsItsHistory) {
  const Tensor w = arange(1, 5, 1, kFloat64).requires_grad_();
  const auto product = [&](bool in_place) {
    const Tensor a = w * 3;
    const Tensor first = a.slice(0, 0, 2), second = a.slice(0, 2, 4);
    if (!in_place) return first * second;
    first.mul_(second);
    return a.slice(0, 0, 2);
  };
  for (const bool in_place : {false, true}) {
    const Tensor gradient = grad({product(in_place).sum()}, {w}, {}, {.create_graph = true})[0];
    const Tensor further = grad({(gradient * gradient).sum()}, {w})[0];
    EXPECT_EQ(gradient.to_vector<double>(), (std::vector<double>{27, 36, 9, 18})) << in_place;
    EXPECT_EQ(further.to_vector<double>(), (std::vector<double>{162, 324, 486, 648})) << in_place;
  }
}

/// d sqrt(y) / dy is infinite where y was made 0, which is no gradient of what was there before.
TEST(ViewHistory, InfiniteGradientsOfWhatWasWrittenStayThere) {
  const Tensor x = (arange(0, 2, 1, kFloat64) * 3 + 1).requires_grad_();
  const Tensor y = x.clone();
  y[0].fill_(0.0);
  y.sqrt().sum().backward();
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{0, 0.25}));
}

TEST(TakeLayout, OfLeavesIsInTheBody) {
  Tensor x = ones({2, 3}, kFloat64).requires_grad_();
  x.sum().backward();
  const Tensor same = x;
  {
    const NoGrad no_grad;
    autograd::take_layout(x, x.t());
  }
  EXPECT_TRUE(same.is_same(x));
  EXPECT_EQ(x.sizes(), (Shape{3, 2}));
  EXPECT_EQ(x.version(), 1u);
  EXPECT_EQ(x.grad().sizes(), (Shape{2, 3}));
}

TEST(RetainGrad, FollowsWrites) {
  const Tensor x = ones({2}, kFloat64).requires_grad_();
  const Tensor y = x * 2.0, part = y.slice(0, 0, 1);
  y.retain_grad();
  part.retain_grad();
  EXPECT_TRUE(autograd::retains_grad(y));
  EXPECT_FALSE(autograd::retains_grad(x));
  part.mul_(3.0);
  EXPECT_TRUE(autograd::retains_grad(y));
  (y.sum() * 5.0 + part.sum()).backward();
  EXPECT_EQ(y.grad().to_vector<double>(), (std::vector<double>{6, 5}));
  EXPECT_EQ(part.grad().to_vector<double>(), (std::vector<double>{1}));
}

/// With y = as_strided(part of x * 1), the gradient of sum(i y_i^2), i from 1, with respect to x,
/// and that of the sum of its squares.
TEST(ViewHistory, AsStridedOfAnyLayout) {
  using Doubles = std::vector<double>;
  const auto check = [](auto view, const Doubles& first, const Doubles& second) {
    const Tensor x = arange(0, 12, 1, kFloat64).requires_grad_();
    const Tensor y = view(x * 1).flatten();
    const Tensor loss = sum(y * y * arange(1, y.numel() + 1, 1, kFloat64));
    const Tensor dx = grad({loss}, {x}, {}, {.create_graph = true})[0];
    EXPECT_EQ(dx.to_vector<double>(), first);
    EXPECT_EQ(grad({(dx * dx).sum()}, {x})[0].to_vector<double>(), second);
  };
  check(
      [](const Tensor& x) {
        return as_strided(x.view({3, 4}).t(), {3, 3}, {1, 2}, 1);
      },
      {0, 2, 16, 54, 40, 110, 72, 126, 0, 0, 0, 0},
      {0, 8, 256, 1944, 800, 4840, 1728, 4536, 0, 0, 0, 0});
  // What lies between the elements of the input isn't the input's.
  check(
      [](const Tensor& x) {
        return as_strided(x.view({3, 4}).narrow(1, 1, 2), {2, 3}, {4, 1}, 1);
      },
      {0, 2, 8, 0, 0, 40, 60, 0, 0, 0, 0, 0}, {0, 8, 64, 0, 0, 640, 1200, 0, 0, 0, 0, 0});
  check(
      [](const Tensor& x) {
        return as_strided(x.view({3, 4})[1], {6}, {1}, 2);
      },
      {0, 0, 0, 0, 24, 40, 60, 84, 0, 0, 0, 0}, {0, 0, 0, 0, 288, 640, 1200, 2016, 0, 0, 0, 0});
  check(
      [](const Tensor& x) {
        return as_strided(x.narrow(0, 0, 3).expand({2, 3}), {2, 2}, {1, 1});
      },
      {0, 10, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {0, 200, 256, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  check(
      [](const Tensor& x) {
        return as_strided(x.narrow(0, 4, 8), {2, 2}, {2, 1}, 5);
      },
      {0, 0, 0, 0, 0, 10, 24, 42, 64, 0, 0, 0}, {0, 0, 0, 0, 0, 40, 192, 504, 1024, 0, 0, 0});
  check(
      [](const Tensor& x) {
        return as_strided(x.narrow(0, 4, 2), {2, 3}, {2, 1});
      },
      {0, 0, 0, 0, 8, 20, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 32, 160, 0, 0, 0, 0, 0, 0});
}

}  // namespace
}  // namespace tenon
