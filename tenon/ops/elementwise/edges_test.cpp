// Values and gradients at bounds, ties, zeros and infinities, held against PyTorch 2.15's.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenon/autograd/autograd.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

using Doubles = std::vector<double>;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor column(const Doubles& values) {
  const Tensor x = empty({static_cast<int64_t>(values.size())}, kFloat64);
  std::copy(values.begin(), values.end(), x.data<double>());
  return x;
}

template <class F>
Doubles slope(const Doubles& at, F f, double dy = 1) {
  Tensor x = column(at).requires_grad_();
  const Tensor y = f(x);
  return grad({y}, {x}, {full_like(y, dy)})[0].template to_vector<double>();
}

template <class F>
Doubles curvature(const Doubles& at, F f) {
  Tensor x = column(at).requires_grad_();
  GradOptions options;
  options.create_graph = true;
  const Tensor dx = grad({f(x).sum()}, {x}, {}, options)[0];
  return grad({dx.sum()}, {x})[0].template to_vector<double>();
}

TEST(Edges, GradientsOfPiecewiseActivations) {
  const auto swish = [](const Tensor& x) { return hardswish(x); };
  EXPECT_EQ(slope({-3, 3}, swish), (Doubles{0, 1}));
  EXPECT_EQ(curvature({-3, 0, 3}, swish), (Doubles{0, 1.0 / 3, 0}));
  const auto shrink = [](const Tensor& x) { return softshrink(x, 0.5); };
  EXPECT_EQ(slope({-0.5, 0.5, 0.25, 1}, shrink), (Doubles{0, 0, 0, 1}));
  EXPECT_EQ(slope({0.25, 1}, shrink, kInf), (Doubles{0, kInf}));
  EXPECT_EQ(slope({0}, [](const Tensor& x) { return softshrink(x, 0); }), (Doubles{0}));
  EXPECT_EQ(curvature({-0.0, 0}, [](const Tensor& x) { return elu(x, 2); }), (Doubles{0, 0}));
  EXPECT_EQ(curvature({3}, [](const Tensor& x) { return softplus(x, 2, 6); }), (Doubles{0}));
}

TEST(Edges, BoundsThatAreNumbersAndTensors) {
  const Doubles at = {0.5, 1, 2};
  const Tensor one = ones({3}, kFloat64);
  EXPECT_EQ(slope(at, [](const Tensor& x) { return clamp_min(x, 1); }), (Doubles{0, 0, 1}));
  EXPECT_EQ(slope(at, [](const Tensor& x) { return clamp_max(x, 1); }), (Doubles{1, 0, 0}));
  EXPECT_EQ(slope(at, [](const Tensor& x) { return clamp(x, 1); }), (Doubles{0, 0, 1}));
  EXPECT_EQ(slope(at, [&](const Tensor& x) { return clamp_min(x, one); }), (Doubles{0, 0.5, 1}));
  EXPECT_EQ(slope(at, [&](const Tensor& x) { return clamp_max(x, one); }), (Doubles{1, 0.5, 0}));
  EXPECT_EQ(slope(at, [&](const Tensor& b) { return clamp_min(one, b); }), (Doubles{0, 0.5, 1}));
  EXPECT_EQ(slope(at, [&](const Tensor& b) { return clamp_max(one, b); }), (Doubles{1, 0.5, 0}));
}

TEST(Edges, GradientBesideNanGoesToBoth) {
  const Tensor nan = full({1}, kNan, kFloat64);
  EXPECT_EQ(slope({2}, [&](const Tensor& x) { return maximum(x, nan); }), (Doubles{1}));
  EXPECT_EQ(slope({2}, [&](const Tensor& x) { return minimum(nan, x); }), (Doubles{1}));
}

TEST(Edges, StepsHaveGradientsOfZero) {
  const auto check = [](auto f) { EXPECT_EQ(slope({-1.5, 0, 2}, f), (Doubles{0, 0, 0})); };
  check([](const Tensor& x) { return round(x); });
  check([](const Tensor& x) { return floor(x); });
  check([](const Tensor& x) { return ceil(x); });
  check([](const Tensor& x) { return trunc(x); });
  check([](const Tensor& x) { return sign(x); });
  check([](const Tensor& x) { return sgn(x); });
  check([](const Tensor& x) { return floor_divide(x, 2); });
  check([](const Tensor& x) { return floor_divide(ones({3}, kFloat64), x); });
  check([](const Tensor& x) { return copysign(ones({3}, kFloat64), x); });
  EXPECT_TRUE(floor(ones({1}).requires_grad_()).requires_grad());
  EXPECT_FALSE(floor(ones({1})).requires_grad());
}

TEST(Edges, RemaindersByZeroHaveNoSecondDerivatives) {
  const Tensor a = ones({2}, kFloat64);
  EXPECT_EQ(curvature({0, 2}, [&](const Tensor& b) { return fmod(a, b) + b * b; }),
            (Doubles{2, 2}));
}

TEST(Edges, Logit) {
  const auto plain = [](const Tensor& x) { return logit(x); };
  const Doubles ends = slope({0, -0.0, 1}, plain), outside = slope({-1, 2}, plain);
  EXPECT_EQ(ends, (Doubles{kInf, -kInf, kInf}));
  EXPECT_TRUE(std::isnan(outside[0]) && std::isnan(outside[1]));
  const auto limited = [](const Tensor& x) { return logit(x, 0.25); };
  EXPECT_EQ(slope({0, 0.25, 0.5, 0.75, 1}, limited), (Doubles{0, 16.0 / 3, 4, 16.0 / 3, 0}));
  EXPECT_EQ(logit(column({0.1, 0.75}), 0.25).to_vector<double>(),
            log(column({1.0 / 3, 3})).to_vector<double>());
  EXPECT_EQ(logit(tensor({1}, kInt32)).item<float>(), std::numeric_limits<float>::infinity());
}

