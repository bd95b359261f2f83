#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

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

/// `count` orthonormal columns [rows, count] whose first `known` are given as vectors: QR keeps
/// them up to their phase, and adds the rest. A column of zeros, of a singular value 0, becomes
/// whatever the others leave, with its largest element positive.
template <class T>
std::vector<T> completed(int64_t rows, int64_t known, int64_t count,
                         const std::vector<T>& vectors) {
  std::vector<T> a(static_cast<size_t>(rows * known)), r(static_cast<size_t>(count * known));
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < known; ++j) {
      a[static_cast<size_t>(i * known + j)] = vectors[static_cast<size_t>(j * rows + i)];
    }
  }
  std::vector<T> all = a, q(static_cast<size_t>(rows * count));
  qr_factor(rows, known, count, all.data(), q.data(), r.data());
  for (int64_t j = 0; j < known; ++j) {
    const bool zero = squared_length(rows, vectors.data() + j * rows) == 0;
    const T turn = zero ? conjugate(phase_of_largest(rows, q.data() + j, count)) : T(1);
    for (int64_t i = 0; i < rows; ++i) {
      T& element = q[static_cast<size_t>(i * count + j)];
      element = zero ? element * turn : a[static_cast<size_t>(i * known + j)];
    }
  }
  return q;
}

template <class T>
struct TallFactors {
  std::vector<double> s;
  std::vector<T> u, v;  ///< k vectors of m, and of n
};

/// For m >= n.
template <class T>
bool tall_svd(int64_t m, int64_t n, Columns<T> c, TallFactors<T>& result) {
  if (!orthogonalize(c)) return false;
  std::vector<double> norms;
  for (int64_t j = 0; j < n; ++j) {
    norms.push_back(std::sqrt(squared_length(m, c.x.data() + j * m)));
  }
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    return norms[static_cast<size_t>(i)] > norms[static_cast<size_t>(j)];
  });
  for (const int64_t j : order) {
    const double norm = norms[static_cast<size_t>(j)];
    result.s.push_back(norm);
    for (int64_t i = 0; i < m; ++i) {
      result.u.push_back(norm > 0 ? c.x[static_cast<size_t>(j * m + i)] / norm : T(0));
    }
    for (int64_t i = 0; i < n; ++i) result.v.push_back(c.v[static_cast<size_t>(j * n + i)]);
  }
  return true;
}

/// The first of the largest elements of each left vector is made positive. A = sum s u v^H stays.
template <class T>
void fix_phases(int64_t count, std::vector<T>& u, std::vector<T>& v) {
  if (count == 0) return;
  const auto rows = static_cast<int64_t>(u.size()) / count,
             columns = static_cast<int64_t>(v.size()) / count;
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
  Columns<T> c{rows, k, {}, std::vector<T>(static_cast<size_t>(k * k))};
  for (int64_t j = 0; j < k; ++j) {
    for (int64_t i = 0; i < rows; ++i) c.x.push_back(tall ? a[i * n + j] : conjugate(a[j * n + i]));
    c.v[static_cast<size_t>(j * k + j)] = 1;
  }
  TallFactors<T> factors;
  if (!tall_svd(rows, k, std::move(c), factors)) return false;
  std::copy(factors.s.begin(), factors.s.end(), s);
  // Of a wide matrix the adjoint was factored, so that the two sides change places.
  tall ? fix_phases(k, factors.u, factors.v) : fix_phases(k, factors.v, factors.u);
  const int64_t long_count = tall ? u_columns : vh_rows;
  const std::vector<T> wide = completed(rows, k, long_count, factors.u);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < long_count; ++j) {
      const T element = wide[static_cast<size_t>(i * long_count + j)];
      if (tall) {
        u[i * u_columns + j] = element;
      } else {
        vh[j * n + i] = conjugate(element);
      }
    }
  }
  for (int64_t j = 0; j < k; ++j) {
    for (int64_t i = 0; i < k; ++i) {
      const T element = factors.v[static_cast<size_t>(j * k + i)];
      if (tall) {
        vh[j * n + i] = conjugate(element);
      } else {
        u[i * u_columns + j] = element;
      }
    }
  }
  return true;
}

template bool svd_factor(int64_t, int64_t, const double*, int64_t, int64_t, double*, double*,
                         double*);
template bool svd_factor(int64_t, int64_t, const std::complex<double>*, int64_t, int64_t,
                         std::complex<double>*, double*, std::complex<double>*);

}  // namespace tenon::cpu
