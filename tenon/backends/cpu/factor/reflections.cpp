#include "tenon/backends/cpu/factor/reflections.h"

#include <algorithm>

#include "tenon/base/long_work.h"

namespace tenon::cpu {

template <class T>
void Reflection<T>::apply(bool adjoint, Block<T> a, int64_t from, int64_t to,
                          std::vector<T>& sums) const {
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

template <class T>
Reflection<T> hermitian_reflection(int64_t first, std::vector<T> v, T& head) {
  constexpr double kNothing = 1e-290;
  Reflection<T> reflection{first, std::move(v)};
  T& start = reflection.v[0];
  head = start;
  const auto count = static_cast<int64_t>(reflection.v.size());
  const T* data = reflection.v.data();
  const double tail =
      sum_of<double>(count - 1, [=](int64_t i) { return squared_size(data[i + 1]); });
  if (tail <= kNothing) return reflection;
  const T shift = phase(start) * std::sqrt(squared_size(start) + tail);
  head = -shift;
  start += shift;
  reflection.scale = 2 / (squared_size(start) + tail);
  return reflection;
}

template <class T>
Panel<T>::Panel(int64_t m, const Reflection<T>* reflections, int64_t k)
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

template <class T>
void Panel<T>::apply(Block<T> c, int64_t columns, bool adjoint) const {
  const auto size = static_cast<size_t>(count * columns);
  std::vector<T> vh(static_cast<size_t>(rows * count)), turned(s), minus(size), turn(size);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < count; ++j) {
      vh[static_cast<size_t>(j * rows + i)] = conjugate(v[static_cast<size_t>(i * count + j)]);
    }
  }
  for (int64_t i = 0; adjoint && i < count; ++i) {
    for (int64_t j = 0; j < count; ++j) {
      turned[static_cast<size_t>(i * count + j)] = conjugate(s[static_cast<size_t>(j * count + i)]);
    }
  }
  // minus = -V^H c, turn = S V^H c, c -= V turn.
  const Block<T> middle{minus.data(), columns}, last{turn.data(), columns};
  subtract_product<T>(count, columns, rows, Block<const T>{vh.data(), rows}, c, middle);
  subtract_product<T>(count, columns, count, Block<const T>{turned.data(), count}, middle, last);
  subtract_product<T>(rows, columns, count, Block<const T>{v.data(), count}, last, c);
}

/// S of one reflection more: its column j is -scale S V^H v_j above the diagonal.
template <class T>
void Panel<T>::add_column(int64_t j, T scale, std::vector<T>& inner) {
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

template <class T>
void product_of_reflections(int64_t m, int64_t columns,
                            const std::vector<Reflection<T>>& reflections, T* q) {
  const auto count = static_cast<int64_t>(reflections.size());
  const Block<T> result{q, columns};
  std::fill(q, q + m * columns, T(0));
  for (int64_t i = 0; i < std::min(m, columns); ++i) result(i, i) = 1;
  if (count <= kPanel) {
    std::vector<T> sums(static_cast<size_t>(columns));
    for (int64_t k = count; k-- > 0;) {
      const Reflection<T>& reflection = reflections[static_cast<size_t>(k)];
      reflection.apply(false, result, reflection.first, columns, sums);
    }
    return;
  }
  for (int64_t k = (count - 1) / kPanel * kPanel; k >= 0; k -= kPanel) {
    check_interrupt();
    const Panel<T> panel(m, reflections.data() + k, std::min(kPanel, count - k));
    panel.apply(result.at(panel.first, panel.first), columns - panel.first, false);
  }
}

template <class T>
std::vector<T> adjoint_of_product(int64_t n, const std::vector<Reflection<T>>& reflections,
                                  int64_t stride) {
  std::vector<T> q(static_cast<size_t>(n * n)), adjoint(static_cast<size_t>(n * stride));
  product_of_reflections(n, n, reflections, q.data());
  write_adjoint<T>(n, n, Block<const T>{q.data(), n}, Block<T>{adjoint.data(), stride});
  return adjoint;
}

template struct Reflection<double>;
template struct Reflection<std::complex<double>>;
template struct Panel<double>;
template struct Panel<std::complex<double>>;
template Reflection<double> hermitian_reflection(int64_t, std::vector<double>, double&);
template Reflection<std::complex<double>> hermitian_reflection(int64_t,
                                                               std::vector<std::complex<double>>,
                                                               std::complex<double>&);
template void product_of_reflections(int64_t, int64_t, const std::vector<Reflection<double>>&,
                                     double*);
template void product_of_reflections(int64_t, int64_t,
                                     const std::vector<Reflection<std::complex<double>>>&,
                                     std::complex<double>*);
template std::vector<double> adjoint_of_product(int64_t, const std::vector<Reflection<double>>&,
                                                int64_t);
template std::vector<std::complex<double>> adjoint_of_product(
    int64_t, const std::vector<Reflection<std::complex<double>>>&, int64_t);

}  // namespace tenon::cpu
