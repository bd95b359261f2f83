#pragma once

#include <span>

#include "tenon/backends/cpu/dnnl/convolution.h"
#include "tenon/dispatch/backend.h"
#include "tenon/dispatch/call.h"

namespace tenon::cpu {

struct HeightWidth {
  int64_t height, width;
};
/// An attribute of one number for both, or of each.
HeightWidth pair(const Call& call, size_t attribute);

/// Attributes `first` on are stride, padding, dilation, groups.
ConvArgs conv_args(const Call& call, size_t first, const Shape& x, const Shape& weight,
                   const Shape& y);
/// What sums over nothing give.
void clear(std::span<Tensor> outputs);

}  // namespace tenon::cpu
