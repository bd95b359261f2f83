// Singular values and eigenvalues of matrices that are large enough for blocks, and hard in one way
// or another: how well the factors are orthonormal, and their product is the matrix.

#include "tenon/backends/cpu/factor/factor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

using Complex = std::complex<double>;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

template <class T>
struct Matrix {
  int64_t rows, columns;
  std::vector<T> values;

  Matrix(int64_t m, int64_t n) : rows(m), columns(n), values(static_cast<size_t>(m * n)) {}
  T& operator()(int64_t i, int64_t j) { return values[static_cast<size_t>(i * columns + j)]; }
  const T& operator()(int64_t i, int64_t j) const {
    return values[static_cast<size_t>(i * columns + j)];
  }
};

template <class T>
Matrix<T> random_matrix(int64_t m, int64_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Matrix<T> a(m, n);
  for (T& x : a.values) {
    x = normal(generator);
    if constexpr (std::is_same_v<T, Complex>) x.imag(normal(generator));
  }
  return a;
}

template <class T>
Matrix<T> times(const Matrix<T>& a, const Matrix<T>& b) {
  Matrix<T> c(a.rows, b.columns);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t k = 0; k < a.columns; ++k) {
      for (int64_t j = 0; j < b.columns; ++j) c(i, j) += a(i, k) * b(k, j);
    }
  }
  return c;
}

template <class T>
Matrix<T> adjoint(const Matrix<T>& a) {
  Matrix<T> b(a.columns, a.rows);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < a.columns; ++j) b(j, i) = conjugate(a(i, j));
  }
  return b;
}

template <class T>
double largest(const Matrix<T>& a) {
  double size = 0;
  for (const T& x : a.values) size = std::max(size, std::abs(x));
  return size;
}

template <class T>
double largest_difference(const Matrix<T>& a, const Matrix<T>& b) {
  Matrix<T> c = a;
  for (size_t i = 0; i < c.values.size(); ++i) c.values[i] -= b.values[i];
  return largest(c);
}

template <class T>
Matrix<T> identity(int64_t n) {
  Matrix<T> a(n, n);
  for (int64_t i = 0; i < n; ++i) a(i, i) = 1;
  return a;
}

template <class T>
Matrix<T> orthonormal(int64_t n, unsigned seed) {
  Matrix<T> a = random_matrix<T>(n, n, seed), q(n, n), r(n, n);
  qr_factor(n, n, n, a.values.data(), q.values.data(), r.values.data());
  return q;
}

/// U diag(values) V^H of random U and V, or of U alone.
template <class T>
Matrix<T> with_values(const std::vector<double>& values, bool hermitian) {
  const auto n = static_cast<int64_t>(values.size());
  const Matrix<T> u = orthonormal<T>(n, 1);
  Matrix<T> scaled = u;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) scaled(i, j) *= values[static_cast<size_t>(j)];
  }
  Matrix<T> a = times(scaled, adjoint(hermitian ? u : orthonormal<T>(n, 2)));
  for (int64_t i = 0; hermitian && i < n; ++i) {
    for (int64_t j = 0; j < i; ++j) a(i, j) = conjugate(a(j, i));
    a(i, i) = real_part(a(i, i));
  }
  return a;
}

/// U, S and V^H, where `full` with all vectors.
template <class T>
struct Factors {
  Matrix<T> u, vh;
  std::vector<double> s;

  explicit Factors(const Matrix<T>& a, bool full = false)
      : u(a.rows, full ? a.rows : std::min(a.rows, a.columns)),
        vh(full ? a.columns : std::min(a.rows, a.columns), a.columns),
        s(static_cast<size_t>(std::min(a.rows, a.columns))) {
    EXPECT_TRUE(svd_factor(a.rows, a.columns, a.values.data(), u.columns, vh.rows, u.values.data(),
                           s.data(), vh.values.data()));
  }
};

template <class T>
void expect_factors(const Matrix<T>& a, bool full = false) {
  const Factors<T> f(a, full);
  const double tolerance = 4 * kEpsilon * static_cast<double>(std::max(a.rows, a.columns));
  EXPECT_LE(largest_difference(times(adjoint(f.u), f.u), identity<T>(f.u.columns)), tolerance);
  EXPECT_LE(largest_difference(times(f.vh, adjoint(f.vh)), identity<T>(f.vh.rows)), tolerance);
  Matrix<T> scaled(a.rows, f.vh.rows), relative = a;
  const double size = f.s[0] == 0 ? 1 : f.s[0];
  for (T& x : relative.values) x /= size;
  for (size_t j = 0; j < f.s.size(); ++j) {
    const auto column = static_cast<int64_t>(j);
    EXPECT_GE(f.s[j], 0);
    EXPECT_LE(f.s[j], f.s[j == 0 ? 0 : j - 1]);
    for (int64_t i = 0; i < a.rows; ++i) scaled(i, column) = f.u(i, column) * (f.s[j] / size);
  }
  EXPECT_LE(largest_difference(times(scaled, f.vh), relative), tolerance);
}

