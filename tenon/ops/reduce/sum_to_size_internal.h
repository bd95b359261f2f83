#pragma once

#include "tenon/core/shape.h"
#include "tenon/core/tensor.h"

namespace tenon::ops {

/// Whether a tensor of these sizes can be read as one of `target`.
bool broadcasts_to(IntList sizes, IntList target);
/// What broadcasting repeated of a tensor of `sizes`, which broadcast to those of `x` and are
/// others, summed up.
Tensor summed_to(const Tensor& x, IntList sizes);

}  // namespace tenon::ops
