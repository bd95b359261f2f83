#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

double difference(const Tensor& a, const Tensor& b) { return amax(abs(a - b)).item<double>(); }

struct CrossEntropy : testing::Test {
  Tensor logits, labels = tensor({2, 0, 1, 2}), weight = tensor({0.5, 1.5, 2.0}, kFloat64);
  void SetUp() override {
    manual_seed(1);
    logits = randn({4, 3}, kFloat64);
  }
};

TEST_F(CrossEntropy, IsNllOfLogSoftmax) {
  for (const char* reduction : {"none", "mean", "sum"}) {
    EXPECT_LT(difference(cross_entropy(logits, labels, weight, 0, reduction),
                         nll_loss(log_softmax(logits, 1), labels, weight, 0, reduction)),
              1e-12);
  }
}

TEST_F(CrossEntropy, LabelsAndTheirProbabilitiesAgree) {
  const Tensor probabilities = one_hot(labels, 3).to(kFloat64);
  for (const double smoothing : {0.0, 0.3}) {
    EXPECT_LT(difference(cross_entropy(logits, labels, weight, -100, "sum", smoothing),
                         cross_entropy(logits, probabilities, weight, -100, "sum", smoothing)),
              1e-12);
  }
  // The means divide by different numbers: the weights of the labels, and the rows.
  const double total = 2 + 0.5 + 1.5 + 2;
  EXPECT_NEAR(cross_entropy(logits, labels, weight).item<double>() * total,
              cross_entropy(logits, probabilities, weight).item<double>() * 4, 1e-12);
}

TEST_F(CrossEntropy, IgnoredLabelsCountNowhere) {
  const Tensor some = tensor({2, -100, 1, -100});
  logits.requires_grad_();
  const Tensor loss = cross_entropy(logits, some);
  loss.backward();
  const Tensor kept = cross_entropy(logits.slice(0, 0, std::nullopt, 2), tensor({2, 1}));
  EXPECT_NEAR(loss.item<double>(), kept.item<double>(), 1e-12);
  EXPECT_EQ(sum(abs(logits.grad()[1])).item<double>(), 0);
  EXPECT_TRUE(std::isnan(cross_entropy(logits, full({4}, -100)).item<double>()));
}

TEST_F(CrossEntropy, RowsThatAreAllIgnoredHaveNoGradient) {
  logits.requires_grad_();
  for (const Tensor& weights : {Tensor(), weight}) {
    nll_loss(log_softmax(logits, 1), full({4}, -100), weights).backward();
    cross_entropy(logits, full({4}, -100), weights).backward();
    EXPECT_EQ(sum(abs(logits.grad())).item<double>(), 0);
  }
}

TEST_F(CrossEntropy, OfImagesIsOfTheirPixels) {
  const Tensor x = randn({2, 3, 5}, kFloat64), t = randint(0, 3, {2, 5});
  const Tensor flat = x.transpose(1, 2).reshape({10, 3});
  EXPECT_NEAR(cross_entropy(x, t, weight).item<double>(),
              cross_entropy(flat, t.reshape({10}), weight).item<double>(), 1e-12);
  EXPECT_EQ(cross_entropy(x, t, {}, -100, "none").sizes(), (Shape{2, 5}));
  EXPECT_NEAR(cross_entropy(logits[0], tensor(1)).item<double>(),
              -log_softmax(logits[0], 0)[1].item<double>(), 1e-12);
}

TEST_F(CrossEntropy, LargeLogitsAndManyClasses) {
  EXPECT_EQ(cross_entropy(tensor({{1e30f, 0.f}}), tensor({0})).item<float>(), 0);
  EXPECT_NEAR(cross_entropy(zeros({2, 50000}), tensor({7, 49999})).item<float>(), std::log(5e4),
              1e-4);
}

