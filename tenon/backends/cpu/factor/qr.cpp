#include <algorithm>
#include <cmath>

#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

/// The reflection I - scale v v^T over rows `first` to `last` - 1 of a matrix of `width` columns,
/// from column `from` on.
struct Reflection {
  std::vector<double> v;
  double scale = 0;

  void apply(int64_t first, int64_t last, int64_t width, int64_t from, double* a,
             std::vector<double>& sums) const {
    if (scale == 0) return;
    std::fill(sums.begin(), sums.end(), 0);
    for (int64_t i = first; i < last; ++i) {
      const double factor = v[static_cast<size_t>(i - first)];
      const double* row = a + i * width;
      for (int64_t j = from; j < width; ++j) sums[static_cast<size_t>(j)] += factor * row[j];
    }
    for (int64_t i = first; i < last; ++i) {
      const double factor = scale * v[static_cast<size_t>(i - first)];
      double* row = a + i * width;
      for (int64_t j = from; j < width; ++j) row[j] -= factor * sums[static_cast<size_t>(j)];
    }
  }
};

/// The reflection that leaves of column k, from row k on, its first element alone.
Reflection reflection_of(int64_t m, int64_t n, int64_t k, const double* a) {
  Reflection reflection;
  double tail = 0;
  for (int64_t i = k; i < m; ++i) {
    reflection.v.push_back(a[i * n + k]);
    if (i > k) tail += a[i * n + k] * a[i * n + k];
  }
  if (tail == 0) return reflection;
  const double head = reflection.v[0], norm = std::sqrt(head * head + tail);
  reflection.v[0] = head + std::copysign(norm, head);
  reflection.scale = 2 / (reflection.v[0] * reflection.v[0] + tail);
  return reflection;
}

}  // namespace

void qr_factor(int64_t m, int64_t n, int64_t columns, double* a, double* q, double* r) {
  const int64_t count = std::min(m, n);
  std::vector<Reflection> reflections;
  std::vector<double> sums(static_cast<size_t>(std::max(n, columns)));
  for (int64_t k = 0; k < count; ++k) {
    check_interrupt();
    reflections.push_back(reflection_of(m, n, k, a));
    reflections.back().apply(k, m, n, k, a, sums);
  }
  for (int64_t i = 0; i < columns; ++i) {
    for (int64_t j = 0; j < n; ++j) r[i * n + j] = j < i ? 0 : a[i * n + j];
  }
  std::fill(q, q + m * columns, 0);
  for (int64_t i = 0; i < columns; ++i) q[i * columns + i] = 1;
  for (int64_t k = count; k-- > 0;) {
    check_interrupt();
    reflections[static_cast<size_t>(k)].apply(k, m, columns, k, q, sums);
  }
}

}  // namespace tenon::cpu
