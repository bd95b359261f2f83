#pragma once

#include "tenon/backends/cpu/linalg/gemm.h"
#include "tenon/backends/cpu/linalg/matmul.h"

// Products as the kernels take them, and parts of them that run on one thread.
namespace tenon::cpu {

// So few that reading b takes longer than the arithmetic, or nearly so.
inline constexpr int64_t kFewRows = 8;

template <class T>
Gemm<T> gemm_of(const MatmulArgs& args, int64_t batch) {
  return {args.m,
          args.n,
          args.k,
          static_cast<const T*>(args.a) + batch * args.a_batch_stride,
          args.a_row_stride,
          args.a_col_stride,
          static_cast<const T*>(args.b) + batch * args.b_batch_stride,
          args.b_row_stride,
          args.b_col_stride,
          static_cast<T*>(args.c) + batch * args.c_batch_stride,
          args.c_row_stride,
          static_cast<const T*>(args.bias),
          args.accumulate};
}

/// The rows [i, i + rows) and columns [j, j + cols) of the product.
template <class T>
Gemm<T> piece_of(Gemm<T> g, int64_t i, int64_t rows, int64_t j, int64_t cols) {
  g.m = rows;
  g.n = cols;
  g.a += i * g.a_row_stride;
  g.b += j * g.b_col_stride;
  g.c += i * g.c_row_stride + j;
  if (g.bias) g.bias += j;
  return g;
}

/// A column is a row of the transposed product, as long as its elements lie together.
template <class T>
bool is_column(const Gemm<T>& g) {
  return g.n == 1 && g.m > 1 && g.c_row_stride == 1 && !g.bias;
}
template <class T>
Gemm<T> transposed(const Gemm<T>& g) {
  return {g.n,
          g.m,
          g.k,
          g.b,
          g.b_col_stride,
          g.b_row_stride,
          g.a,
          g.a_col_stride,
          g.a_row_stride,
          g.c,
          g.c_row_stride,
          nullptr,
          g.accumulate};
}

/// One thread's piece; the choice of its kernel depends on the sizes and strides alone.
template <class T>
void run_piece(const Gemm<T>& g);

}  // namespace tenon::cpu
