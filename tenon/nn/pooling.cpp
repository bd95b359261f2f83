#include "tenon/nn/pooling.h"

#include <fmt/format.h>

#include "tenon/ops/functions.h"

namespace tenon::nn {
namespace {

std::string text_of(Pair pair) {
  return pair.height == pair.width ? fmt::format("{}", pair.height)
                                   : fmt::format("{}x{}", pair.height, pair.width);
}

std::string describe(Pair kernel, Pair stride, Pair padding) {
  std::string text = text_of(kernel);
  if (!(stride == kernel)) text += ", stride=" + text_of(stride);
  if (!(padding == Pair(0))) text += ", padding=" + text_of(padding);
  return text;
}

}  // namespace

Tensor MaxPool1d::forward(const Tensor& x) {
  return max_pool1d(x, {kernel_size_}, {options_.stride.value_or(kernel_size_)}, {options_.padding},
                    {options_.dilation}, options_.ceil_mode);
}
std::string MaxPool1d::description() const {
  return describe(kernel_size_, options_.stride.value_or(kernel_size_), options_.padding);
}

Tensor MaxPool2d::forward(const Tensor& x) {
  return max_pool2d(x, kernel_size_.shape(), options_.stride.value_or(kernel_size_).shape(),
                    options_.padding.shape(), options_.dilation.shape(), options_.ceil_mode);
}
std::string MaxPool2d::description() const {
  return describe(kernel_size_, options_.stride.value_or(kernel_size_), options_.padding);
}

Tensor AvgPool1d::forward(const Tensor& x) {
  return avg_pool1d(x, {kernel_size_}, {options_.stride.value_or(kernel_size_)}, {options_.padding},
                    options_.ceil_mode, options_.count_include_pad);
}
std::string AvgPool1d::description() const {
  return describe(kernel_size_, options_.stride.value_or(kernel_size_), options_.padding);
}

Tensor AvgPool2d::forward(const Tensor& x) {
  return avg_pool2d(x, kernel_size_.shape(), options_.stride.value_or(kernel_size_).shape(),
                    options_.padding.shape(), options_.ceil_mode, options_.count_include_pad);
}
std::string AvgPool2d::description() const {
  return describe(kernel_size_, options_.stride.value_or(kernel_size_), options_.padding);
}

Tensor AdaptiveAvgPool1d::forward(const Tensor& x) {
  return adaptive_avg_pool1d(x, {output_size_});
}
std::string AdaptiveAvgPool1d::description() const { return fmt::format("{}", output_size_); }

Tensor AdaptiveAvgPool2d::forward(const Tensor& x) {
  return adaptive_avg_pool2d(x, output_size_.shape());
}
std::string AdaptiveAvgPool2d::description() const { return text_of(output_size_); }

}  // namespace tenon::nn
