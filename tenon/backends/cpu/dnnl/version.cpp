#include "tenon/backends/cpu/dnnl/version.h"

namespace tenon::cpu::dnnl_version {
#if DNNL_VERSION_MAJOR >= 3

dnnl::matmul::primitive_desc matmul(const dnnl::engine& engine, const dnnl::memory::desc& a,
                                    const dnnl::memory::desc& b, const dnnl::memory::desc& bias,
                                    const dnnl::memory::desc& c,
                                    const dnnl::primitive_attr& attributes) {
  return {engine, a, b, bias, c, attributes};
}

dnnl::convolution_forward::primitive_desc convolution_forward(
    const dnnl::engine& engine, const ConvolutionDesc& d, const dnnl::primitive_attr& attributes) {
  return {engine,        d.forward, d.algorithm, d.source,      d.weights,      d.bias,
          d.destination, d.stride,  d.dilation,  d.padding_low, d.padding_high, attributes};
}

dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const dnnl::engine& engine, const ConvolutionDesc& d,
    const dnnl::convolution_forward::primitive_desc& forward,
    const dnnl::primitive_attr& attributes) {
  return {engine,     d.algorithm,   d.source,       d.weights, d.destination, d.stride,
          d.dilation, d.padding_low, d.padding_high, forward,   attributes};
}

dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const dnnl::engine& engine, const ConvolutionDesc& d,
    const dnnl::convolution_forward::primitive_desc& forward,
    const dnnl::primitive_attr& attributes) {
  return {engine,   d.algorithm, d.source,      d.weights,      d.bias,  d.destination,
          d.stride, d.dilation,  d.padding_low, d.padding_high, forward, attributes};
}

#else

dnnl::matmul::primitive_desc matmul(const dnnl::engine& engine, const dnnl::memory::desc& a,
                                    const dnnl::memory::desc& b, const dnnl::memory::desc& bias,
                                    const dnnl::memory::desc& c,
                                    const dnnl::primitive_attr& attributes) {
  return {dnnl::matmul::desc(a, b, bias, c), attributes, engine};
}

dnnl::convolution_forward::primitive_desc convolution_forward(
    const dnnl::engine& engine, const ConvolutionDesc& d, const dnnl::primitive_attr& attributes) {
  return {dnnl::convolution_forward::desc(d.forward, d.algorithm, d.source, d.weights, d.bias,
                                          d.destination, d.stride, d.dilation, d.padding_low,
                                          d.padding_high),
          attributes, engine};
}

dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const dnnl::engine& engine, const ConvolutionDesc& d,
    const dnnl::convolution_forward::primitive_desc& forward,
    const dnnl::primitive_attr& attributes) {
  return {
      dnnl::convolution_backward_data::desc(d.algorithm, d.source, d.weights, d.destination,
                                            d.stride, d.dilation, d.padding_low, d.padding_high),
      attributes, engine, forward};
}

dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const dnnl::engine& engine, const ConvolutionDesc& d,
    const dnnl::convolution_forward::primitive_desc& forward,
    const dnnl::primitive_attr& attributes) {
  return {dnnl::convolution_backward_weights::desc(d.algorithm, d.source, d.weights, d.bias,
                                                   d.destination, d.stride, d.dilation,
                                                   d.padding_low, d.padding_high),
          attributes, engine, forward};
}

#endif

}  // namespace tenon::cpu::dnnl_version
