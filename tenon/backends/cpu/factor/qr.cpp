// QR by Householder's reflections. Those of a panel of columns are applied to the rest together, as
// I - V S V^H, so that most of the work is in products of matrices (Schreiber and Van Loan, 1989).

#include <algorithm>
#include <vector>

#include "tenon/backends/cpu/factor/blocks.h"
#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kPanel = 32;

/// H = I - scale v v^H over rows from `first` on, by which H^H x is a real multiple of the first
/// unit vector. Of real numbers H^H is H.
template <class T>
struct Reflection {
  int64_t first;
  std::vector<T> v;
  T scale = 0;

  /// H a, or H^H a where `adjoint`, over columns `from` to `to` - 1.
  void apply(bool adjoint, Block<T> a, int64_t from, int64_t to, std::vector<T>& sums) const {
    if (scale == T(0)) return;
    std::fill(sums.begin(), sums.end(), T(0));
    for (size_t i = 0; i < v.size(); ++i) {
      const T factor = conjugate(v[i]);
      const T* row = a.row(first + static_cast<int64_t>(i));
      for (int64_t j = from; j < to; ++j) sums[static_cast<size_t>(j)] += product(factor, row[j]);
    }
    for (size_t i = 0; i < v.size(); ++i) {
      const T factor = product(adjoint ? conjugate(scale) : scale, v[i]);
      T* row = a.row(first + static_cast<int64_t>(i));
      for (int64_t j = from; j < to; ++j) row[j] -= product(factor, sums[static_cast<size_t>(j)]);
    }
  }
};

/// The reflection that leaves of column k, from row k on, its first element alone, which it makes
/// real, as LAPACK's do.
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

/// Reflections k to k + count - 1 as one: I - V S V^H is the product of them, in their order.
template <class T>
struct Panel {
  int64_t first, rows, count;
  std::vector<T> v, s;  ///< [rows, count] and [count, count], upper

  Panel(int64_t m, const Reflection<T>* reflections, int64_t k)
      : first(reflections[0].first), rows(m - first), count(k) {
    v.resize(static_cast<size_t>(rows * count));
    s.resize(static_cast<size_t>(count * count));
    std::vector<T> inner(static_cast<size_t>(count));
    for (int64_t j = 0; j < count; ++j) {
      const Reflection<T>& reflection = reflections[j];
      for (size_t i = 0; i < reflection.v.size(); ++i) {
        v[(static_cast<size_t>(j) + i) * static_cast<size_t>(count) + static_cast<size_t>(j)] =
            reflection.v[i];
      }
      add_column(j, reflection.scale, inner);
    }
  }
  /// c[rows, columns] times the product of the reflections, from the left; `adjoint`: in the other
  /// order.
  void apply(Block<T> c, int64_t columns, bool adjoint) const {
    const auto size = static_cast<size_t>(count * columns);
    std::vector<T> vh(static_cast<size_t>(rows * count)), turned(s), minus(size), turn(size);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < count; ++j) {
        vh[static_cast<size_t>(j * rows + i)] = conjugate(v[static_cast<size_t>(i * count + j)]);
      }
    }
    for (int64_t i = 0; adjoint && i < count; ++i) {
      for (int64_t j = 0; j < count; ++j) {
        turned[static_cast<size_t>(i * count + j)] =
            conjugate(s[static_cast<size_t>(j * count + i)]);
      }
    }
    // minus = -V^H c, turn = S V^H c, c -= V turn.
    const Block<T> middle{minus.data(), columns}, last{turn.data(), columns};
    subtract_product<T>(count, columns, rows, Block<const T>{vh.data(), rows}, c, middle);
    subtract_product<T>(count, columns, count, Block<const T>{turned.data(), count}, middle, last);
    subtract_product<T>(rows, columns, count, Block<const T>{v.data(), count}, last, c);
  }

 private:
  /// S of one reflection more: its column j is -scale S V^H v_j above the diagonal.
  void add_column(int64_t j, T scale, std::vector<T>& inner) {
    const auto at = [&](int64_t row, int64_t column) -> T& {
      return s[static_cast<size_t>(row * count + column)];
    };
    std::fill(inner.begin(), inner.end(), T(0));
    for (int64_t i = j; i < rows; ++i) {
      const T* row = v.data() + i * count;
      for (int64_t k = 0; k < j; ++k)
        inner[static_cast<size_t>(k)] += product(conjugate(row[k]), row[j]);
    }
    for (int64_t i = 0; i < j; ++i) {
      T sum{};
      for (int64_t k = i; k < j; ++k) sum += product(at(i, k), inner[static_cast<size_t>(k)]);
      at(i, j) = -product(scale, sum);
    }
    at(j, j) = scale;
  }
};

}  // namespace

template <class T>
void qr_factor(int64_t m, int64_t n, int64_t columns, T* a, T* q, T* r) {
  const int64_t count = std::min(m, n);
  const Block<T> matrix{a, n}, orthonormal{q, columns};
  std::vector<Reflection<T>> reflections;
  std::vector<Panel<T>> panels;
  std::vector<T> sums(static_cast<size_t>(std::max(n, columns)));
  const int64_t width = count <= kPanel ? n : kPanel;
  for (int64_t first = 0; first < count; first += width) {
    const int64_t last = std::min(first + width, n);
    for (int64_t k = first; k < std::min(last, count); ++k) {
      check_interrupt();
      reflections.push_back(reflection_of(m, k, matrix));
      reflections.back().apply(true, matrix, k, last, sums);
    }
    if (count <= kPanel) break;
    panels.emplace_back(m, reflections.data() + first, std::min(last, count) - first);
    if (last < n) panels.back().apply(matrix.at(first, last), n - last, true);
  }
  for (int64_t i = 0; i < columns; ++i) {
    for (int64_t j = 0; j < n; ++j) r[i * n + j] = j < i ? T(0) : a[i * n + j];
    if (i < n) r[i * n + i] = real_part(r[i * n + i]);
  }
  std::fill(q, q + m * columns, T(0));
  for (int64_t i = 0; i < columns; ++i) q[i * columns + i] = 1;
  for (size_t k = panels.size(); k-- > 0;) {
    check_interrupt();
    const int64_t first = panels[k].first;
    panels[k].apply(orthonormal.at(first, first), columns - first, false);
  }
  for (size_t k = panels.empty() ? reflections.size() : 0; k-- > 0;) {
    reflections[k].apply(false, orthonormal, static_cast<int64_t>(k), columns, sums);
  }
}

template void qr_factor(int64_t, int64_t, int64_t, double*, double*, double*);
template void qr_factor(int64_t, int64_t, int64_t, std::complex<double>*, std::complex<double>*,
                        std::complex<double>*);

}  // namespace tenon::cpu
