#pragma once

#include "tenon/dispatch/backend.h"

namespace tenon::cpu {

/// Registers every kernel of the CPU; one line a family.
void register_kernels();

void register_complex();
void register_index();
void register_linalg();
void register_shape();

}  // namespace tenon::cpu
