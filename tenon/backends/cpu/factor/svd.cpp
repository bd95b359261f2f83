#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tenon/backends/cpu/factor/bidiagonal.h"
#include "tenon/backends/cpu/factor/blocks.h"
#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

// Up to here Jacobi's rotations are the fastest way, and find small singular values to their last
// digits.
constexpr int64_t kFewColumns = 16;

/// sum(conj(a_i) b_i)
template <class T>
T dot(int64_t count, const T* a, const T* b) {
  return sum_of<T>(count, [=](int64_t i) { return product(conjugate(a[i]), b[i]); });
}

template <class T>
double squared_length(int64_t count, const T* a) {
  return sum_of<double>(count, [=](int64_t i) { return squared_size(a[i]); });
}

template <class T>
void rotate(int64_t count, T* a, T* b, double cosine, double sine) {
  for (int64_t i = 0; i < count; ++i) {
    const T x = a[i], y = b[i];
    a[i] = cosine * x - sine * y;
    b[i] = sine * x + cosine * y;
  }
}

template <class T>
void scale(int64_t count, T* a, T factor) {
  for (int64_t i = 0; i < count; ++i) a[i] = product(a[i], factor);
}

/// Turns two columns, and those of V, so that they become orthogonal; false where they are.
template <class T>
bool make_orthogonal(int64_t m, int64_t n, T* x, T* y, T* vx, T* vy) {
  const double xx = squared_length(m, x), yy = squared_length(m, y);
  const T inner = dot(m, x, y);
  double xy = std::abs(inner);
  // As small as rounding leaves the inner product of columns that are orthogonal.
  const double rounding =
      std::numeric_limits<double>::epsilon() * (2 + std::sqrt(static_cast<double>(m)));
  if (!(xy > rounding * std::sqrt(xx * yy))) return false;
  if constexpr (std::is_same_v<T, double>) {
    xy = inner;
  } else {  // their inner product becomes real
    scale(m, y, conjugate(phase(inner)));
    scale(n, vy, conjugate(phase(inner)));
  }
  const double zeta = (yy - xx) / (2 * xy);
  const double tangent = std::copysign(1.0, zeta) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
  const double cosine = 1 / std::sqrt(1 + tangent * tangent);
  rotate(m, x, y, cosine, cosine * tangent);
  rotate(n, vx, vy, cosine, cosine * tangent);
  return true;
}

/// The columns of a tall matrix, one after the other.
template <class T>
struct Columns {
  int64_t m, n;
  std::vector<T> x, v;  ///< n columns of m, and of n
};

template <class T>
bool orthogonalize(Columns<T>& c) {
  for (int sweep = 0; sweep < 60; ++sweep) {
    bool turned = false;
    for (int64_t i = 0; i + 1 < c.n; ++i) {
      check_interrupt();
      for (int64_t j = i + 1; j < c.n; ++j) {
        turned |= make_orthogonal(c.m, c.n, c.x.data() + i * c.m, c.x.data() + j * c.m,
                                  c.v.data() + i * c.n, c.v.data() + j * c.n);
      }
    }
    if (!turned) return true;
  }
  return false;
}

/// `count` orthonormal vectors whose first `known` are given: QR keeps them up to their phase, and
/// adds the rest. A vector of zeros, of a singular value 0, becomes whatever the others leave, with
/// its largest element positive.
template <class T>
std::vector<T> completed(int64_t rows, int64_t known, int64_t count, std::vector<T> vectors) {
  std::vector<T> a(static_cast<size_t>(rows * known)), r(static_cast<size_t>(count * known));
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < known; ++j) {
      a[static_cast<size_t>(i * known + j)] = vectors[static_cast<size_t>(j * rows + i)];
    }
  }
  std::vector<T> q(static_cast<size_t>(rows * count));
  qr_factor(rows, known, count, a.data(), q.data(), r.data());
  vectors.resize(static_cast<size_t>(rows * count));
  for (int64_t j = 0; j < count; ++j) {
    T* vector = vectors.data() + j * rows;
    if (j < known && squared_length(rows, vector) != 0) continue;
    const T turn = j < known ? conjugate(phase_of_largest(rows, q.data() + j, count)) : T(1);
    for (int64_t i = 0; i < rows; ++i) vector[i] = q[static_cast<size_t>(i * count + j)] * turn;
  }
  return vectors;
}

/// A[m, n] = U diag(s) V^H of a tall matrix.
template <class T>
struct TallFactors {
  std::vector<double> s;
  std::vector<T> u, v;  ///< `count` orthonormal vectors of m, and n of n
};

std::vector<int64_t> descending_order(const std::vector<double>& values) {
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    return values[static_cast<size_t>(i)] > values[static_cast<size_t>(j)];
  });
  return order;
}

