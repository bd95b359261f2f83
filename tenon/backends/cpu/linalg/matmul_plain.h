#pragma once

#include "tenon/backends/cpu/linalg/matmul.h"

namespace tenon::cpu {

/// `matmul` for integers (wrap-around) and complex numbers: blocked loops.
void matmul_plain(const MatmulArgs& args);

}  // namespace tenon::cpu
