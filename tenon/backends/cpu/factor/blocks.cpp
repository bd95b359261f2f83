#include "tenon/backends/cpu/factor/blocks.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/backends/cpu/linalg/matmul.h"

namespace tenon::cpu {
namespace {

/// The operand of a product, strides in elements.
template <class T>
struct Operand {
  const T* data;
  int64_t row_stride, column_stride;
};

template <class T>
void subtract(int64_t m, int64_t n, int64_t k, Block<const T> a, Operand<T> b, Block<T> c) {
  if (m == 0 || n == 0 || k == 0) return;
  std::vector<T> negative(static_cast<size_t>(m * k));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < k; ++j) negative[static_cast<size_t>(i * k + j)] = -a(i, j);
  }
  MatmulArgs args;
  args.dtype = dtype_of<T>;
  args.m = m;
  args.n = n;
  args.k = k;
  args.a = negative.data();
  args.a_row_stride = k;
  args.b = b.data;
  args.b_row_stride = b.row_stride;
  args.b_col_stride = b.column_stride;
  args.c = c.data;
  args.c_row_stride = c.stride;
  args.accumulate = true;
  matmul(args);
}

constexpr int64_t kFewElements = 256;  // a loop is faster than the call of a product

/// y[n] += x[k] b[k, n].
template <class T>
void add_row_times(int64_t n, int64_t k, const T* x, Operand<T> b, T* y) {
  MatmulArgs args;
  args.dtype = dtype_of<T>;
  args.m = 1;
  args.n = n;
  args.k = k;
  args.a = x;
  args.a_row_stride = k;
  args.b = b.data;
  args.b_row_stride = b.row_stride;
  args.b_col_stride = b.column_stride;
  args.c = y;
  args.c_row_stride = n;
  args.accumulate = true;
  matmul(args);
}

}  // namespace

template <class T>
void write_adjoint(int64_t m, int64_t n, Block<const T> a, Block<T> b) {
  constexpr int64_t kSquare = 16;  // of which both rows and columns stay in L1
  for (int64_t top = 0; top < m; top += kSquare) {
    for (int64_t left = 0; left < n; left += kSquare) {
      for (int64_t i = top; i < std::min(m, top + kSquare); ++i) {
        for (int64_t j = left; j < std::min(n, left + kSquare); ++j) b(j, i) = conjugate(a(i, j));
      }
    }
  }
}

template <class T>
void add_times(int64_t m, int64_t n, Block<const T> a, const T* x, T* y) {
  if (m == 0 || n == 0) return;
  if (m * n > kFewElements) return add_row_times<T>(m, n, x, {a.data, 1, a.stride}, y);
  for (int64_t i = 0; i < m; ++i) {
    const T* row = a.row(i);
    for (int64_t j = 0; j < n; ++j) y[i] += product(row[j], x[j]);
  }
}

template <class T>
void add_adjoint_times(int64_t m, int64_t n, Block<const T> a, const T* x, T* y) {
  if (m == 0 || n == 0) return;
  if (m * n <= kFewElements) {
    for (int64_t i = 0; i < m; ++i) {
      const T* row = a.row(i);
      for (int64_t j = 0; j < n; ++j) y[j] += product(conjugate(row[j]), x[i]);
    }
  } else if constexpr (std::is_same_v<T, double>) {
    add_row_times<T>(n, m, x, {a.data, a.stride, 1}, y);
  } else {  // conj(conj(x) a)
    std::vector<T> conjugated(static_cast<size_t>(m)), sums(static_cast<size_t>(n));
    for (int64_t i = 0; i < m; ++i) conjugated[static_cast<size_t>(i)] = std::conj(x[i]);
    add_row_times<T>(n, m, conjugated.data(), {a.data, a.stride, 1}, sums.data());
    for (int64_t j = 0; j < n; ++j) y[j] += std::conj(sums[static_cast<size_t>(j)]);
  }
}

template <class T>
void subtract_product(int64_t m, int64_t n, int64_t k, Block<const T> a, Block<const T> b,
                      Block<T> c) {
  subtract<T>(m, n, k, a, {b.data, b.stride, 1}, c);
}

template <class T>
void subtract_adjoint_product(int64_t m, int64_t n, int64_t k, Block<const T> a, Block<const T> b,
                              Block<T> c) {
  if constexpr (std::is_same_v<T, double>) {
    subtract<T>(m, n, k, a, {b.data, 1, b.stride}, c);
  } else {
    std::vector<T> adjoint(static_cast<size_t>(k * n));
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < k; ++j) adjoint[static_cast<size_t>(j * n + i)] = std::conj(b(i, j));
    }
    subtract<T>(m, n, k, a, {adjoint.data(), n, 1}, c);
  }
}

template void write_adjoint<double>(int64_t, int64_t, Block<const double>, Block<double>);
template void write_adjoint<std::complex<double>>(int64_t, int64_t,
                                                  Block<const std::complex<double>>,
                                                  Block<std::complex<double>>);
template void add_times<double>(int64_t, int64_t, Block<const double>, const double*, double*);
template void add_times<std::complex<double>>(int64_t, int64_t, Block<const std::complex<double>>,
                                              const std::complex<double>*, std::complex<double>*);
template void add_adjoint_times<double>(int64_t, int64_t, Block<const double>, const double*,
                                        double*);
template void add_adjoint_times<std::complex<double>>(int64_t, int64_t,
                                                      Block<const std::complex<double>>,
                                                      const std::complex<double>*,
                                                      std::complex<double>*);
template void subtract_product<double>(int64_t, int64_t, int64_t, Block<const double>,
                                       Block<const double>, Block<double>);
template void subtract_product<std::complex<double>>(int64_t, int64_t, int64_t,
                                                     Block<const std::complex<double>>,
                                                     Block<const std::complex<double>>,
                                                     Block<std::complex<double>>);
template void subtract_adjoint_product<double>(int64_t, int64_t, int64_t, Block<const double>,
                                               Block<const double>, Block<double>);
template void subtract_adjoint_product<std::complex<double>>(int64_t, int64_t, int64_t,
                                                             Block<const std::complex<double>>,
                                                             Block<const std::complex<double>>,
                                                             Block<std::complex<double>>);

}  // namespace tenon::cpu
