#pragma once

#include <cstdint>

namespace tenon::cpu {

/// to[j, i] = from[i, j] for `rows` times `cols` elements, on the calling thread. Rows lie
/// `from_stride` and `to_stride` elements apart.
void transpose(const uint16_t* from, int64_t rows, int64_t cols, int64_t from_stride, uint16_t* to,
               int64_t to_stride);
void transpose(const uint32_t* from, int64_t rows, int64_t cols, int64_t from_stride, uint32_t* to,
               int64_t to_stride);

}  // namespace tenon::cpu
