#pragma once

#include <string_view>

#include "tenon/core/shape.h"

namespace tenon::ops {

/// `sizes` with its -1, of which there may be one, replaced so that they hold `numel` elements.
/// Throws ShapeError naming `call`.
Shape resolve_sizes(std::string_view call, int64_t numel, IntList sizes);

/// Strides with which memory read as `sizes` and `strides` reads as `wanted` (same element count).
/// False where a copy is needed.
bool strides_of_view(const Shape& sizes, const Shape& strides, const Shape& wanted, Shape& result);

}  // namespace tenon::ops