/// By Jacobi's rotations; only the first n vectors of U.
template <class T>
bool few_columns_svd(int64_t m, int64_t n, const std::vector<T>& a, TallFactors<T>& result) {
  Columns<T> c{m, n, {}, std::vector<T>(static_cast<size_t>(n * n))};
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t i = 0; i < m; ++i) c.x.push_back(a[static_cast<size_t>(i * n + j)]);
    c.v[static_cast<size_t>(j * n + j)] = 1;
  }
  if (!orthogonalize(c)) return false;
  std::vector<double> norms;
  for (int64_t j = 0; j < n; ++j) {
    norms.push_back(std::sqrt(squared_length(m, c.x.data() + j * m)));
  }
  for (const int64_t j : descending_order(norms)) {
    const double norm = norms[static_cast<size_t>(j)];
    result.s.push_back(norm);
    for (int64_t i = 0; i < m; ++i) {
      result.u.push_back(norm > 0 ? c.x[static_cast<size_t>(j * m + i)] / norm : T(0));
    }
    for (int64_t i = 0; i < n; ++i) result.v.push_back(c.v[static_cast<size_t>(j * n + i)]);
  }
  return true;
}

/// By QR, and QR steps on the bidiagonal form of R.
template <class T>
bool many_columns_svd(int64_t m, int64_t n, int64_t count, std::vector<T> a,
                      TallFactors<T>& result) {
  std::vector<T> q, r;
  if (m > n) {
    q.resize(static_cast<size_t>(m * count));
    r.resize(static_cast<size_t>(count * n));
    qr_factor(m, n, count, a.data(), q.data(), r.data());
  }
  Bidiagonal<T> b = bidiagonal_form(n, m > n ? r.data() : a.data());
  if (!diagonalize(n, b)) return false;
  std::vector<T> u;
  for (const int64_t j : descending_order(b.diagonal)) {
    result.s.push_back(b.diagonal[static_cast<size_t>(j)]);
    for (int64_t i = 0; i < n; ++i) {
      u.push_back(conjugate(b.qh[static_cast<size_t>(j * b.stride + i)]));
      result.v.push_back(conjugate(b.ph[static_cast<size_t>(j * b.stride + i)]));
    }
  }
  if (m == n) {
    result.u = std::move(u);
    return true;
  }
  // Q's first n columns take on U, the others are beside it already.
  result.u.resize(static_cast<size_t>(count * m));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = n; j < count; ++j) {
      result.u[static_cast<size_t>(j * m + i)] = q[static_cast<size_t>(i * count + j)];
    }
  }
  // U^T = (columns of u) Q^T, as a difference from zero of what is the adjoint's product.
  for (T& element : u) element = -element;
  for (T& element : q) element = conjugate(element);
  subtract_adjoint_product<T>(n, m, n, Block<const T>{u.data(), n}, Block<const T>{q.data(), count},
                              Block<T>{result.u.data(), m});
  return true;
}

/// The first of the largest elements of each left vector is made positive. A = sum s u v^H stays.
template <class T>
void fix_phases(int64_t count, int64_t rows, int64_t columns, std::vector<T>& u,
                std::vector<T>& v) {
  for (int64_t j = 0; j < count; ++j) {
    const T turn = conjugate(phase_of_largest(rows, u.data() + j * rows));
    if (turn == T(1)) continue;
    scale(rows, u.data() + j * rows, turn);
    scale(columns, v.data() + j * columns, turn);
  }
}

}  // namespace

template <class T>
bool svd_factor(int64_t m, int64_t n, const T* a, int64_t u_columns, int64_t vh_rows, T* u,
                double* s, T* vh) {
  const bool tall = m >= n;
  const int64_t rows = tall ? m : n, k = tall ? n : m;
  const int64_t long_count = tall ? u_columns : vh_rows;
  std::vector<T> matrix(a, a + m * n);
  if (!tall) {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < k; ++j) {
        matrix[static_cast<size_t>(i * k + j)] = conjugate(a[j * n + i]);
      }
    }
  }
  const double scale = scale_to_one(m * n, matrix.data());
  TallFactors<T> factors;
  const bool few = k <= kFewColumns;
  if (!(few ? few_columns_svd(rows, k, matrix, factors)
            : many_columns_svd(rows, k, long_count, std::move(matrix), factors))) {
    return false;
  }
  for (int64_t j = 0; j < k; ++j) s[j] = factors.s[static_cast<size_t>(j)] * scale;
  // Of a wide matrix the adjoint was factored, so that the two sides change places.
  tall ? fix_phases(k, rows, k, factors.u, factors.v)
       : fix_phases(k, k, rows, factors.v, factors.u);
  if (few) factors.u = completed(rows, k, long_count, std::move(factors.u));
  // Vectors are columns of U, and rows of V^H.
  const auto write = [&](std::vector<T>& vectors, int64_t count, int64_t length, bool left) {
    for (T& element : vectors) element = conjugate(element);
    if (left) {
      return write_adjoint<T>(count, length, Block<const T>{vectors.data(), length},
                              Block<T>{u, u_columns});
    }
    std::copy(vectors.begin(), vectors.end(), vh);
  };
  write(factors.u, long_count, rows, tall);
  write(factors.v, k, k, !tall);
  return true;
}

template bool svd_factor(int64_t, int64_t, const double*, int64_t, int64_t, double*, double*,
                         double*);
template bool svd_factor(int64_t, int64_t, const std::complex<double>*, int64_t, int64_t,
                         std::complex<double>*, double*, std::complex<double>*);

}  // namespace tenon::cpu
