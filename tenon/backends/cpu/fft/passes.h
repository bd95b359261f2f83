#pragma once

#include <cstdint>
#include <span>

#include "tenon/backends/cpu/fft/fft.h"

namespace tenon::cpu {

/// The transform of the numbers in `data`, as many as there are `roots` e^(-2 pi i k / n), whose
/// product the radices are; the result takes their place.
void run_fourier_passes(std::span<const int64_t> radices, std::span<const Complex> roots,
                        Complex* data, Complex* scratch);

}  // namespace tenon::cpu
