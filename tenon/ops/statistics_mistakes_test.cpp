// Mistakes in the arguments of statistics, LU factors and what linalg does with tensors as
// matrices.

#include <gtest/gtest.h>

#include <cmath>

#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

TEST(WrongArguments, Statistics) {
  const Tensor x = zeros({2, 3});
  EXPECT_MESSAGE(ShapeError, "[cov] expected a matrix with a row for each variable, got [1, 2, 3]",
                 cov(zeros({1, 2, 3})));
  EXPECT_MESSAGE(ShapeError, "[cov] expected fweights of sizes [3], got [2]",
                 cov(x, 1, tensor({1, 2})));
  EXPECT_MESSAGE(ShapeError, "[corrcoef] expected a matrix", corrcoef(zeros({1, 2, 3})));
  EXPECT_MESSAGE(ValueError, "[renorm] expected p above 0", renorm(x, 0, 0, 1));
  EXPECT_MESSAGE(ShapeError, "[renorm] expected at least 2 dims, got 1", renorm(x[0], 2, 0, 1));
  EXPECT_MESSAGE(ValueError, "[histogram] expected at least 1 bin, got 0", histogram(x, 0));
  EXPECT_MESSAGE(ValueError, "[histogram] expected a range (low, high) with low < high, got [1, 0]",
                 histogram(x, 3, std::vector<double>{1, 0}));
  EXPECT_MESSAGE(ShapeError, "[histogram] expected a weight of [2, 3] and float32, as x",
                 histogram(x, 3, {}, zeros({3})));
  EXPECT_MESSAGE(ShapeError, "[histogram_at] expected two or more edges",
                 histogram_at(x, zeros({1})));
  EXPECT_MESSAGE(ValueError, "[mvlgamma] expected p of at least 1, got 0", mvlgamma(x, 0));
  EXPECT_MESSAGE(ShapeError, "[cumulative_trapezoid]", cumulative_trapezoid(zeros({})));
  EXPECT_MESSAGE(ShapeError, "[pdist] expected [n, k], got [3]", pdist(zeros({3})));
  EXPECT_MESSAGE(ValueError, "[pdist] expected p of at least 0, got -1", pdist(x, -1));
  EXPECT_MESSAGE(ValueError, "[index_reduce] expected a source of [1, 3] and float32",
                 index_reduce(x, 0, tensor({0}), x, "prod"));
  EXPECT_MESSAGE(ValueError, "and 'sum'", index_reduce(x, 0, tensor({0, 1}), x, "sum"));
}

TEST(WrongArguments, Gradient) {
  const Tensor x = zeros({2, 3}), places = zeros({3});
  EXPECT_MESSAGE(ValueError, "[gradient] expected edge_order 1 or 2, got 3",
                 gradient(x, {}, {}, {}, 3));
  EXPECT_MESSAGE(ShapeError,
                 "[gradient] expected at least 3 elements along dim 0 for edge_order 2, got sizes "
                 "[2, 3]",
                 gradient(x, {}, {}, {}, 2));
  EXPECT_MESSAGE(IndexError, "[gradient]", gradient(x, {}, {}, {2}));
  EXPECT_MESSAGE(ValueError, "[gradient] coordinates say how far apart points are",
                 gradient(x, {places}, std::vector<double>{1}, {1}));
  EXPECT_MESSAGE(ValueError, "[gradient] expected coordinates for each of 2 dims, got 1",
                 gradient(x, {places}));
  EXPECT_MESSAGE(ShapeError, "[gradient] expected 2 coordinates for dim 0, got sizes [3]",
                 gradient(x, {places}, {}, {0}));
  EXPECT_MESSAGE(ValueError, "[gradient] expected one spacing, or one for each of 2 dims, got 3",
                 gradient(x, {}, std::vector<double>{1, 2, 3}));
}

TEST(WrongArguments, HistogramsOfPoints) {
  const Tensor x = zeros({4, 2}), edges = arange(0.0, 3.0);
  EXPECT_MESSAGE(ShapeError, "[histogramdd] expected points [..., 3], as there are bins for 3 dims",
                 histogramdd(x, {1, 2, 3}));
  EXPECT_MESSAGE(ShapeError, "[histogramdd] expected points [..., 0]", histogramdd(x, {}));
  EXPECT_MESSAGE(ValueError, "[histogramdd] expected at least 1 bin, got 0",
                 histogramdd(x, {2, 0}));
  EXPECT_MESSAGE(ValueError,
                 "[histogramdd] expected low and high of 2 dims as range, got 2 numbers",
                 histogramdd(x, {2, 2}, std::vector<double>{0, 1}));
  EXPECT_MESSAGE(ValueError,
                 "[histogramdd] expected a range (low, high) with low < high, got [1, 1]",
                 histogramdd(x, {2, 2}, std::vector<double>{0, 1, 1, 1}));
  EXPECT_MESSAGE(ShapeError, "[histogramdd] expected a weight of [4] and float32, one a point",
                 histogramdd(x, {2, 2}, {}, x));
  EXPECT_MESSAGE(ShapeError, "[histogramdd_at] expected points [..., 1]",
                 histogramdd_at(x, {}, {edges}));
  EXPECT_MESSAGE(ShapeError, "[histogramdd_at] expected two or more edges",
                 histogramdd_at(x, {}, {edges, x}));
}

