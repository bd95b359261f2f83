#pragma once

#include <dnnl.hpp>

/// The one place that knows how oneDNN 2.x and 3.x differ.
namespace tenon::cpu::dnnl_version {

/// What a convolution's descriptor is made of; `bias` may be empty.
struct ConvolutionDesc {
  dnnl::algorithm algorithm;
  dnnl::prop_kind forward;  ///< inference, or training where backward passes ask for it
  dnnl::memory::desc source, weights, bias, destination;
  dnnl::memory::dims stride, dilation, padding_low, padding_high;
};

dnnl::matmul::primitive_desc matmul(const dnnl::engine& engine, const dnnl::memory::desc& a,
                                    const dnnl::memory::desc& b, const dnnl::memory::desc& bias,
                                    const dnnl::memory::desc& c,
                                    const dnnl::primitive_attr& attributes);

dnnl::convolution_forward::primitive_desc convolution_forward(
    const dnnl::engine& engine, const ConvolutionDesc& desc,
    const dnnl::primitive_attr& attributes);

dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const dnnl::engine& engine, const ConvolutionDesc& desc,
    const dnnl::convolution_forward::primitive_desc& forward,
    const dnnl::primitive_attr& attributes);

dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const dnnl::engine& engine, const ConvolutionDesc& desc,
    const dnnl::convolution_forward::primitive_desc& forward,
    const dnnl::primitive_attr& attributes);

}  // namespace tenon::cpu::dnnl_version
