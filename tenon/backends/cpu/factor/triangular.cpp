// LU with partial pivoting, Cholesky, and systems with triangles. Each halves its matrix until the
// parts are small, so that nearly all of the work is in products of matrices.

#include <algorithm>

#include "tenon/backends/cpu/factor/blocks.h"
#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

/// Up to this size plain loops are as fast as halves.
constexpr int64_t kSmall = 24;

/// to -= factor from
template <class T>
void subtract_row(int64_t count, T factor, const T* from, T* to) {
  for (int64_t i = 0; i < count; ++i) to[i] -= product(factor, from[i]);
}

/// Rows `first` to `last` - 1 change places with those that `pivots` says, over `columns`.
template <class T>
void exchange_rows(Block<T> a, int64_t columns, int64_t first, int64_t last,
                   const int64_t* pivots) {
  for (int64_t i = first; i < last; ++i) {
    if (pivots[i] == i) continue;
    std::swap_ranges(a.row(i), a.row(i) + columns, a.row(pivots[i]));
  }
}

struct Pivots {
  int64_t* rows;
  int sign = 1;
  bool singular = false;
};

/// Columns `first` to `last` - 1 of `a`, of `n` rows, those before `first` being done.
template <class T>
void lu_small(int64_t n, Block<T> a, int64_t first, int64_t last, Pivots& pivots) {
  for (int64_t k = first; k < last; ++k) {
    int64_t best = k;
    for (int64_t i = k + 1; i < n; ++i) {
      if (std::abs(a(i, k)) > std::abs(a(best, k))) best = i;
    }
    pivots.rows[k] = best;
    if (best != k) {
      std::swap_ranges(a.row(k) + first, a.row(k) + last, a.row(best) + first);
      pivots.sign = -pivots.sign;
    }
    const T pivot = a(k, k);
    if (pivot == T(0)) {
      pivots.singular = true;
      continue;
    }
    for (int64_t i = k + 1; i < n; ++i) {
      T& factor = a(i, k);
      if (factor == T(0)) continue;
      factor /= pivot;
      subtract_row(last - k - 1, factor, a.row(k) + k + 1, a.row(i) + k + 1);
    }
  }
}

template <class T>
void solve_small(int64_t n, int64_t m, Block<const T> t, Triangle triangle, Block<T> b) {
  for (int64_t step = 0; step < n; ++step) {
    const int64_t i = triangle.upper ? n - 1 - step : step;
    const int64_t begin = triangle.upper ? i + 1 : 0, end = triangle.upper ? n : i;
    T* row = b.row(i);
    for (int64_t j = begin; j < end; ++j) {
      if (t(i, j) != T(0)) subtract_row(m, t(i, j), b.row(j), row);
    }
    if (triangle.unit) continue;
    for (int64_t j = 0; j < m; ++j) row[j] /= t(i, i);
  }
}

template <class T>
void solve_blocks(int64_t n, int64_t m, Block<const T> t, Triangle triangle, Block<T> b) {
  if (n <= kSmall) return solve_small(n, m, t, triangle, b);
  check_interrupt();
  const int64_t half = n / 2, rest = n - half;
  const Block<const T> first = t, second = t.at(half, half);
  if (triangle.upper) {
    solve_blocks(rest, m, second, triangle, b.at(half, 0));
    subtract_product<T>(half, m, rest, t.at(0, half), b.at(half, 0), b);
    solve_blocks(half, m, first, triangle, b);
  } else {
    solve_blocks(half, m, first, triangle, b);
    subtract_product<T>(rest, m, half, t.at(half, 0), b, b.at(half, 0));
    solve_blocks(rest, m, second, triangle, b.at(half, 0));
  }
}

template <class T>
void lu_blocks(int64_t n, Block<T> a, int64_t first, int64_t last, Pivots& pivots) {
  check_interrupt();
  if (last - first <= kSmall) return lu_small(n, a, first, last, pivots);
  const int64_t middle = first + (last - first) / 2;
  lu_blocks(n, a, first, middle, pivots);
  exchange_rows(a.at(0, middle), last - middle, first, middle, pivots.rows);
  solve_blocks<T>(middle - first, last - middle, a.at(first, first), {false, true},
                  a.at(first, middle));
  subtract_product<T>(n - middle, last - middle, middle - first, a.at(middle, first),
                      a.at(first, middle), a.at(middle, middle));
  lu_blocks(n, a, middle, last, pivots);
  exchange_rows(a.at(0, first), middle - first, middle, last, pivots.rows);
}

