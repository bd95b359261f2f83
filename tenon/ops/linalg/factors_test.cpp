// Factors of real and complex matrices multiply back, and gradients of what doesn't depend on the
// phases of vectors agree with finite differences.

#include <gtest/gtest.h>

#include "tenon/autograd/gradcheck.h"
#include "tenon/core/generator.h"
#include "tenon/ops/elementwise/conjugate_internal.h"
#include "tenon/ops/samples.h"

namespace tenon {
namespace {

using ops::conjugate_transpose;

using Inputs = std::vector<Tensor>;

Tensor matrix_of(DType dtype, IntList sizes) {
  return is_complex(dtype) ? ops::sample_complex(sizes, -1, 1) : ops::sample_tensor(sizes, -1, 1);
}

Tensor hermitian(const Tensor& x) { return (x + conjugate_transpose(x)) * 0.5; }

Tensor identity(const Tensor& like) { return eye(like.size(-1), {}, like.dtype()); }

/// Far from singular.
Tensor positive(const Tensor& x) { return matmul(x, conjugate_transpose(x)) + identity(x); }

double distance(const Tensor& a, const Tensor& b) {
  return a.numel() == 0 ? 0 : amax(abs(a - b)).item<double>();
}

class Factors : public testing::TestWithParam<std::tuple<DType, int64_t>> {
 protected:
  DType dtype() const { return std::get<0>(GetParam()); }
  int64_t size() const { return std::get<1>(GetParam()); }
  double tolerance() const { return 1e-13 * static_cast<double>(size() * size() + 10); }
};

TEST_P(Factors, OfTrianglesMultiplyBack) {
  const Tensor a = matrix_of(dtype(), {size(), size()}), b = matrix_of(dtype(), {size(), 3});
  const Tensor p = positive(a);
  EXPECT_LT(distance(matmul(p, linalg_solve(p, b)), b), tolerance());
  EXPECT_LT(distance(matmul(linalg_inv(p), p), identity(p)), tolerance());
  const Tensor lower = linalg_cholesky(p), upper = linalg_cholesky(p, true);
  EXPECT_LT(distance(matmul(lower, conjugate_transpose(lower)), p), tolerance());
  EXPECT_LT(distance(matmul(conjugate_transpose(upper), upper), p), tolerance());
  EXPECT_EQ(distance(tril(lower), lower), 0);
  const Tensor x = linalg_solve_triangular(lower, b, false);
  EXPECT_LT(distance(matmul(lower, x), b), tolerance());
  EXPECT_LT(distance(matmul(upper, linalg_solve_triangular(upper, b, true)), b), tolerance());
  // The determinant of a product with a triangle whose determinant is known.
  const auto [sign, logarithm] = linalg_slogdet(p);
  EXPECT_LT(distance(sign, ones_like(sign)), tolerance());
  const Tensor diagonal_part = abs(diagonal(lower));
  EXPECT_NEAR(logarithm.item<double>(), 2 * sum(log(diagonal_part)).item<double>(), tolerance());
}

TEST_P(Factors, OfOrthonormalColumnsMultiplyBack) {
  for (const int64_t columns : {size(), (size() + 1) / 2, 2 * size()}) {
    const Tensor a = matrix_of(dtype(), {size(), columns});
    const auto [q, r] = linalg_qr(a);
    EXPECT_LT(distance(matmul(q, r), a), tolerance()) << columns;
    EXPECT_LT(distance(matmul(conjugate_transpose(q), q), identity(q)), tolerance()) << columns;
    EXPECT_EQ(distance(triu(r), r), 0);
    const auto [whole, tall] = linalg_qr(a, "complete");
    EXPECT_LT(distance(matmul(whole, tall), a), tolerance()) << columns;
    const Tensor product = matmul(whole, conjugate_transpose(whole));
    EXPECT_LT(distance(product, identity(whole)), tolerance()) << columns;
    const auto [u, s, vh] = linalg_svd(a, false);
    EXPECT_LT(distance(matmul(u * s, vh), a), tolerance()) << columns;
    EXPECT_LT(distance(matmul(conjugate_transpose(u), u), identity(u)), tolerance()) << columns;
  }
}

TEST_P(Factors, OfEigenvaluesMultiplyBack) {
  const Tensor a = matrix_of(dtype(), {size(), size()}), h = hermitian(a);
  const auto [w, v] = linalg_eigh(h);
  EXPECT_LT(distance(matmul(v * w, conjugate_transpose(v)), h), tolerance());
  EXPECT_LT(distance(matmul(conjugate_transpose(v), v), identity(v)), tolerance());
  const auto [values, vectors] = linalg_eig(a);
  const Tensor wide = a.to(kComplex128);
  EXPECT_LT(distance(matmul(wide, vectors), vectors * values), tolerance());
  EXPECT_LT(distance(norm(vectors, 2, {0}), ones({size()}, kFloat64)), tolerance());
  EXPECT_LT(distance(sum(values), trace(wide)), tolerance());
}

INSTANTIATE_TEST_SUITE_P(All, Factors,
                         testing::Combine(testing::Values(kFloat64, kComplex128),
                                          testing::Values<int64_t>(1, 2, 3, 7, 25, 33, 70)),
                         [](const auto& info) {
                           return std::string(name_of(std::get<0>(info.param))) + "_" +
                                  std::to_string(std::get<1>(info.param));
                         });

TEST(FactorsOfHardMatrices, EigenvaluesOfRotationsAndShifts) {
  // A shift of n places has the n-th roots of one for eigenvalues: steps without shifts stand
  // still.
  const Tensor shift = roll(eye(6, {}, kFloat64), {1}, {0});
  const Tensor values = linalg_eigvals(shift);
  EXPECT_LT(distance(pow(values, 6), ones_like(values)), 1e-12);
  EXPECT_LT(distance(sum(values), zeros({}, kComplex128)), 1e-12);
  const Tensor jordan = triu(ones({3, 3}, kFloat64));  // one value, three times
  EXPECT_LT(distance(linalg_eigvals(jordan), ones({3}, kComplex128)), 1e-4);
  EXPECT_EQ(linalg_eigvals(zeros({2, 2}, kFloat64)).dtype(), kComplex128);
}

TEST(FactorsOfHardMatrices, RotationsComeToAnEnd) {
  // Rounding must not look like columns that are still to be turned, in any of many matrices.
  for (const DType dtype : {kFloat64, kComplex128}) {
    manual_seed(1);
    const Tensor a = randn({20000, 3, 3}, dtype);
    const auto [u, s, vh] = linalg_svd(a);
    EXPECT_LT(distance(matmul(u * unsqueeze(s, -2), vh), a), 1e-13);
  }
}

/// Every function's gradients at complex and at real matrices.
void check_gradients(const std::function<Inputs(const Inputs&)>& function) {
  for (const DType dtype : {kFloat64, kComplex128}) {
    const Tensor x = matrix_of(dtype, {4, 4}).requires_grad_();
    EXPECT_TRUE(gradcheck(function, {x})) << name_of(dtype);
    EXPECT_TRUE(gradgradcheck(function, {x}, {.absolute = 1e-4})) << name_of(dtype);
  }
}

TEST(FactorGradients, OfHermitianMatrices) {
  check_gradients([](const Inputs& in) -> Inputs { return {linalg_cholesky(positive(in[0]))}; });
  check_gradients(
      [](const Inputs& in) -> Inputs { return {linalg_cholesky(positive(in[0]), true)}; });
  check_gradients([](const Inputs& in) -> Inputs { return {linalg_eigvalsh(hermitian(in[0]))}; });
  // exp of a matrix: made of all vectors, whatever their phases are.
  check_gradients([](const Inputs& in) -> Inputs {
    const auto [w, v] = linalg_eigh(hermitian(in[0]));
    return {matmul(v * exp(w), conjugate_transpose(v))};
  });
}

TEST(FactorGradients, OfAnyMatrices) {
  check_gradients([](const Inputs& in) -> Inputs {
    const auto [u, s, vh] = linalg_svd(in[0]);
    return {matmul(u * square(s), vh), s};
  });
  check_gradients([](const Inputs& in) -> Inputs {
    const auto [u, s, vh] = linalg_svd(in[0]);
    return {matmul(conjugate_transpose(vh) * s, vh), matmul(u * s, conjugate_transpose(u))};
  });
  check_gradients([](const Inputs& in) -> Inputs {
    const Tensor x = narrow(in[0], 1, 0, 2);
    const auto [u, s, vh] = linalg_svd(x, false);
    return {matmul(u * square(s), vh), linalg_pinv(x)};
  });
  check_gradients([](const Inputs& in) -> Inputs {
    const auto [w, v] = linalg_eig(in[0]);
    return {matmul(v * exp(w), linalg_inv(v)), sum(square(w))};
  });
  check_gradients([](const Inputs& in) -> Inputs {
    const auto [sign, logarithm] = linalg_slogdet(in[0]);
    return {sign, logarithm, linalg_det(in[0])};
  });
}

}  // namespace
}  // namespace tenon
