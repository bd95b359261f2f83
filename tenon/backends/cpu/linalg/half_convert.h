#pragma once

#include <cstdint>

#include "tenon/core/dtype.h"

namespace tenon::cpu {

/// to[i] = float(from[i]) for `count` float16 or bfloat16 values.
void half_to_float(DType dtype, const void* from, float* to, int64_t count);
/// to[i] = from[i] rounded to the nearest float16 or bfloat16, ties to even.
void float_to_half(DType dtype, const float* from, void* to, int64_t count);

}  // namespace tenon::cpu
