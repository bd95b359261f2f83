#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/reduce/extremes.h"

namespace tenon {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;

TEST(Reductions, DTypes) {
  const Tensor mask = tensor({true, true, false}), bytes = tensor({200, 100}, kUInt8);
  EXPECT_EQ(sum(mask).dtype(), kInt64);
  EXPECT_EQ(sum(mask).item<int64_t>(), 2);
  EXPECT_EQ(sum(bytes).item<int64_t>(), 300);
  EXPECT_EQ(sum(bytes.to(kUInt64)).dtype(), kUInt64);
  EXPECT_EQ(prod(bytes).item<int64_t>(), 20000);
  EXPECT_EQ(cumsum(bytes, 0).to_vector<int64_t>(), (Ints{200, 300}));
  EXPECT_EQ(mean(bytes).item<float>(), 150.f);
  EXPECT_EQ(sum(bytes, {}, false, kFloat64).dtype(), kFloat64);
  EXPECT_EQ(amax(bytes).dtype(), kUInt8);
  EXPECT_EQ(argmax(bytes).dtype(), kInt64);
}

TEST(Reductions, OfComplexNumbersInRealDTypes) {
  Tensor z = complex(tensor({1.5, 2.5, -3.0}), tensor({7.0, 0.0, 9.0}));
  EXPECT_EQ(sum(z, {}, false, kFloat64).item<double>(), 1);
  EXPECT_EQ(sum(z, {}, false, kInt32).item<int>(), 0);  // 1 + 2 - 3
  EXPECT_EQ(sum(z.reshape({3, 1}), {1}, true, kFloat32).to_vector<float>(),
            (std::vector<float>{1.5, 2.5, -3}));
  EXPECT_EQ(zeros_like(z, kFloat32).to_vector<float>(), std::vector<float>(3));
  z.requires_grad_();
  sum(z * z, {}, false, kFloat64).backward();  // d Re(z^2) = 2 conj(z)
  EXPECT_EQ(real(z.grad()).to_vector<float>(), (std::vector<float>{3, 5, -6}));
  EXPECT_EQ(imag(z.grad()).to_vector<float>(), (std::vector<float>{-14, 0, -18}));
}

TEST(Differences, OfIntegersGoBeyondTheirDType) {
  const Tensor y = tensor({1, 100, 120}).to(kInt8), x = tensor({200, 100, 0}).to(kUInt8);
  EXPECT_EQ(trapezoid(y, {}, 2).item<float>(), 321);
  EXPECT_EQ(trapezoid(y, x).item<float>(), -16050);
  EXPECT_EQ(cumulative_trapezoid(y).to_vector<float>(), (std::vector<float>{50.5, 160.5}));
}

TEST(Covariance, OfOneVariableIsANumber) {
  const Tensor x = tensor({{1.0, 2.0, 6.0}});
  EXPECT_EQ(cov(x).sizes(), Shape());
  EXPECT_EQ(cov(x).item<double>(), 7);
  EXPECT_EQ(corrcoef(x).sizes(), Shape());
}

TEST(Reductions, OfNothing) {
  const Tensor none = zeros({2, 0});
  EXPECT_EQ(sum(none, {1}).to_vector<float>(), (Floats{0, 0}));
  EXPECT_EQ(prod(none, {1}).to_vector<float>(), (Floats{1, 1}));
  EXPECT_TRUE(std::isnan(mean(none).item<float>()));
  EXPECT_FALSE(any(none).item<bool>());
  EXPECT_TRUE(all(none).item<bool>());
  EXPECT_EQ(logsumexp(none, {1}).to_vector<float>(), (Floats{-kInf, -kInf}));
  EXPECT_THROW(amax(none, {1}), ValueError);
  EXPECT_THROW(argmin(none), ValueError);
  EXPECT_THROW(max(none, 1), ValueError);
  EXPECT_THROW(norm(none, kInf), ValueError);
  EXPECT_EQ(amax(none, {0}).sizes(), (Shape{0}));
  EXPECT_TRUE(std::isnan(var(tensor({1.f})).item<float>()));
  EXPECT_THROW(sum(none, {2}), IndexError);
  EXPECT_THROW(sum(none, {1, -1}), IndexError);
}

TEST(Scans, AgreeWithPlainLoops) {
  for (const auto& sizes : {Shape{3, 1000}, Shape{1000, 3}, Shape{1, 77}, Shape{70, 41}}) {
    const int64_t rows = sizes[0], columns = sizes[1];
    const Tensor x = reshape(remainder(arange(0, rows * columns, 1) * 37, 101), sizes) - 50;
    for (const DType dtype : {kInt64, kFloat32, kFloat64}) {
      for (const int64_t dim : {0, 1}) {
        const std::vector<double> values = x.to(kFloat64).to_vector<double>();
        std::vector<double> want(values.size());
        for (size_t i = 0; i < values.size(); ++i) {
          const auto step = static_cast<size_t>(dim == 0 ? columns : 1);
          const size_t place = dim == 0 ? i / step : i % static_cast<size_t>(columns);
          want[i] = values[i] + (place > 0 ? want[i - step] : 0);
        }
        // Whole numbers of this size are exact in any order.
        EXPECT_EQ(cumsum(x.to(dtype), dim).to(kFloat64).to_vector<double>(), want)
            << to_string(sizes) << " in " << name_of(dtype) << " along " << dim;
      }
    }
    const Tensor factors = (remainder(x, 2) == 0).to(kFloat32) * 1.5 + 0.5;
    const Tensor logs = cumsum(log2(factors), 1);
    EXPECT_EQ(amax(abs(log2(cumprod(factors, 1)) - logs)).item<float>(), 0) << to_string(sizes);
  }
}

TEST(Scans, KeepNaNAndInfinityWhereTheyAre) {
  Tensor x = ones({100});
  x.slice(0, 40, 41).fill_(kInf);
  x.slice(0, 70, 71).fill_(-kInf);
  const std::vector<float> y = cumsum(x, 0).to_vector<float>();
  for (size_t i = 0; i < 40; ++i) EXPECT_EQ(y[i], static_cast<float>(i + 1));
  for (size_t i = 40; i < 70; ++i) EXPECT_EQ(y[i], kInf);
  for (size_t i = 70; i < 100; ++i) EXPECT_TRUE(std::isnan(y[i]));
}

TEST(Extremes, PositionsTiesAndNan) {
  const Tensor x = tensor({{1.f, 3.f, 3.f}, {kNan, 0.f, kNan}});
  const Extremes largest = max(x, 1);
  EXPECT_EQ(largest.indices.to_vector<int64_t>(), (Ints{1, 0}));
  EXPECT_TRUE(std::isnan(largest.values.to_vector<float>()[1]));
  EXPECT_EQ(max(x, 0, true).values.sizes(), (Shape{1, 3}));
  EXPECT_EQ(argmin(tensor({{4, 2}, {3, 1}})).item<int64_t>(), 3);
  Tensor tied = tensor({2.f, 2.f, 1.f});
  tied.requires_grad_();
  max(tied).backward();
  EXPECT_EQ(tied.grad().to_vector<float>(), (Floats{0.5f, 0.5f, 0}));
}

TEST(LogSumExp, StableAndInfinite) {
  EXPECT_FLOAT_EQ(logsumexp(tensor({1000.f, 1000.f}), {0}).item<float>(), 1000 + std::log(2.f));
  EXPECT_EQ(logsumexp(tensor({-kInf, -kInf}), {0}).item<float>(), -kInf);
  EXPECT_EQ(logsumexp(tensor({kInf, 1.f}), {0}).item<float>(), kInf);
}

TEST(Variance, StableFarFromZero) {
  const Tensor x = arange(1000).to(kFloat32) + 1e4;
  EXPECT_NEAR(var(x).item<float>(), 83416.667, 0.5);
  EXPECT_NEAR(std(x, {}, 0).item<float>(), std::sqrt(83333.25), 1e-2);
}

TEST(Sum, OfAMillionTenths) {
  const Tensor x = full({1000000}, 0.1f);
  EXPECT_NEAR(sum(x).item<float>(), 1e5, 0.1);
}

TEST(CumulativeProduct, GradientAtZeros) {
  Tensor x = tensor({2., 0., 3., 0.}, kFloat64);
  x.requires_grad_();
  sum(cumprod(x, 0)).backward();
  // d/dx of 2 + 0 + 0 + 0: products 2, x0 x1, x0 x1 x2, x0 x1 x2 x3.
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{1, 2 + 6, 0, 0}));
}

TEST(Softmax, LargeAndLongRows) {
  EXPECT_EQ(softmax(tensor({1e30f, -1e30f}), 0).to_vector<float>(), (Floats{1, 0}));
  const Tensor x = full({100000}, 80.f);
  EXPECT_NEAR(sum(softmax(x, 0)).item<float>(), 1, 1e-5);
  EXPECT_NEAR(log_softmax(x, 0).to_vector<float>()[7], -std::log(1e5), 1e-5);
  EXPECT_EQ(softmax(tensor(3.f), 0).item<float>(), 1.f);
}

}  // namespace
}  // namespace tenon
