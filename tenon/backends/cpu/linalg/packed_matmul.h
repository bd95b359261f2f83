#pragma once

#include <cstddef>

#include "tenon/backends/cpu/linalg/matmul.h"

namespace tenon::cpu {

/// Bytes of the right operand in the layout of the kernels that `matmul_packed` runs, which depends
/// on the sizes of the product; 0 where it has none, or nothing is won: rows that are many already
/// pay for packing anew.
size_t packed_bytes(const MatmulArgs& args);
/// Writes args.b in that layout.
void pack(const MatmulArgs& args, void* packed);
/// What `matmul` does, to the same bits, with the right operand as `pack` wrote it.
void matmul_packed(const MatmulArgs& args, const void* packed);

/// Products of float32 that pay for it, in the pieces and so to the bits of `matmul_packed`. False,
/// having done nothing, for others.
bool multiply_some_rows(const MatmulArgs& args);

}  // namespace tenon::cpu
