#pragma once

#include "tenon/backends/cpu/linalg/matmul.h"

namespace tenon::cpu {

/// One product of float16 or bfloat16 in which a few rows (or one column) meet a matrix that lies
/// along k: as fast as the matrix comes, as its halves are widened on the way. False, having done
/// nothing, where the product isn't one of these.
bool multiply_few_half_rows(const MatmulArgs& args);

}  // namespace tenon::cpu