template <class T>
void expect_eigen(const Matrix<T>& a) {
  const int64_t n = a.rows;
  Matrix<T> work = a, v(n, n);
  std::vector<double> values(static_cast<size_t>(n));
  ASSERT_TRUE(hermitian_eigen(n, work.values.data(), values.data(), v.values.data()));
  const double tolerance = 4 * kEpsilon * static_cast<double>(n);
  EXPECT_LE(largest_difference(times(adjoint(v), v), identity<T>(n)), tolerance);
  const double size = std::max({std::abs(values.front()), std::abs(values.back()), 1e-320});
  Matrix<T> scaled = v, relative = a;
  for (T& x : relative.values) x /= size;
  for (int64_t j = 0; j < n; ++j) {
    const double value = values[static_cast<size_t>(j)];
    EXPECT_GE(value, values[static_cast<size_t>(std::max<int64_t>(j - 1, 0))]);
    for (int64_t i = 0; i < n; ++i) scaled(i, j) *= value / size;
  }
  EXPECT_LE(largest_difference(times(relative, v), scaled), tolerance);
}

std::vector<double> powers(double base, int64_t n) {
  std::vector<double> values;
  for (int64_t i = 0; i < n; ++i) {
    values.push_back(std::pow(base, static_cast<double>(i) / static_cast<double>(n)));
  }
  return values;
}

/// 1, with a few that are nearly so, and zeros.
std::vector<double> clustered(int64_t n) {
  std::vector<double> values(static_cast<size_t>(n), 1);
  for (size_t i = 0; i < values.size() / 3; ++i) {
    values[i] = 1 + 1e-14 * static_cast<double>(i);
    values[values.size() - 1 - i] = 0;
  }
  return values;
}

template <class T>
void expect_all(bool hermitian, void (*expect)(const Matrix<T>&)) {
  constexpr int64_t kSize = 70;  // more than two panels, less than three
  for (const std::vector<double>& values :
       {powers(1e-40, kSize), powers(1e-14, kSize), clustered(kSize),
        std::vector<double>(kSize, 1.0), std::vector<double>(kSize, 0.0)}) {
    expect(with_values<T>(values, hermitian));
  }
  Matrix<T> ones(kSize, kSize);
  for (T& x : ones.values) x = 1;
  expect(ones);
  for (const double scale : {1e300, 1e-300}) {
    for (const int64_t n : {int64_t{6}, kSize}) {
      Matrix<T> a = with_values<T>(powers(0.1, n), hermitian);
      for (T& x : a.values) x *= scale;
      expect(a);
    }
  }
}

TEST(Factors, SingularValuesOfHardMatrices) {
  expect_all<double>(false, [](const Matrix<double>& a) { expect_factors(a); });
  expect_all<Complex>(false, [](const Matrix<Complex>& a) { expect_factors(a); });
}

TEST(Factors, SingularValuesOfAllSizes) {
  for (const int64_t n : {1, 2, 16, 17, 32, 33, 64, 65, 100}) {
    expect_factors(random_matrix<double>(n, n, 3));
    expect_factors(random_matrix<Complex>(n, n, 3));
    for (const bool full : {false, true}) {
      expect_factors(random_matrix<double>(n + 20, n, 3), full);
      expect_factors(random_matrix<double>(n, n + 20, 3), full);
      expect_factors(random_matrix<Complex>(n + 9, n, 3), full);
      expect_factors(random_matrix<Complex>(n, n + 9, 3), full);
    }
  }
}

TEST(Factors, GradedRowsAndColumns) {
  constexpr int64_t kSize = 70;
  for (const bool rows : {false, true}) {
    for (const bool falling : {false, true}) {
      Matrix<double> a = random_matrix<double>(kSize, kSize, 4);
      for (int64_t i = 0; i < kSize; ++i) {
        for (int64_t j = 0; j < kSize; ++j) {
          const int64_t place = rows ? i : j;
          a(i, j) *= std::pow(10.0, static_cast<double>(falling ? -place : place - kSize));
        }
      }
      expect_factors(a);
    }
  }
}

