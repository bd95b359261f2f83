#include "tenon/backends/cpu/linalg/matmul_plain.h"

#include <algorithm>
#include <complex>
#include <type_traits>

#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kColumns = 64;

/// Sums wrap around modulo 2^32 or 2^64, which every narrower type divides.
template <class T>
using WrappingSum = std::conditional_t<sizeof(T) <= 4, uint32_t, uint64_t>;

template <class T>
struct RowSum {
  using Sum = WrappingSum<T>;
  Sum sum[kColumns] = {};

  void add(T a, const T* b, int64_t stride, int64_t cols) {
    const Sum left = static_cast<Sum>(a);
    if (stride == 1) {
      for (int64_t j = 0; j < cols; ++j) sum[j] += left * static_cast<Sum>(b[j]);
    } else {
      for (int64_t j = 0; j < cols; ++j) sum[j] += left * static_cast<Sum>(b[j * stride]);
    }
  }
  T value(int64_t j, T addend) const { return static_cast<T>(sum[j] + static_cast<Sum>(addend)); }
};

/// Real and imaginary parts apart: the plain formula, as C++'s own product looks for infinities.
template <class F>
struct RowSum<std::complex<F>> {
  F real[kColumns] = {}, imag[kColumns] = {};

  void add(std::complex<F> a, const std::complex<F>* b, int64_t stride, int64_t cols) {
    const F ar = a.real(), ai = a.imag();
    for (int64_t j = 0; j < cols; ++j) {
      const F br = b[j * stride].real(), bi = b[j * stride].imag();
      real[j] += ar * br - ai * bi;
      imag[j] += ar * bi + ai * br;
    }
  }
  std::complex<F> value(int64_t j, std::complex<F> addend) const {
    return std::complex<F>(real[j], imag[j]) + addend;
  }
};

template <class T>
T plus(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<WrappingSum<T>>(a) + static_cast<WrappingSum<T>>(b));
  } else {
    return a + b;
  }
}

template <class T>
void compute_row(const MatmulArgs& args, int64_t batch, int64_t i) {
  const T* a = static_cast<const T*>(args.a) + batch * args.a_batch_stride + i * args.a_row_stride;
  const T* b = static_cast<const T*>(args.b) + batch * args.b_batch_stride;
  T* c = static_cast<T*>(args.c) + batch * args.c_batch_stride + i * args.c_row_stride;
  const T* bias = static_cast<const T*>(args.bias);
  for (int64_t j0 = 0; j0 < args.n; j0 += kColumns) {
    const int64_t cols = std::min(kColumns, args.n - j0);
    RowSum<T> row;
    for (int64_t p = 0; p < args.k; ++p) {
      row.add(a[p * args.a_col_stride], b + p * args.b_row_stride + j0 * args.b_col_stride,
              args.b_col_stride, cols);
    }
    for (int64_t j = 0; j < cols; ++j) {
      T addend = bias ? bias[j0 + j] : T(0);
      if (args.accumulate) addend = plus(addend, c[j0 + j]);
      c[j0 + j] = row.value(j, addend);
    }
  }
}

template <class T>
void compute(const MatmulArgs& args) {
  constexpr int64_t kChunkWork = 32768;  // multiply-adds that are worth a thread's while
  const int64_t row_work = std::max<int64_t>(1, args.n * std::max<int64_t>(1, args.k));
  parallel_for(args.batch * args.m, std::max<int64_t>(1, kChunkWork / row_work),
               [&](int64_t begin, int64_t end) {
                 for (int64_t r = begin; r < end; ++r) {
                   compute_row<T>(args, r / args.m, r % args.m);
                 }
               });
}

}  // namespace

void matmul_plain(const MatmulArgs& args) {
  visit_dtype(args.dtype, [&]<class Tag>(Tag) {
    using T = typename Tag::Type;
    if constexpr (is_complex(dtype_of<T>) || is_integer(dtype_of<T>)) compute<T>(args);
  });
}

}  // namespace tenon::cpu
