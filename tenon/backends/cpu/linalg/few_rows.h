#pragma once

#include <span>

#include "tenon/backends/cpu/linalg/gemm.h"
#include "tenon/backends/cpu/linalg/matmul.h"

namespace tenon::cpu {

/// A few rows (or one column) times a matrix that is read once: as fast as the matrix comes. Each
/// thread reads the same part of it each time, so that matrices that are used again and again stay
/// in the cores' own caches. False, having done nothing, where the product isn't one of these.
bool multiply_few_rows(const Gemm<float>& g);
bool multiply_few_rows(const Gemm<double>& g);

/// Whether `matmul_together` has the product run beside others.
bool gains_by_company(const MatmulArgs& args);
/// Products of which none writes what another touches, to the bits that `matmul` gives: those of
/// few rows share one hand-over to the threads, and are shared out though each alone be too small
/// for it; of others that are, each thread takes whole ones.
void matmul_together(std::span<const MatmulArgs> products);

}  // namespace tenon::cpu
