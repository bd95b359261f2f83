// QR by Householder's reflections. Those of a panel of columns are applied to the rest together, so
// that most of the work is in products of matrices.

#include <algorithm>
#include <vector>

#include "tenon/backends/cpu/factor/blocks.h"
#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/backends/cpu/factor/reflections.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

/// The reflection H whose H^H leaves of column k, from row k on, its first element alone, which it
/// makes real, as LAPACK's do.
template <class T>
Reflection<T> reflection_of(int64_t m, int64_t k, Block<T> a) {
  Reflection<T> reflection{k, {}};
  double tail = 0;
  for (int64_t i = k; i < m; ++i) {
    reflection.v.push_back(a(i, k));
    if (i > k) tail += squared_size(a(i, k));
  }
  T& head = reflection.v[0];
  if (tail == 0 && head == conjugate(head)) return reflection;
  const double left = -std::copysign(std::sqrt(squared_size(head) + tail), real_part(head));
  head -= left;
  reflection.scale = T(-1) / (left * conjugate(head));
  return reflection;
}

}  // namespace

template <class T>
void qr_factor(int64_t m, int64_t n, int64_t columns, T* a, T* q, T* r) {
  const int64_t count = std::min(m, n);
  const Block<T> matrix{a, n};
  std::vector<Reflection<T>> reflections;
  std::vector<T> sums(static_cast<size_t>(n));
  const int64_t width = count <= kPanel ? n : kPanel;
  for (int64_t first = 0; first < count; first += width) {
    const int64_t last = std::min(first + width, n);
    for (int64_t k = first; k < std::min(last, count); ++k) {
      check_interrupt();
      reflections.push_back(reflection_of(m, k, matrix));
      reflections.back().apply(true, matrix, k, last, sums);
    }
    if (last == n) break;
    const Panel<T> panel(m, reflections.data() + first, std::min(last, count) - first);
    panel.apply(matrix.at(first, last), n - last, true);
  }
  for (int64_t i = 0; i < columns; ++i) {
    for (int64_t j = 0; j < n; ++j) r[i * n + j] = j < i ? T(0) : a[i * n + j];
    if (i < n) r[i * n + i] = real_part(r[i * n + i]);
  }
  product_of_reflections(m, columns, reflections, q);
}

template void qr_factor(int64_t, int64_t, int64_t, double*, double*, double*);
template void qr_factor(int64_t, int64_t, int64_t, std::complex<double>*, std::complex<double>*,
                        std::complex<double>*);

}  // namespace tenon::cpu
