#include "tenon/backends/cpu/factor/blocks.h"

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

}  // namespace

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
