#pragma once

#include "tenon/dispatch/backend.h"

namespace tenon::cpu {

/// Registers every kernel of the CPU; one line a family.
void register_kernels();

void register_complex();
void register_conv();
void register_conv_block();
void register_gather();
void register_index();
void register_linalg();
void register_shape();
void register_sort();

}  // namespace tenon::cpu
