// Mistakes in the arguments of statistics, LU factors and what linalg does with tensors as
// matrices.

#include <gtest/gtest.h>

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
