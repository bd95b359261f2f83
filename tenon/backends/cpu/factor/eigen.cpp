#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

/// A symmetric matrix as Q T Q^T: T's diagonal and what stands beside it, and Q^T, row by row, so
/// that rotations of Q's columns run along memory.
struct Tridiagonal {
  std::vector<double> diagonal, beside, qt;
};

double dot(int64_t count, const double* a, const double* b) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

/// What is right of and below element k, reflected so that row and column k keep one element beside
/// the diagonal; `v` becomes the reflection's vector. Returns its scale.
double reflect_step(int64_t n, int64_t k, double* a, std::vector<double>& v,
                    std::vector<double>& p) {
  const int64_t count = n - k - 1;
  for (int64_t i = 0; i < count; ++i) v[static_cast<size_t>(i)] = a[(k + 1 + i) * n + k];
  const double tail = dot(count - 1, v.data() + 1, v.data() + 1);
  if (tail == 0) return 0;
  const double norm = std::sqrt(v[0] * v[0] + tail), head = std::copysign(norm, v[0]);
  a[(k + 1) * n + k] = -head;
  v[0] += head;
  const double scale = 2 / (v[0] * v[0] + tail);
  for (int64_t i = 0; i < count; ++i) {
    p[static_cast<size_t>(i)] = scale * dot(count, a + (k + 1 + i) * n + k + 1, v.data());
  }
  const double middle = scale / 2 * dot(count, p.data(), v.data());
  for (int64_t i = 0; i < count; ++i)
    p[static_cast<size_t>(i)] -= middle * v[static_cast<size_t>(i)];
  for (int64_t i = 0; i < count; ++i) {
    double* row = a + (k + 1 + i) * n + k + 1;
    const double vi = v[static_cast<size_t>(i)], pi = p[static_cast<size_t>(i)];
    for (int64_t j = 0; j < count; ++j) {
      row[j] -= vi * p[static_cast<size_t>(j)] + pi * v[static_cast<size_t>(j)];
    }
  }
  return scale;
}

Tridiagonal tridiagonal_form(int64_t n, double* a) {
  const auto size = static_cast<size_t>(n);
  Tridiagonal t{std::vector<double>(size), std::vector<double>(size),
                std::vector<double>(size * size)};
  for (size_t i = 0; i < size; ++i) t.qt[i * size + i] = 1;
  std::vector<double> v(size), p(size);
  for (int64_t k = 0; k + 1 < n; ++k) {
    check_interrupt();
    const double scale = k + 2 < n ? reflect_step(n, k, a, v, p) : 0;
    t.beside[static_cast<size_t>(k)] = a[(k + 1) * n + k];
    if (scale == 0) continue;
    // Q^T = (...) H_1 H_0: each further reflection comes from the left, over rows k + 1 to n - 1.
    std::fill(p.begin(), p.end(), 0);
    for (int64_t i = k + 1; i < n; ++i) {
      const double factor = v[static_cast<size_t>(i - k - 1)];
      for (int64_t j = 0; j < n; ++j) {
        p[static_cast<size_t>(j)] += factor * t.qt[static_cast<size_t>(i * n + j)];
      }
    }
    for (int64_t i = k + 1; i < n; ++i) {
      const double factor = scale * v[static_cast<size_t>(i - k - 1)];
      for (int64_t j = 0; j < n; ++j) {
        t.qt[static_cast<size_t>(i * n + j)] -= factor * p[static_cast<size_t>(j)];
      }
    }
  }
  for (int64_t i = 0; i < n; ++i) t.diagonal[static_cast<size_t>(i)] = a[i * n + i];
  return t;
}

/// Rows i and i + 1 of q turned by the angle of this sine and cosine.
void rotate_rows(int64_t n, double* row, double cosine, double sine) {
  double* next = row + n;
  for (int64_t k = 0; k < n; ++k) {
    const double f = next[k], g = row[k];
    next[k] = sine * g + cosine * f;
    row[k] = cosine * g - sine * f;
  }
}

/// One QL step with Wilkinson's shift on rows l to m of T. Chases the bulge upwards.
void ql_step(int64_t n, int64_t l, int64_t m, Tridiagonal& t) {
  double *d = t.diagonal.data(), *e = t.beside.data();
  double g = (d[l + 1] - d[l]) / (2 * e[l]);
  g = d[m] - d[l] + e[l] / (g + std::copysign(std::hypot(g, 1.0), g));
  double sine = 1, cosine = 1, p = 0;
  for (int64_t i = m; i-- > l;) {
    const double f = sine * e[i], b = cosine * e[i];
    const double r = std::hypot(f, g);
    e[i + 1] = r;
    if (r == 0) {  // the matrix falls apart here
      d[i + 1] -= p;
      e[m] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[i + 1] - p;
    const double turned = (d[i] - g) * sine + 2 * cosine * b;
    p = sine * turned;
    d[i + 1] = g + p;
    g = cosine * turned - b;
    rotate_rows(n, t.qt.data() + i * n, cosine, sine);
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

bool diagonalize(int64_t n, Tridiagonal& t) {
  const double *d = t.diagonal.data(), *e = t.beside.data();
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  for (int64_t l = 0; l < n; ++l) {
    for (int steps = 0;; ++steps) {
      int64_t m = l;
      while (m + 1 < n && std::abs(e[m]) > kEpsilon * (std::abs(d[m]) + std::abs(d[m + 1]))) ++m;
      if (m == l) break;
      if (steps == 50) return false;
      check_interrupt();
      ql_step(n, l, m, t);
    }
  }
  return true;
}

}  // namespace

bool symmetric_eigen(int64_t n, double* a, double* values, double* v) {
  Tridiagonal t = tridiagonal_form(n, a);
  if (!diagonalize(n, t)) return false;
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    return t.diagonal[static_cast<size_t>(i)] < t.diagonal[static_cast<size_t>(j)];
  });
  for (int64_t column = 0; column < n; ++column) {
    const int64_t from = order[static_cast<size_t>(column)];
    values[column] = t.diagonal[static_cast<size_t>(from)];
    const double* row = t.qt.data() + from * n;
    const double* largest = std::max_element(
        row, row + n, [](double x, double y) { return std::abs(x) < std::abs(y); });
    const double sign = *largest < 0 ? -1 : 1;
    for (int64_t i = 0; i < n; ++i) v[i * n + column] = sign * row[i];
  }
  return true;
}

}  // namespace tenon::cpu
