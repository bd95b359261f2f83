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

}  // namespace tenon::ops