TEST(Edges, InfiniteGradientsMeetNoZeros) {
  const Tensor end = ones({1}, kFloat64);
  EXPECT_EQ(slope(
                {2}, [&](const Tensor& x) { return lerp(x, end, 0.25); }, kInf),
            (Doubles{kInf}));
  EXPECT_EQ(slope(
                {2}, [&](const Tensor& x) { return lerp(x, end, 0); }, kInf),
            (Doubles{kInf}));
  const auto limited = [](const Tensor& x) { return renorm(reshape(x, {2, 1}), 2, 0, kInf); };
  EXPECT_EQ(slope({3, 0}, limited), (Doubles{1, 1}));
  const Doubles shares = slope({0, kInf, 2}, [](const Tensor& x) { return logsumexp(x, {0}); });
  EXPECT_EQ(shares[0], 0);
  EXPECT_EQ(shares[2], 0);
}

TEST(Edges, SubnormalNumbers) {
  const double small = 0x1p-1070;
  const Tensor zero = zeros({1}, kFloat64);
  EXPECT_EQ(slope({small}, [&](const Tensor& x) { return hypot(x, zero); }), (Doubles{1}));
  EXPECT_NEAR(lgamma(column({-1e-30})).item<double>(), 30 * std::log(10), 1e-12);
  EXPECT_NEAR(lgamma(column({-0x1p-1030})).item<double>(), 1030 * std::log(2), 1e-10);
  for (const double x : {small, 1e-30}) {
    EXPECT_NEAR(curvature({x}, [](const Tensor& x) { return special_i1(x); })[0], 0, 1e-29);
    EXPECT_NEAR(curvature({x}, [](const Tensor& x) { return special_i1e(x); })[0], -1, 1e-13);
    EXPECT_NEAR(curvature({x}, [](const Tensor& x) { return special_bessel_j1(x); })[0], 0, 1e-29);
  }
}

TEST(Edges, AcoshBelowOneIsNan) {
  for (const double x : {0.5, -2.0, -1e10, -1e30, -kInf}) {
    EXPECT_TRUE(std::isnan(acosh(column({x})).item<double>())) << x;
  }
}

/// Products of the others, which 0 times an infinite one makes NaN.
TEST(Edges, ProductsOfZeroAndInfinity) {
  const auto product = [](const Tensor& x) { return prod(x, {0}); };
  const Doubles one = slope({2, kInf, 0}, product);
  EXPECT_TRUE(std::isnan(one[0]));
  EXPECT_EQ(one[1], 0);
  EXPECT_EQ(one[2], kInf);
  const Doubles two = slope({0, 0, kInf}, product);
  EXPECT_TRUE(std::isnan(two[0]) && std::isnan(two[1]));
  EXPECT_EQ(two[2], 0);
  const Doubles nan = slope({0, kNan, 2}, product);
  EXPECT_TRUE(std::isnan(nan[0]) && std::isnan(nan[2]));
  EXPECT_EQ(nan[1], 0);
  EXPECT_EQ(slope({2, kInf, 3}, product)[0], kInf);
}

/// The derivative along a direction, by the gradient of the gradient with respect to its weight.
TEST(Edges, DirectionalDerivativesOfNormsAtZero) {
  for (const double p : {1.0, 2.0, 3.0}) {
    const Tensor x = zeros({2}, kFloat64).requires_grad_();
    const Tensor weight = zeros({}, kFloat64).requires_grad_();
    const Tensor dx = grad({norm(x, p)}, {x}, {weight}, {.create_graph = true})[0];
    EXPECT_EQ(grad({dx}, {weight}, {column({1, 2})})[0].item<double>(), 0) << p;
  }
}

/// Two of the factors of a place that are 0: derivatives of the other ones' product.
TEST(Edges, SecondDerivativesOfProductsByPlace) {
  const auto hessian = [](const Doubles& factors) {
    const Tensor x = full({1}, 2.0, kFloat64), src = column(factors).requires_grad_();
    const Tensor index = zeros({static_cast<int64_t>(factors.size())}, kInt64);
    GradOptions options;
    options.create_graph = true;
    const Tensor y = scatter_reduce(x, 0, index, src, "prod");
    const Tensor first = grad({y}, {src}, {}, options)[0];
    std::vector<Doubles> rows;
    for (int64_t i = 0; i < first.numel(); ++i) {
      GradOptions keep;
      keep.retain_graph = true;
      rows.push_back(grad({first[i]}, {src}, {}, keep)[0].to_vector<double>());
    }
    return rows;
  };
  EXPECT_EQ(hessian({2, 8, 4}), (std::vector<Doubles>{{0, 8, 16}, {8, 0, 4}, {16, 4, 0}}));
  EXPECT_EQ(hessian({2, 0, 4}), (std::vector<Doubles>{{0, 8, 0}, {8, 0, 4}, {0, 4, 0}}));
  EXPECT_EQ(hessian({0, 0, 4}), (std::vector<Doubles>{{0, 8, 0}, {8, 0, 0}, {0, 0, 0}}));
  EXPECT_EQ(hessian({0, 0, 0}), (std::vector<Doubles>{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}));
}

}  // namespace
}  // namespace tenon
