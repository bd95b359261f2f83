#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

/// A Hermitian matrix as Q T Q^H with a real T: its diagonal and what stands beside it, and Q^H,
/// row by row, so that rotations of Q's columns run along memory.
template <class T>
struct Tridiagonal {
  std::vector<double> diagonal, beside;
  std::vector<T> qh;
};

/// sum(a_i conj(b_i))
template <class T>
T dot(int64_t count, const T* a, const T* b) {
  return sum_of<T>(count, [=](int64_t i) { return product(a[i], conjugate(b[i])); });
}

/// What is right of and below element k, reflected so that row and column k keep one element beside
/// the diagonal; `v` becomes the reflection's vector. Returns its scale.
template <class T>
double reflect_step(int64_t n, int64_t k, T* a, std::vector<T>& v, std::vector<T>& p) {
  const int64_t count = n - k - 1;
  for (int64_t i = 0; i < count; ++i) v[static_cast<size_t>(i)] = a[(k + 1 + i) * n + k];
  const double tail = real_part(dot(count - 1, v.data() + 1, v.data() + 1));
  if (tail == 0) return 0;
  const T head = phase(v[0]) * std::sqrt(squared_size(v[0]) + tail);
  a[(k + 1) * n + k] = -head;
  v[0] += head;
  const double scale = 2 / (squared_size(v[0]) + tail);
  // p = scale (A v - (scale / 2) (v^H A v) v).
  for (int64_t i = 0; i < count; ++i) {
    const T *row = a + (k + 1 + i) * n + k + 1, *vector = v.data();
    p[static_cast<size_t>(i)] =
        scale * sum_of<T>(count, [=](int64_t j) { return product(row[j], vector[j]); });
  }
  const double middle = scale / 2 * real_part(dot(count, p.data(), v.data()));
  for (int64_t i = 0; i < count; ++i)
    p[static_cast<size_t>(i)] -= middle * v[static_cast<size_t>(i)];
  for (int64_t i = 0; i < count; ++i) {
    T* row = a + (k + 1 + i) * n + k + 1;
    const T vi = v[static_cast<size_t>(i)], pi = p[static_cast<size_t>(i)];
    for (int64_t j = 0; j < count; ++j) {
      row[j] -= product(vi, conjugate(p[static_cast<size_t>(j)])) +
                product(pi, conjugate(v[static_cast<size_t>(j)]));
    }
  }
  return scale;
}

/// Q^H times the reflection over rows `first` to n - 1 from the left.
template <class T>
void reflect_rows(int64_t n, int64_t first, double scale, const std::vector<T>& v,
                  std::vector<T>& sums, T* qh) {
  std::fill(sums.begin(), sums.end(), T(0));
  for (int64_t i = first; i < n; ++i) {
    const T factor = conjugate(v[static_cast<size_t>(i - first)]);
    for (int64_t j = 0; j < n; ++j) sums[static_cast<size_t>(j)] += product(factor, qh[i * n + j]);
  }
  for (int64_t i = first; i < n; ++i) {
    const T factor = scale * v[static_cast<size_t>(i - first)];
    for (int64_t j = 0; j < n; ++j) qh[i * n + j] -= product(factor, sums[static_cast<size_t>(j)]);
  }
}

template <class T>
Tridiagonal<T> tridiagonal_form(int64_t n, T* a) {
  const auto size = static_cast<size_t>(n);
  Tridiagonal<T> t{std::vector<double>(size), std::vector<double>(size),
                   std::vector<T>(size * size)};
  for (size_t i = 0; i < size; ++i) t.qh[i * size + i] = 1;
  std::vector<T> v(size), p(size);
  for (int64_t k = 0; k + 1 < n; ++k) {
    check_interrupt();
    const double scale = k + 2 < n ? reflect_step(n, k, a, v, p) : 0;
    if (scale != 0) reflect_rows(n, k + 1, scale, v, p, t.qh.data());
  }
  // What stands beside the diagonal becomes real by turning the vectors.
  T turn = 1;
  for (int64_t k = 0; k < n; ++k) {
    t.diagonal[static_cast<size_t>(k)] = real_part(a[k * n + k]);
    if (turn != T(1)) {
      for (int64_t j = 0; j < n; ++j) t.qh[static_cast<size_t>(k * n + j)] *= conjugate(turn);
    }
    if (k + 1 == n) break;
    const T beside = a[(k + 1) * n + k];
    t.beside[static_cast<size_t>(k)] = std::abs(beside);
    turn *= phase(beside);
  }
  return t;
}

/// Rows i and i + 1 of q turned by the angle of this sine and cosine.
template <class T>
void rotate_rows(int64_t n, T* row, double cosine, double sine) {
  T* next = row + n;
  for (int64_t k = 0; k < n; ++k) {
    const T f = next[k], g = row[k];
    next[k] = sine * g + cosine * f;
    row[k] = cosine * g - sine * f;
  }
}

/// One QL step with Wilkinson's shift on rows l to m of T. Chases the bulge upwards.
template <class T>
void ql_step(int64_t n, int64_t l, int64_t m, Tridiagonal<T>& t) {
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
    rotate_rows(n, t.qh.data() + i * n, cosine, sine);
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

template <class T>
bool diagonalize(int64_t n, Tridiagonal<T>& t) {
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

template <class T>
bool hermitian_eigen(int64_t n, T* a, double* values, T* v) {
  Tridiagonal<T> t = tridiagonal_form(n, a);
  if (!diagonalize(n, t)) return false;
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    return t.diagonal[static_cast<size_t>(i)] < t.diagonal[static_cast<size_t>(j)];
  });
  for (int64_t column = 0; column < n; ++column) {
    const int64_t from = order[static_cast<size_t>(column)];
    values[column] = t.diagonal[static_cast<size_t>(from)];
    const T* row = t.qh.data() + from * n;
    const T turn = phase_of_largest(n, row);
    for (int64_t i = 0; i < n; ++i) v[i * n + column] = turn * conjugate(row[i]);
  }
  return true;
}

template bool hermitian_eigen(int64_t, double*, double*, double*);
template bool hermitian_eigen(int64_t, std::complex<double>*, double*, std::complex<double>*);

}  // namespace tenon::cpu
