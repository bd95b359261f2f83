#pragma once

#include "tenon/dispatch/backend.h"

namespace tenon::cpu {

/// Registers every kernel of the CPU; one line a family.
void register_kernels();

void register_complex();
void register_conv();
void register_conv_block();
void register_counts();
void register_factors();
void register_fourier();
void register_gather();
void register_index();
void register_linalg();
void register_nextafter();
void register_order();
void register_points();
void register_resample();
void register_shape();
void register_sort();
void register_unique();

/// Of `Backend`: products of few rows run beside each other.
bool products_gain_by_company(const KernelRun& run);
void run_products(std::span<const KernelRun> runs);

}  // namespace tenon::cpu
