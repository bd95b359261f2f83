#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tenon/backends/cpu/factor/deferred.h"
#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/backends/cpu/factor/reflections.h"
#include "tenon/backends/cpu/factor/stretch.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

constexpr double kNothing = 1e-150;  // beside a largest element of about 1

/// A Hermitian matrix as Q T Q^H with a real T: its diagonal and what stands beside it, and Q^H,
/// row by row, so that rotations of Q's columns run along memory.
template <class T>
struct Tridiagonal {
  std::vector<double> diagonal, beside;
  int64_t stride;
  std::vector<T> qh;  ///< rows `stride` apart
};

template <class T>
Tridiagonal<T> tridiagonal_form(int64_t n, T* a) {
  const auto size = static_cast<size_t>(n);
  const Block<T> matrix{a, n};
  Deferred<T> deferred(n, matrix, 2 * std::min(n, kPanel));
  std::vector<Reflection<T>> reflections;
  for (int64_t k = 0; k < n; ++k) {
    check_interrupt();
    if (!deferred.has_room(2)) deferred.subtract(k, k);
    deferred.update_column(k, k);
    if (k + 2 >= n) continue;
    std::vector<T> column;
    for (int64_t i = k + 1; i < n; ++i) column.push_back(matrix(i, k));
    reflections.push_back(hermitian_reflection(k + 1, std::move(column), matrix(k + 1, k)));
    const T scale = reflections.back().scale;
    if (scale == T(0)) continue;
    // A becomes A - v w^H - w v^H with w = scale (A v - (scale / 2) (v^H A v) v).
    const std::vector<T>& v = reflections.back().v;
    std::vector<T> w = deferred.times(k + 1, k + 1, v);
    T inner{};
    for (size_t i = 0; i < v.size(); ++i) {
      w[i] *= scale;
      inner += product(conjugate(w[i]), v[i]);
    }
    const T middle = scale * (real_part(inner) / 2);
    for (size_t i = 0; i < v.size(); ++i) w[i] -= middle * v[i];
    deferred.add(k + 1, v, k + 1, w);
    deferred.add(k + 1, w, k + 1, v);
  }
  const int64_t stride = Rotations::stride_of<T>(n);
  Tridiagonal<T> t{std::vector<double>(size), std::vector<double>(size), stride,
                   adjoint_of_product(n, reflections, stride)};
  // What stands beside the diagonal becomes real by turning the vectors.
  T turn = 1;
  for (int64_t k = 0; k < n; ++k) {
    t.diagonal[static_cast<size_t>(k)] = real_part(matrix(k, k));
    if (turn != T(1)) {
      for (int64_t j = 0; j < n; ++j) t.qh[static_cast<size_t>(k * stride + j)] *= conjugate(turn);
    }
    if (k + 1 == n) break;
    const T beside = matrix(k + 1, k);
    t.beside[static_cast<size_t>(k)] = std::abs(beside);
    turn *= phase(beside);
  }
  return t;
}

/// One QR step with Wilkinson's shift.
void qr_step(const Stretch& t, Rotations& rows) {
  const int64_t last = t.count() - 1;
  const double beside = t.e(last - 1), half = (t.d(last - 1) - t.d(last)) / (2 * beside);
  double g = t.d(0) - t.d(last) + beside / (half + std::copysign(std::hypot(half, 1.0), half));
  PlaneRotation turn{1, 1};  // of a row that isn't there
  double p = 0;
  t.begin_sweep(rows);
  for (int64_t i = 0; i < last; ++i) {
    const double b = turn.cosine * t.e(i);
    turn = PlaneRotation::of(g, turn.sine * t.e(i));
    if (i > 0) t.e(i - 1) = turn.length;
    if (turn.length == 0) {  // the matrix falls apart here
      t.d(i) -= p;
      return;
    }
    g = t.d(i) - p;
    const double turned = (t.d(i + 1) - g) * turn.sine + 2 * turn.cosine * b;
    p = turn.sine * turned;
    t.d(i) = g + p;
    g = turn.cosine * turned - b;
    t.turn(rows, i, turn);
  }
  t.d(last) -= p;
  t.e(last - 1) = g;
}

template <class T>
bool diagonalize(int64_t n, Tridiagonal<T>& t) {
  double *d = t.diagonal.data(), *e = t.beside.data();
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  // Complex rows are rows of twice as many real numbers.
  constexpr int64_t kParts = sizeof(T) / sizeof(double);
  Rotations rows(n, n * kParts, reinterpret_cast<double*>(t.qh.data()), t.stride * kParts);
  const auto is_zero = [&](int64_t i) {
    const double size = std::abs(e[i]);
    return size <= kEpsilon * (std::abs(d[i]) + std::abs(d[i + 1])) || size < kNothing;
  };
  Stretch stretch{d, e};
  int64_t steps = 0;
  for (int64_t last = n - 1; last > 0;) {
    int64_t first = last;
    while (first > 0 && !is_zero(first - 1)) --first;
    if (first == last) {
      --last;
      continue;
    }
    if (++steps > 60 * n) return false;
    check_interrupt();
    stretch.move_to(first, last);
    qr_step(stretch, rows);
  }
  rows.finish();
  return true;
}

}  // namespace

template <class T>
bool hermitian_eigen(int64_t n, T* a, double* values, T* v) {
  const double scale = scale_to_one(n * n, a);
  Tridiagonal<T> t = tridiagonal_form(n, a);
  if (!diagonalize(n, t)) return false;
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    return t.diagonal[static_cast<size_t>(i)] < t.diagonal[static_cast<size_t>(j)];
  });
  std::vector<T> vectors;
  vectors.reserve(static_cast<size_t>(n * n));
  for (const int64_t from : order) {
    *values++ = t.diagonal[static_cast<size_t>(from)] * scale;
    const T* row = t.qh.data() + from * t.stride;
    const T turn = conjugate(phase_of_largest(n, row));
    for (int64_t i = 0; i < n; ++i) vectors.push_back(turn * row[i]);
  }
  write_adjoint<T>(n, n, Block<const T>{vectors.data(), n}, Block<T>{v, n});
  return true;
}

template bool hermitian_eigen(int64_t, double*, double*, double*);
template bool hermitian_eigen(int64_t, std::complex<double>*, double*, std::complex<double>*);

}  // namespace tenon::cpu