// Eigenvalues of the second difference: 2 - 2 cos(pi k / (n + 1)).
TEST(Factors, EigenvaluesOfTheSecondDifference) {
  constexpr int64_t kSize = 90;
  Matrix<double> a(kSize, kSize), v(kSize, kSize);
  for (int64_t i = 0; i < kSize; ++i) {
    a(i, i) = 2;
    if (i > 0) a(i, i - 1) = a(i - 1, i) = -1;
  }
  std::vector<double> values(kSize);
  ASSERT_TRUE(hermitian_eigen(kSize, a.values.data(), values.data(), v.values.data()));
  for (size_t k = 0; k < values.size(); ++k) {
    const double angle = std::acos(-1.0) * static_cast<double>(k + 1) / (kSize + 1);
    EXPECT_NEAR(values[k], 2 - 2 * std::cos(angle), 1e-14);
  }
}

TEST(Factors, EigenvaluesOfHardMatrices) {
  expect_all<double>(true, expect_eigen<double>);
  expect_all<Complex>(true, expect_eigen<Complex>);
}

struct Eigen {
  std::vector<Complex> values;
  Matrix<Complex> v;
};

template <class T>
Eigen eigen_of(const Matrix<T>& a) {
  Matrix<T> work = a;
  Eigen eigen{std::vector<Complex>(static_cast<size_t>(a.rows)), {a.rows, a.rows}};
  EXPECT_TRUE(
      general_eigen(a.rows, work.values.data(), eigen.values.data(), eigen.v.values.data()));
  return eigen;
}

/// A V = V diag(values), with vectors of length 1.
template <class T>
void expect_general_eigen(const Matrix<T>& a, double size) {
  const int64_t n = a.rows;
  const auto [values, v] = eigen_of(a);
  Matrix<Complex> relative(n, n), scaled = v;
  for (size_t i = 0; i < a.values.size(); ++i) relative.values[i] = a.values[i] / size;
  for (int64_t j = 0; j < n; ++j) {
    double squares = 0;
    for (int64_t i = 0; i < n; ++i) {
      squares += std::norm(v(i, j));
      scaled(i, j) *= values[static_cast<size_t>(j)] / size;
    }
    EXPECT_NEAR(squares, 1, 1e-14);
  }
  const double tolerance = 8 * kEpsilon * static_cast<double>(n);
  EXPECT_LE(largest_difference(times(relative, v), scaled), tolerance) << n;
}

TEST(Factors, EigenvaluesOfAnyMatrix) {
  for (const int64_t n : {0, 1, 2, 3, 7, 33, 64, 97, 130}) {
    for (const double size : {1.0, 1e-200, 1e150}) {
      Matrix<double> a = random_matrix<double>(n, n, 7);
      Matrix<Complex> b = random_matrix<Complex>(n, n, 8);
      for (double& x : a.values) x *= size;
      for (Complex& x : b.values) x *= size;
      expect_general_eigen(a, size * std::sqrt(static_cast<double>(n + 1)));
      expect_general_eigen(b, size * std::sqrt(static_cast<double>(n + 1)));
    }
  }
}

/// The roots of 1 of a cycle, and a matrix of one block of Jordan's.
TEST(Factors, EigenvaluesOfCyclesAndOfOneVector) {
  constexpr int64_t kSize = 40;
  Matrix<double> cycle(kSize, kSize), block(kSize, kSize);
  for (int64_t i = 0; i < kSize; ++i) {
    cycle(i, (i + 1) % kSize) = 1;
    block(i, i) = 3;
    if (i + 1 < kSize) block(i, i + 1) = 1;
  }
  Complex sum = 0;
  for (const Complex& value : eigen_of(cycle).values) {
    EXPECT_LE(std::abs(std::pow(value, 40.0) - 1.0), 1e-12);
    sum += value;
  }
  EXPECT_LE(std::abs(sum), 1e-12);
  for (const Complex& value : eigen_of(block).values) EXPECT_EQ(value, 3.0);
}

TEST(Factors, ThreadsDoNotChangeTheBits) {
  const Matrix<double> a = random_matrix<double>(200, 150, 5);
  const Matrix<double> b = with_values<double>(powers(1e-3, 150), true);
  const int before = num_threads();
  std::vector<std::vector<double>> results;
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    const Factors<double> f(a);
    Matrix<double> work = b, v(150, 150);
    std::vector<double> values(150);
    ASSERT_TRUE(hermitian_eigen(150, work.values.data(), values.data(), v.values.data()));
    const Eigen general = eigen_of(b);
    const auto* const parts = reinterpret_cast<const double*>(general.v.values.data());
    const std::vector<double> vectors(parts, parts + 2 * general.v.values.size());
    for (const auto& part : {f.u.values, f.vh.values, f.s, v.values, values, vectors}) {
      results.push_back(part);
    }
  }
  set_num_threads(before);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(results[i], results[i + 6]);
}

}  // namespace
}  // namespace tenon::cpu
