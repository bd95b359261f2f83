// LU with partial pivoting, Cholesky, and systems with triangles. Inner loops run along rows.

#include <algorithm>
#include <cmath>

#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

/// to -= factor from
void subtract_row(int64_t count, double factor, const double* from, double* to) {
  for (int64_t i = 0; i < count; ++i) to[i] -= factor * from[i];
}

}  // namespace

int lu_factor(int64_t n, double* a, int64_t* pivots) {
  int sign = 1;
  bool singular = false;
  for (int64_t k = 0; k < n; ++k) {
    check_interrupt();
    int64_t best = k;
    for (int64_t i = k + 1; i < n; ++i) {
      if (std::abs(a[i * n + k]) > std::abs(a[best * n + k])) best = i;
    }
    pivots[k] = best;
    if (best != k) {
      std::swap_ranges(a + k * n, a + (k + 1) * n, a + best * n);
      sign = -sign;
    }
    const double pivot = a[k * n + k];
    if (pivot == 0) {
      singular = true;
      continue;
    }
    for (int64_t i = k + 1; i < n; ++i) {
      double& factor = a[i * n + k];
      if (factor == 0) continue;
      factor /= pivot;
      subtract_row(n - k - 1, factor, a + k * n + k + 1, a + i * n + k + 1);
    }
  }
  return singular ? 0 : sign;
}

void lu_solve(int64_t n, int64_t m, const double* lu, const int64_t* pivots, double* b) {
  for (int64_t i = 0; i < n; ++i) {
    if (pivots[i] != i) std::swap_ranges(b + i * m, b + (i + 1) * m, b + pivots[i] * m);
  }
  solve_triangle(n, m, lu, {false, true}, b);
  solve_triangle(n, m, lu, {true, false}, b);
}

int64_t cholesky_factor(int64_t n, double* a) {
  for (int64_t i = 0; i < n; ++i) {
    check_interrupt();
    double* row = a + i * n;
    for (int64_t j = 0; j <= i; ++j) {
      const double* other = a + j * n;
      double sum = row[j];
      for (int64_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      if (j < i) {
        row[j] = sum / other[j];
      } else if (sum > 0) {
        row[j] = std::sqrt(sum);
      } else {
        return i;
      }
    }
    std::fill(row + i + 1, row + n, 0);
  }
  return -1;
}

void solve_triangle(int64_t n, int64_t m, const double* t, Triangle triangle, double* b) {
  for (int64_t step = 0; step < n; ++step) {
    const int64_t i = triangle.upper ? n - 1 - step : step;
    const int64_t begin = triangle.upper ? i + 1 : 0, end = triangle.upper ? n : i;
    double* row = b + i * m;
    for (int64_t j = begin; j < end; ++j) {
      if (t[i * n + j] != 0) subtract_row(m, t[i * n + j], b + j * m, row);
    }
    if (triangle.unit) continue;
    for (int64_t j = 0; j < m; ++j) row[j] /= t[i * n + i];
  }
}

}  // namespace tenon::cpu
