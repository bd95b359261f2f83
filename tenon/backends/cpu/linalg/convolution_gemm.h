#pragma once

#include "tenon/backends/cpu/dnnl/convolution.h"

namespace tenon::cpu {

// Convolution as a matrix product with the unfolded image, for float32 and float64 (args.dtype):
// what oneDNN doesn't offer, and the slow twin that the tests hold it against. Parallel over
// images; the results don't depend on the number of threads. Throws OutOfMemoryError.

void conv_gemm_forward(const ConvArgs& args, const void* x, const void* w, const void* bias,
                       void* y);
void conv_gemm_backward_data(const ConvArgs& args, const void* dy, const void* w, void* dx);
void conv_gemm_backward_weights(const ConvArgs& args, const void* x, const void* dy, void* dw,
                                void* dbias);

}  // namespace tenon::cpu
