#pragma once

#include "tenon/core/tensor.h"

namespace tenon::ops {

/// The sizes of a product of [batch..., m, k] and [batch..., k, n].
struct MatmulSizes {
  Shape batch;  ///< what the dims before the last two broadcast to
  int64_t m = 0, n = 0, k = 0;
};

/// The sizes of matmul(a, b). Throws ShapeError where they don't go together.
MatmulSizes matmul_sizes(const Tensor& a, const Tensor& b);

/// The matrix of all rows along the last dim; there may be none, or empty ones.
Tensor rows_of(const Tensor& x);

/// The sum over rows i of the products of column a[i] and row b[i]: a^T b. Of one long row it
/// is elementwise, so that compiled functions add up many without writing each to memory.
Tensor sum_over_rows(const Tensor& a, const Tensor& b);

}  // namespace tenon::ops
