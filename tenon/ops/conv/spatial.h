#pragma once

#include <string_view>

#include "tenon/core/tensor.h"

namespace tenon::ops {

/// An argument that gives one number for all of `spatial` dims, or each. Throws ValueError naming
/// `call` and `argument` unless there are that many, from `least` to 2^31.
Shape per_dim(std::string_view call, std::string_view argument, IntList values, size_t spatial,
              int64_t least);
/// Throws ShapeError unless `x` is [n, c, ...] or [c, ...] with `spatial` dims after the channels.
void check_spatial(std::string_view call, const Tensor& x, size_t spatial);

}  // namespace tenon::ops
