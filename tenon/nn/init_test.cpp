#include "tenon/nn/init.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/ops/functions.h"

namespace tenon::nn::init {
namespace {

double deviation(const Tensor& x) { return std(x).item().to_double(); }
double largest(const Tensor& x) { return amax(abs(x)).item().to_double(); }

TEST(Init, CountsFans) {
  const Fans fans = fans_of(empty({8, 3, 5, 5}));
  EXPECT_EQ(fans.in, 75);
  EXPECT_EQ(fans.out, 200);
  EXPECT_THROW(fans_of(empty({8})), ShapeError);
}

TEST(Init, KnowsGains) {
  EXPECT_DOUBLE_EQ(gain_of("relu"), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(gain_of("tanh"), 5.0 / 3);
  EXPECT_DOUBLE_EQ(gain_of("leaky_relu", std::sqrt(5.0)), std::sqrt(1.0 / 3));
  EXPECT_THROW(gain_of("cosine"), ValueError);
}

TEST(Init, HasTheStatedSpread) {
  Generator generator(7);
  const Tensor w = empty({200, 100});
  EXPECT_NEAR(deviation(normal_(w, 1, 2, &generator)), 2, 0.03);
  EXPECT_NEAR(mean(w).item().to_double(), 1, 0.05);
  const double glorot = std::sqrt(6.0 / 300);
  EXPECT_NEAR(largest(xavier_uniform_(w, 1, &generator)), glorot, 1e-3 * glorot);
  EXPECT_NEAR(deviation(xavier_normal_(w, 1, &generator)), std::sqrt(2.0 / 300), 1e-3);
  EXPECT_NEAR(largest(he_uniform_(w, &generator)), std::sqrt(0.06), 1e-3);
  EXPECT_NEAR(largest(lecun_uniform_(w, &generator)), std::sqrt(0.03), 1e-3);
  EXPECT_NEAR(deviation(kaiming_normal_(w, {.nonlinearity = "relu"}, &generator)),
              std::sqrt(2.0 / 100), 2e-3);
  EXPECT_NEAR(
      deviation(kaiming_normal_(w, {.mode = "fan_out", .nonlinearity = "relu"}, &generator)),
      std::sqrt(2.0 / 200), 2e-3);
  EXPECT_THROW(kaiming_normal_(w, {.mode = "fan"}), ValueError);
}

TEST(Init, TruncatesNormals) {
  Generator generator(11);
  const Tensor w = empty({300, 100});
  trunc_normal_(w, 0, 1, -2, 2, &generator);
  EXPECT_LE(largest(w), 2);
  // The deviation of a unit normal truncated at two: 0.8796 (Johnson, Kotz, Balakrishnan 1994).
  EXPECT_NEAR(deviation(w), 0.8796, 0.01);
  EXPECT_NEAR(deviation(glorot_normal_(w, &generator)), std::sqrt(2.0 / 400), 1e-3);
  EXPECT_NEAR(deviation(he_normal_(w, &generator)), std::sqrt(2.0 / 100), 2e-3);
  EXPECT_NEAR(deviation(lecun_normal_(w, &generator)), std::sqrt(1.0 / 100), 2e-3);
}

TEST(Init, MakesOrthogonalRowsOrColumns) {
  Generator generator(13);
  for (const Shape& sizes : {Shape{3, 5}, Shape{5, 3}}) {
    const Tensor w = orthogonal_(empty(sizes, kFloat64), 2, &generator);
    const Tensor product =
        sizes[0] < sizes[1] ? matmul(w, transpose(w, 0, 1)) : matmul(transpose(w, 0, 1), w);
    const std::vector<double> values = product.to_vector<double>();
    for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(values[i], i % 4 == 0 ? 4 : 0, 1e-12);
  }
}

TEST(Init, WritesConstantsAndIdentity) {
  EXPECT_EQ(eye_(empty({2, 3})).to_vector<float>(), (std::vector<float>{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(constant_(empty({2}), 3).to_vector<float>(), (std::vector<float>{3, 3}));
  EXPECT_THROW(eye_(empty({2})), ShapeError);
  EXPECT_THROW(uniform_(empty({2}, kInt64)), DTypeError);
}

TEST(Init, DependsOnTheSeedAlone) {
  Generator a(1), b(1);
  EXPECT_EQ(normal_(empty({50}), 0, 1, &a).to_vector<float>(),
            normal_(empty({50}), 0, 1, &b).to_vector<float>());
}

}  // namespace
}  // namespace tenon::nn::init