TEST(WrongArguments, NumbersThatHaveNoResult) {
  const Tensor whole = tensor({1, 2}), real = ones({2});
  EXPECT_MESSAGE(DTypeError, "[gcd]", gcd(real, real));
  EXPECT_MESSAGE(ShapeError, "[lcm]", lcm(whole, tensor({1, 2, 3})));
  EXPECT_MESSAGE(DTypeError, "[frexp]", frexp(whole));
  EXPECT_MESSAGE(ShapeError, "[igamma]", igamma(real, ones({3})));
  EXPECT_MESSAGE(ShapeError, "[special_zeta]", special_zeta(real, ones({3})));
  EXPECT_MESSAGE(ValueError, "[igammac] there is no gradient of `a`; take its detach()",
                 igammac(ones({2}).requires_grad_(), real).sum().backward());
  EXPECT_MESSAGE(ShapeError, "[linalg_cholesky_ex]", linalg_cholesky_ex(zeros({2, 3})));
  EXPECT_MESSAGE(ValueError, "[floor_divide] an integer was divided by 0",
                 floor_divide(whole, tensor({1, 0})));
  EXPECT_MESSAGE(ValueError, "[remainder] an integer was divided by 0", remainder(whole, 0));
  EXPECT_MESSAGE(ValueError, "[fmod] an integer was divided by 0", fmod(whole, 0));
  EXPECT_TRUE(std::isinf(floor_divide(real, 0).to_vector<float>()[0]));
  EXPECT_MESSAGE(ValueError, "[bernoulli] expected a probability in [0, 1], got 1.5",
                 bernoulli(real, 1.5));
  EXPECT_MESSAGE(ValueError, "[bernoulli] expected a probability in [0, 1], got -0.5",
                 bernoulli(real, -0.5));
  EXPECT_MESSAGE(ValueError, "[bernoulli] expected probabilities in [0, 1]; one element is not",
                 bernoulli(tensor({0.5, 1.5})));
  EXPECT_MESSAGE(ValueError, "[bernoulli]", bernoulli(tensor({-0.25, std::nan("")})));
}

TEST(WrongArguments, WeightsThatNothingCanBeDrawnOf) {
  EXPECT_MESSAGE(ValueError,
                 "[multinomial] expected finite weights of at least 0, got -1 (row 1, category 0)",
                 multinomial(tensor({{1.0, 2.0}, {-1.0, 2.0}}), 1));
  EXPECT_MESSAGE(ValueError, "[multinomial] expected finite weights of at least 0, got inf",
                 multinomial(tensor({1.0, HUGE_VAL}), 1, true));
  EXPECT_MESSAGE(ValueError, "[multinomial] expected finite weights of at least 0, got nan",
                 multinomial(tensor({1.0, std::nan("")}), 1));
  EXPECT_MESSAGE(ValueError, "[multinomial] row 0 has no weight above 0",
                 multinomial(zeros({2, 3}), 2, true));
  EXPECT_MESSAGE(ValueError, "[multinomial] row 0 has 1 weights above 0, too few for 2 draws",
                 multinomial(tensor({1.0, 0.0, 0.0}), 2));
  EXPECT_EQ(multinomial(tensor({1.0, 0.0, 0.0}), 4, true).to_vector<int64_t>(),
            std::vector<int64_t>(4, 0));
}

TEST(WrongArguments, MatricesAndTheirFactors) {
  const Tensor square = zeros({3, 3}), wide = zeros({2, 3});
  const Tensor pivots = ones({3}, kInt32);
  EXPECT_MESSAGE(ShapeError, "[linalg_lu_factor]", linalg_lu_factor(zeros({3})));
  EXPECT_MESSAGE(ShapeError, "[lu_unpack] expected int32 pivots of [3] for factors of [3, 3]",
                 lu_unpack(square, ones({2}, kInt32)));
  EXPECT_MESSAGE(ShapeError, "[lu_unpack] expected int32 pivots", lu_unpack(square, ones({3})));
  EXPECT_MESSAGE(ValueError, "expected pivots from 1 to 3, got 4", lu_unpack(square, pivots * 4));
  EXPECT_MESSAGE(ValueError, "expected pivots from 1 to 3, got 0", lu_unpack(square, pivots * 0));
  EXPECT_MESSAGE(ShapeError, "[linalg_lu_solve]",
                 linalg_lu_solve(wide, ones({2}, kInt32), zeros({2, 1})));
  EXPECT_MESSAGE(ShapeError, "[linalg_matrix_exp]", linalg_matrix_exp(wide));
  EXPECT_MESSAGE(ShapeError, "[linalg_householder_product] expected A [..., m, n] with m >= n",
                 linalg_householder_product(wide, zeros({2})));
  EXPECT_MESSAGE(ValueError, "[linalg_tensorinv] expected ind from 1 to 2, got 0",
                 linalg_tensorinv(square, 0));
  EXPECT_MESSAGE(ShapeError, "have other numbers of elements", linalg_tensorinv(wide, 1));
  EXPECT_MESSAGE(ShapeError, "[linalg_tensorsolve] expected A with the [2] of B in front",
                 linalg_tensorsolve(square, zeros({2})));
  EXPECT_MESSAGE(ValueError, "[linalg_vander] expected N above 1, got 1",
                 linalg_vander(zeros({3}), 1));
  EXPECT_MESSAGE(ValueError, "[stft] a complex signal has no half of frequencies",
                 stft(zeros({9}, kComplex64), 4));
  EXPECT_MESSAGE(ValueError, "[istft] half of the frequencies are those of a real signal",
                 istft(zeros({3, 5}, kComplex64), 4, {}, {}, {}, true, false, true, {}, true));
}

}  // namespace
}  // namespace tenon
