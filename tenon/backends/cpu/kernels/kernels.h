#pragma once

#include "tenon/dispatch/backend.h"

namespace tenon::cpu {

/// Registers every kernel of the CPU; one line a family.
void register_kernels();

void register_attention();
void register_checks();
void register_complex();
void register_conv();
void register_conv_block();
void register_counts();
void register_distances();
void register_divisors();
void register_factors();
void register_fourier();
void register_gamma();
void register_gather();
void register_index();
void register_linalg();
void register_multinomial();
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
/// Of `Backend`: products of some rows with right operands in the kernels' layout.
size_t product_packed_bytes(const KernelRun& run);
void pack_product(const KernelRun& run, void* packed);
void run_packed_product(const KernelRun& run, const void* packed);
/// Of `Backend`: convolutions of filters that a batch norm is folded into.
bool folds_filters(const KernelRun& run);
size_t folded_bytes(const KernelRun& run);
void fold_filters(const KernelRun& run, void* folded);
void run_folded(const KernelRun& run, const void* folded);
/// Of `Backend`: large products, block by block, with the elementwise work on each.
bool products_make_blocks(const KernelRun& run, const tile::Launch& launch);
void run_product_by_blocks(const KernelRun& run, const tile::Launch& launch, bool is_alone);

}  // namespace tenon::cpu
