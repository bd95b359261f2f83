#pragma once

#include <cstdint>
#include <functional>

#include "tenon/core/dtype.h"

namespace tenon::cpu {

/// Rows [row, row + rows) and columns [column, column + columns) of a product, and where they are.
struct MatmulBlock {
  int64_t row, rows, column, columns;
  const void* data;
  int64_t row_stride;
};

/// Operands of `matmul`: raw memory, sizes, strides in elements. The columns of c are contiguous;
/// a and b may have any strides (0 and negative ones too).
struct MatmulArgs {
  DType dtype = kFloat32;
  int64_t batch = 1, m = 0, n = 0, k = 0;
  const void* a = nullptr;
  int64_t a_batch_stride = 0, a_row_stride = 0, a_col_stride = 1;
  const void* b = nullptr;
  int64_t b_batch_stride = 0, b_row_stride = 0, b_col_stride = 1;
  void* c = nullptr;
  int64_t c_batch_stride = 0, c_row_stride = 0;
  const void* bias = nullptr;  ///< nullptr or [n], added to each row of the product
  bool accumulate = false;     ///< c += a b instead of c = a b
  /// Called with each block of c as soon as that is there, on the thread that made it; of products
  /// that `runs_in_blocks`. The blocks of one product may be made by several threads at once.
  const std::function<void(const MatmulBlock&)>* done = nullptr;
  bool done_alone = false;  ///< nobody reads c but `done`: blocks needn't be written to it
};

/// c[i] = a[i] b[i] (+ bias) (+ c[i]) for each i < batch, where a[i] is [m, k], b[i] is [k, n].
/// Integers wrap around; float16 and bfloat16 accumulate in float32 and round once. k = 0 gives the
/// bias (or zeros). c must not overlap a, b or bias. The result doesn't depend on the number of
/// threads. Throws DTypeError for bool, OutOfMemoryError when there is no room to work in.
void matmul(const MatmulArgs& args);

/// Whether the product is made of blocks that are worth looking at while they are in the cache.
bool runs_in_blocks(const MatmulArgs& args);

}  // namespace tenon::cpu
