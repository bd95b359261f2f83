#pragma once

#include "tenon/backends/cpu/linalg/matmul.h"

namespace tenon::cpu {

/// Whether this machine's oneDNN has a fast product for the dtype (float32, bfloat16, float16) and
/// the strides of `args`: matrices that are contiguous along rows or columns.
bool onednn_can_multiply(const MatmulArgs& args);

/// The product of one batch element (args.batch is not looked at) on the calling thread alone, with
/// a cached oneDNN primitive; the caller cuts large products into pieces. False, with c untouched,
/// when oneDNN has only its slow reference for these sizes. Throws OutOfMemoryError.
bool onednn_matmul(const MatmulArgs& args);

/// The same with the right operand in the kernel's own layout, which depends on the sizes of the
/// product and takes so many bytes; 0 where oneDNN has only its slow reference, or a kernel that
/// adds up in another order than that of `onednn_matmul`.
size_t onednn_packed_bytes(const MatmulArgs& args);
/// Writes args.b in that layout.
void onednn_pack(const MatmulArgs& args, void* packed);
/// Reads `packed` in place of args.b.
void onednn_matmul_packed(const MatmulArgs& args, const void* packed);

}  // namespace tenon::cpu
