#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

double dot(int64_t count, const double* a, const double* b) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

void rotate(int64_t count, double* a, double* b, double cosine, double sine) {
  for (int64_t i = 0; i < count; ++i) {
    const double x = a[i], y = b[i];
    a[i] = cosine * x - sine * y;
    b[i] = sine * x + cosine * y;
  }
}

/// Turns two columns, and those of V, so that they become orthogonal; false where they are.
bool make_orthogonal(int64_t m, int64_t n, double* x, double* y, double* vx, double* vy) {
  const double xx = dot(m, x, x), yy = dot(m, y, y), xy = dot(m, x, y);
  const double small = std::numeric_limits<double>::epsilon() * std::sqrt(xx * yy);
  if (!(std::abs(xy) > small)) return false;
  const double zeta = (yy - xx) / (2 * xy);
  const double tangent = std::copysign(1.0, zeta) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
  const double cosine = 1 / std::sqrt(1 + tangent * tangent);
  rotate(m, x, y, cosine, cosine * tangent);
  rotate(n, vx, vy, cosine, cosine * tangent);
  return true;
}

/// The columns of a tall matrix, one after the other.
struct Columns {
  int64_t m, n;
  std::vector<double> x, v;  ///< n columns of m, and of n
};

bool orthogonalize(Columns& c) {
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
/// them up to their sign, and adds the rest.
std::vector<double> completed(int64_t rows, int64_t known, int64_t count,
                              const std::vector<double>& vectors) {
  std::vector<double> a(static_cast<size_t>(rows * known)), r(static_cast<size_t>(count * known));
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < known; ++j) {
      a[static_cast<size_t>(i * known + j)] = vectors[static_cast<size_t>(j * rows + i)];
    }
  }
  std::vector<double> all = a, q(static_cast<size_t>(rows * count));
  qr_factor(rows, known, count, all.data(), q.data(), r.data());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < known; ++j) {
      const double* column = vectors.data() + j * rows;
      // A column of zeros, of a singular value 0, is whatever the others leave.
      if (dot(rows, column, column) > 0) {
        q[static_cast<size_t>(i * count + j)] = a[static_cast<size_t>(i * known + j)];
      }
    }
  }
  return q;
}

double first_largest(int64_t count, const double* x) {
  return *std::max_element(x, x + count,
                           [](double a, double b) { return std::abs(a) < std::abs(b); });
}

struct TallFactors {
  std::vector<double> s, u, v;  ///< u and v: k vectors of m, and of n
};

/// For m >= n.
bool tall_svd(int64_t m, int64_t n, Columns c, TallFactors& result) {
  if (!orthogonalize(c)) return false;
  std::vector<double> norms;
  for (int64_t j = 0; j < n; ++j) {
    const double* column = c.x.data() + j * m;
    norms.push_back(std::sqrt(dot(m, column, column)));
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
      result.u.push_back(norm > 0 ? c.x[static_cast<size_t>(j * m + i)] / norm : 0);
    }
    for (int64_t i = 0; i < n; ++i) result.v.push_back(c.v[static_cast<size_t>(j * n + i)]);
  }
  return true;
}

/// The first of the largest elements of each left vector is made positive.
void fix_signs(int64_t rows, int64_t k, int64_t width, double* u, int64_t n, double* vt) {
  std::vector<double> column(static_cast<size_t>(rows));
  for (int64_t j = 0; j < k; ++j) {
    for (int64_t i = 0; i < rows; ++i) column[static_cast<size_t>(i)] = u[i * width + j];
    if (rows == 0 || first_largest(rows, column.data()) >= 0) continue;
    for (int64_t i = 0; i < rows; ++i) u[i * width + j] = -u[i * width + j];
    for (int64_t i = 0; i < n; ++i) vt[j * n + i] = -vt[j * n + i];
  }
}

}  // namespace

bool svd_factor(int64_t m, int64_t n, const double* a, int64_t u_columns, int64_t vt_rows,
                double* u, double* s, double* vt) {
  const bool tall = m >= n;
  const int64_t rows = tall ? m : n, k = tall ? n : m;
  Columns c{rows, k, {}, std::vector<double>(static_cast<size_t>(k * k))};
  for (int64_t j = 0; j < k; ++j) {
    for (int64_t i = 0; i < rows; ++i) c.x.push_back(tall ? a[i * n + j] : a[j * n + i]);
    c.v[static_cast<size_t>(j * k + j)] = 1;
  }
  TallFactors factors;
  if (!tall_svd(rows, k, std::move(c), factors)) return false;
  std::copy(factors.s.begin(), factors.s.end(), s);
  // Of a wide matrix the transpose was factored, so that the two sides change places.
  const int64_t long_count = tall ? u_columns : vt_rows;
  const std::vector<double> wide = completed(rows, k, long_count, factors.u);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < long_count; ++j) {
      (tall ? u[i * u_columns + j] : vt[j * n + i]) = wide[static_cast<size_t>(i * long_count + j)];
    }
  }
  for (int64_t j = 0; j < k; ++j) {
    for (int64_t i = 0; i < k; ++i) {
      (tall ? vt[j * n + i] : u[i * u_columns + j]) = factors.v[static_cast<size_t>(j * k + i)];
    }
  }
  fix_signs(m, k, u_columns, u, n, vt);
  return true;
}

}  // namespace tenon::cpu
