// Convolution, on the wrappers of backends/cpu/dnnl, and pooling.

#include <cstring>

#include "tenon/backends/cpu/kernels/conv.h"
#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/pooling.h"
#include "tenon/backends/cpu/kernels/support.h"

namespace tenon::cpu {
namespace {

void conv2d_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0)), weight = row_major(call.input(1));
  Tensor bias;
  if (call.has(2)) bias = row_major(call.input(2));
  if (outputs[0].numel() == 0) return;
  convolution_forward(conv_args(call, 0, x.sizes(), weight.sizes(), outputs[0].sizes()),
                      x.impl()->data(), weight.impl()->data(),
                      bias.defined() ? bias.impl()->data() : nullptr, outputs[0].impl()->data());
}

void conv2d_backward_input_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor dy = row_major(call.input(0)), weight = row_major(call.input(1));
  if (dy.numel() == 0) return clear(outputs);
  if (outputs[0].numel() == 0) return;
  convolution_backward_data(conv_args(call, 1, outputs[0].sizes(), weight.sizes(), dy.sizes()),
                            dy.impl()->data(), weight.impl()->data(), outputs[0].impl()->data());
}

void conv2d_backward_weight_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor dy = row_major(call.input(0)), x = row_major(call.input(1));
  if (dy.numel() == 0) return clear(outputs);
  convolution_backward_weights(conv_args(call, 1, x.sizes(), outputs[0].sizes(), dy.sizes()),
                               x.impl()->data(), dy.impl()->data(), outputs[0].impl()->data(),
                               outputs[1].impl()->data());
}

/// Planes, and input and output sizes.
PoolArgs pool_sizes(DType dtype, const Shape& x, const Shape& y) {
  const size_t rank = x.size();
  PoolArgs args;
  args.dtype = dtype;
  args.planes = 1;
  for (size_t i = 0; i + 2 < rank; ++i) args.planes *= x[i];
  args.ih = x[rank - 2];
  args.iw = x[rank - 1];
  args.oh = y[rank - 2];
  args.ow = y[rank - 1];
  return args;
}

/// Attributes `first` on are kernel_size, stride, padding.
PoolArgs pool_args(const Call& call, size_t first, const Shape& x, const Shape& y) {
  PoolArgs args = pool_sizes(call.input(0).dtype(), x, y);
  const HeightWidth kernel = pair(call, first);
  const HeightWidth stride = call.get<IntList>(first + 1).empty() ? kernel : pair(call, first + 1);
  const HeightWidth padding = pair(call, first + 2);
  args.kh = kernel.height;
  args.kw = kernel.width;
  args.stride_h = stride.height;
  args.stride_w = stride.width;
  args.padding_h = padding.height;
  args.padding_w = padding.width;
  return args;
}

void max_pool2d_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  if (outputs[0].numel() == 0) return;
  PoolArgs args = pool_args(call, 0, x.sizes(), outputs[0].sizes());
  const HeightWidth dilation = pair(call, 3);
  args.dilation_h = dilation.height;
  args.dilation_w = dilation.width;
  max_pool_forward(args, x.impl()->data(), outputs[0].impl()->data(), outputs[1].data<int64_t>());
}

void max_pool2d_backward_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor dy = row_major(call.input(0)), indices = row_major(call.input(1));
  if (outputs[0].numel() == 0) return;
  max_pool_backward(pool_sizes(dy.dtype(), outputs[0].sizes(), dy.sizes()), dy.impl()->data(),
                    indices.data<int64_t>(), outputs[0].impl()->data());
}

void avg_pool2d_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  if (outputs[0].numel() == 0) return;
  PoolArgs args = pool_args(call, 0, x.sizes(), outputs[0].sizes());
  args.count_include_pad = call.get<bool>(4);
  avg_pool_forward(args, x.impl()->data(), outputs[0].impl()->data());
}

void avg_pool2d_backward_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor dy = row_major(call.input(0));
  if (outputs[0].numel() == 0) return;
  PoolArgs args = pool_args(call, 1, outputs[0].sizes(), dy.sizes());
  args.count_include_pad = call.get<bool>(4);
  avg_pool_backward(args, dy.impl()->data(), outputs[0].impl()->data());
}

}  // namespace

HeightWidth pair(const Call& call, size_t attribute) {
  const auto values = call.get<IntList>(attribute);
  return {values[0], values[values.size() - 1]};
}

ConvArgs conv_args(const Call& call, size_t first, const Shape& x, const Shape& weight,
                   const Shape& y) {
  const auto [stride_h, stride_w] = pair(call, first);
  const auto [padding_h, padding_w] = pair(call, first + 1);
  const auto [dilation_h, dilation_w] = pair(call, first + 2);
  const size_t rank = x.size();
  ConvArgs args;
  args.dtype = call.input(0).dtype();
  args.n = rank == 4 ? x[0] : 1;
  args.ic = x[rank - 3];
  args.oc = weight[0];
  args.groups = call.get<int64_t>(first + 3);
  args.ih = x[rank - 2];
  args.iw = x[rank - 1];
  args.oh = y[rank - 2];
  args.ow = y[rank - 1];
  args.kh = weight[2];
  args.kw = weight[3];
  args.stride_h = stride_h;
  args.stride_w = stride_w;
  args.padding_h = padding_h;
  args.padding_w = padding_w;
  args.dilation_h = dilation_h;
  args.dilation_w = dilation_w;
  return args;
}

void clear(std::span<Tensor> outputs) {
  for (const Tensor& output : outputs) {
    if (output.nbytes() != 0) std::memset(output.impl()->data(), 0, output.nbytes());
  }
}

void register_conv() {
  register_kernel(OpId::kConv2d, kCpu.type, conv2d_kernel);
  register_kernel(OpId::kConv2dBackwardInput, kCpu.type, conv2d_backward_input_kernel);
  register_kernel(OpId::kConv2dBackwardWeight, kCpu.type, conv2d_backward_weight_kernel);
  register_kernel(OpId::kMaxPool2dWithIndices, kCpu.type, max_pool2d_kernel);
  register_kernel(OpId::kMaxPool2dBackward, kCpu.type, max_pool2d_backward_kernel);
  register_kernel(OpId::kAvgPool2d, kCpu.type, avg_pool2d_kernel);
  register_kernel(OpId::kAvgPool2dBackward, kCpu.type, avg_pool2d_backward_kernel);
}

}  // namespace tenon::cpu