/// b[m, n] = b l^-H for the lower triangle of l[n, n].
template <class T>
void divide_by_adjoint(int64_t m, int64_t n, Block<const T> l, Block<T> b) {
  if (n > kSmall) {
    const int64_t half = n / 2, rest = n - half;
    divide_by_adjoint<T>(m, half, l, b);
    subtract_adjoint_product<T>(m, rest, half, b, l.at(half, 0), b.at(0, half));
    return divide_by_adjoint<T>(m, rest, l.at(half, half), b.at(0, half));
  }
  for (int64_t i = 0; i < m; ++i) {
    T* row = b.row(i);
    for (int64_t j = 0; j < n; ++j) {
      T sum = row[j];
      for (int64_t k = 0; k < j; ++k) sum -= product(row[k], conjugate(l(j, k)));
      row[j] = sum / real_part(l(j, j));
    }
  }
}

template <class T>
int64_t cholesky_small(int64_t n, Block<T> a) {
  for (int64_t i = 0; i < n; ++i) {
    divide_by_adjoint<T>(1, i, a, a.at(i, 0));
    double left = real_part(a(i, i));
    for (int64_t k = 0; k < i; ++k) left -= squared_size(a(i, k));
    if (!(left > 0)) return i;
    a(i, i) = std::sqrt(left);
  }
  return -1;
}

template <class T>
int64_t cholesky_blocks(int64_t n, Block<T> a) {
  if (n <= kSmall) return cholesky_small(n, a);
  check_interrupt();
  const int64_t half = n / 2, rest = n - half;
  const int64_t failed = cholesky_blocks(half, a);
  if (failed >= 0) return failed;
  const Block<T> below = a.at(half, 0), corner = a.at(half, half);
  divide_by_adjoint<T>(rest, half, a, below);
  subtract_adjoint_product<T>(rest, rest, half, below, below, corner);
  const int64_t later = cholesky_blocks(rest, corner);
  return later < 0 ? later : half + later;
}

}  // namespace

template <class T>
int lu_factor(int64_t n, T* a, int64_t* rows) {
  Pivots pivots{rows};
  lu_blocks(n, Block<T>{a, n}, 0, n, pivots);
  return pivots.singular ? 0 : pivots.sign;
}

template <class T>
void lu_solve(int64_t n, int64_t m, const T* lu, const int64_t* pivots, T* b) {
  exchange_rows(Block<T>{b, m}, m, 0, n, pivots);
  solve_triangle(n, m, lu, {false, true}, b);
  solve_triangle(n, m, lu, {true, false}, b);
}

template <class T>
int64_t cholesky_factor(int64_t n, T* a) {
  const int64_t failed = cholesky_blocks(n, Block<T>{a, n});
  for (int64_t i = 0; i < n; ++i) std::fill(a + i * n + i + 1, a + (i + 1) * n, T(0));
  return failed;
}

template <class T>
void solve_triangle(int64_t n, int64_t m, const T* t, Triangle triangle, T* b) {
  solve_blocks<T>(n, m, Block<const T>{t, n}, triangle, Block<T>{b, m});
}

template int lu_factor(int64_t, double*, int64_t*);
template int lu_factor(int64_t, std::complex<double>*, int64_t*);
template void lu_solve(int64_t, int64_t, const double*, const int64_t*, double*);
template void lu_solve(int64_t, int64_t, const std::complex<double>*, const int64_t*,
                       std::complex<double>*);
template int64_t cholesky_factor(int64_t, double*);
template int64_t cholesky_factor(int64_t, std::complex<double>*);
template void solve_triangle(int64_t, int64_t, const double*, Triangle, double*);
template void solve_triangle(int64_t, int64_t, const std::complex<double>*, Triangle,
                             std::complex<double>*);

}  // namespace tenon::cpu
