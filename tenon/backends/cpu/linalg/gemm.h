#pragma once

#include <cstdint>

namespace tenon::cpu {

/// One product c = a b (+ bias) (+ c) for the Highway kernels; a is [m, k], b is [k, n], strides in
/// elements, columns of c contiguous.
template <class T, class B = T>
struct Gemm {
  int64_t m, n, k;
  const T* a;
  int64_t a_row_stride, a_col_stride;
  const B* b;
  int64_t b_row_stride, b_col_stride;
  T* c;
  int64_t c_row_stride;
  const T* bias;
  bool accumulate;
};

/// Straight from the operands, on the calling thread, without allocating: the fastest way for small
/// matrices. Rows of b that aren't contiguous are turned in panels on the stack.
void gemm_direct(const Gemm<float>& gemm);
void gemm_direct(const Gemm<double>& gemm);

/// Both operands packed into cache-sized panels (in memory that the thread keeps), on the calling
/// thread. Throws OutOfMemoryError.
void gemm_packed(const Gemm<float>& gemm);
void gemm_packed(const Gemm<double>& gemm);

/// Reads b once, along its contiguous side: for m = 1, and for a few rows that are to have the bits
/// that each has alone.
void gemv(const Gemm<float>& gemm);
void gemv(const Gemm<double>& gemm);

}  // namespace tenon::cpu
