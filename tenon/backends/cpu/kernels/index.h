#pragma once

#include <string_view>

#include "tenon/backends/cpu/kernels/support.h"

namespace tenon::cpu {

/// Throws IndexError unless every number of `index` (row-major int64) is in [0, size).
void check_indices(std::string_view call, const Tensor& index, int64_t size);

}  // namespace tenon::cpu
