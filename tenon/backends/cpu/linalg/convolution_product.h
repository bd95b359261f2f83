#pragma once

#include "tenon/backends/cpu/dnnl/convolution.h"

namespace tenon::cpu {

// Convolution of small images with many filters, such as a deep network's last ones, as one product
// with all unfolded images: it reads the filters once, as they lie, where a convolution image by
// image reads them each time, and gradients of them are summed in registers. float32, one group.
// The results don't depend on the number of threads. Throws OutOfMemoryError.

/// Whether that is faster than what oneDNN has; `gradient`: of the filters.
bool suits_one_product(const ConvArgs& args, bool gradient);

void one_product_forward(const ConvArgs& args, const float* x, const float* w, const float* bias,
                         float* y);
void one_product_backward_data(const ConvArgs& args, const float* dy, const float* w, float* dx);
void one_product_backward_weights(const ConvArgs& args, const float* x, const float* dy, float* dw,
                                  float* dbias);

}  // namespace tenon::cpu
