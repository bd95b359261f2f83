#pragma once

#include <cstddef>
#include <cstdint>

namespace tenon::cpu {

/// Copies `rows` x `columns` elements of `element_size` (1, 2, 4, 8) bytes. Strides are in
/// elements. Walks the source in the order of its memory, so that a transposed block is read line
/// by line.
void copy_block(size_t element_size, const char* from, int64_t from_down, int64_t from_across,
                char* to, int64_t to_down, int64_t to_across, int64_t rows, int64_t columns);

}  // namespace tenon::cpu
