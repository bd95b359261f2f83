#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::data {

/// Copies row `rows[i]` of `source` to row i of `destination`; rows have `row_bytes` each.
void gather_rows(const void* source, std::span<const int64_t> rows, size_t row_bytes,
                 void* destination);

/// The same, converting bytes: y = x * scale + shift, in float32, the same bits on every machine.
void gather_rows_as_float(const uint8_t* source, std::span<const int64_t> rows, size_t row_elements,
                          float scale, float shift, float* destination);

}  // namespace tenon::data