TEST_F(CrossEntropy, BadTargetsAreTypedErrors) {
  EXPECT_THROW(cross_entropy(logits, tensor({0, 3, 1, 1})), IndexError);
  EXPECT_THROW(nll_loss(logits, tensor({0, -1, 1, 1})), IndexError);
  EXPECT_THROW(cross_entropy(logits, tensor({0, 1})), ShapeError);
  EXPECT_THROW(cross_entropy(logits, tensor({0.f, 1.f, 2.f, 1.f})), DTypeError);
  EXPECT_THROW(cross_entropy(logits, labels, ones({2}, kFloat64)), ShapeError);
  EXPECT_THROW(cross_entropy(logits, labels, {}, -100, "average"), ValueError);
  EXPECT_THROW(cross_entropy(logits, labels, {}, -100, "mean", 2), ValueError);
  try {
    cross_entropy(logits, tensor({0, 7, 1, 1}));
    FAIL();
  } catch (const IndexError& error) {
    EXPECT_NE(std::string(error.what()).find("label 7"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("[0, 3)"), std::string::npos) << error.what();
  }
}

TEST(RegressionLosses, Values) {
  const Tensor input = tensor({0.f, 2.f, -3.f}), target = tensor({0.5f, 0.f, 0.f});
  EXPECT_FLOAT_EQ(mse_loss(input, target).item<float>(), 13.25f / 3);
  EXPECT_FLOAT_EQ(l1_loss(input, target, "sum").item<float>(), 5.5f);
  EXPECT_FLOAT_EQ(huber_loss(input, target, "sum").item<float>(), 0.125f + 1.5f + 2.5f);
  EXPECT_FLOAT_EQ(smooth_l1_loss(input, target, "sum", 0).item<float>(), 5.5f);
  EXPECT_FLOAT_EQ(smooth_l1_loss(input, target, "sum", 2).item<float>(), 0.0625f + 1 + 2);
  EXPECT_TRUE(std::isnan(mse_loss(zeros({0}), zeros({0})).item<float>()));
}

TEST(BinaryCrossEntropy, ExtremesStayFinite) {
  const Tensor sure = tensor({0.f, 1.f}), wrong = tensor({1.f, 0.f});
  EXPECT_EQ(binary_cross_entropy(sure, wrong, {}, "sum").item<float>(), 200);
  EXPECT_EQ(binary_cross_entropy(sure, sure).item<float>(), 0);
  const Tensor logits = tensor({-1000.f, 1000.f});
  EXPECT_EQ(binary_cross_entropy_with_logits(logits, wrong).item<float>(), 1000);
  EXPECT_EQ(binary_cross_entropy_with_logits(logits, sure).item<float>(), 0);
  const Tensor x = tensor({0.3f, -2.f, 1.f}), t = tensor({0.f, 0.3f, 1.f});
  EXPECT_NEAR(binary_cross_entropy_with_logits(x, t).item<float>(),
              binary_cross_entropy(sigmoid(x), t).item<float>(), 1e-6);
}

TEST(BinaryCrossEntropy, TakesProbabilities) {
  const auto message = [](const Tensor& input, const Tensor& target) -> std::string {
    try {
      binary_cross_entropy(input, target, {}, "none");
      return "no error";
    } catch (const ValueError& error) {
      return error.what();
    }
  };
  const Tensor good = tensor({0.f, 0.5f, 1.f});
  EXPECT_EQ(message(good, good), "no error");
  EXPECT_EQ(message(good, tensor({0, 1, 1})), "no error");
  EXPECT_EQ(message(empty({0}), empty({0})), "no error");
  EXPECT_EQ(message(tensor({0.5f, 1.5f, -1.f}), good),
            "[binary_cross_entropy] expected an input in [0, 1], as sigmoid makes it of logits; "
            "2 elements are not");
  for (const float bad : {-1e-30f, 1.0000001f, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_EQ(message(good, tensor({0.f, bad, 1.f})),
              "[binary_cross_entropy] expected a target in [0, 1]; one element is not");
    EXPECT_NE(message(tensor({bad, 0.f, 1.f}).to(kFloat64), good), "no error");
    Tensor many = full({5000}, 0.5);
    many.slice(0, 4999, 5000).fill_(bad);
    EXPECT_EQ(message(zeros({5000}), many),
              "[binary_cross_entropy] expected a target in [0, 1]; one element is not");
  }
}

TEST(KlDiv, ZeroProbabilitiesAndBatchMean) {
  const Tensor target = tensor({{0.f, 1.f}, {0.5f, 0.5f}}), log_half = full({2, 2}, std::log(0.5f));
  EXPECT_NEAR(kl_div(log_half, target, "batchmean").item<float>(), std::log(2.f) / 2, 1e-6);
  EXPECT_NEAR(kl_div(log_half, log(target.slice(0, 1)), "sum", true).item<float>(), 0, 1e-6);
}

}  // namespace
}  // namespace tenon
