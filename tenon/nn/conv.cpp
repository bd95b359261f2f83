#include "tenon/nn/conv.h"

#include <fmt/format.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/nn/init.h"
#include "tenon/ops/functions.h"

namespace tenon::nn {
namespace {

std::string text_of(Pair pair) {
  return pair.height == pair.width ? fmt::format("{}", pair.height)
                                   : fmt::format("{}x{}", pair.height, pair.width);
}

void check_channels(std::string_view call, int64_t in, int64_t out, int64_t groups) {
  if (in < 1 || out < 1 || groups < 1 || in % groups != 0 || out % groups != 0) {
    fail<ValueError>(call,
                     fmt::format("expected in_channels and out_channels that are multiples of "
                                 "groups, got {}, {} and {}",
                                 in, out, groups));
  }
}

void check_at_least(std::string_view call, std::string_view name, Pair value, int64_t least) {
  if (value.height < least || value.width < least) {
    fail<ValueError>(
        call, fmt::format("expected {} of at least {}, got {}", name, least, text_of(value)));
  }
}

void check_window(std::string_view call, Pair kernel_size, Pair stride, Pair padding,
                  Pair dilation) {
  check_at_least(call, "kernel_size", kernel_size, 1);
  check_at_least(call, "stride", stride, 1);
  check_at_least(call, "padding", padding, 0);
  check_at_least(call, "dilation", dilation, 1);
}

Tensor starting_values(IntList sizes, int64_t fan_in, DType dtype, Device device) {
  const double bound = fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
  return init::uniform_(empty(sizes, dtype, device), -bound, bound);
}

/// Appends ", name=value" where the value isn't the usual one.
void append_option(std::string& text, std::string_view name, Pair value, Pair usual) {
  if (!(value == usual)) text += fmt::format(", {}={}", name, text_of(value));
}

}  // namespace

Conv1d::Conv1d(int64_t in_channels, int64_t out_channels, int64_t kernel_size,
               Conv1dOptions options)
    : options_(options) {
  check_channels("Conv1d", in_channels, out_channels, options.groups);
  check_window("Conv1d", kernel_size, options.stride, options.padding, options.dilation);
  const int64_t in_group = in_channels / options.groups, fan_in = in_group * kernel_size;
  weight = parameter("weight", starting_values({out_channels, in_group, kernel_size}, fan_in,
                                               options.dtype, options.device));
  if (options.bias) {
    bias =
        parameter("bias", starting_values({out_channels}, fan_in, options.dtype, options.device));
  }
}

Tensor Conv1d::forward(const Tensor& x) {
  return conv1d(x, weight, bias, {options_.stride}, {options_.padding}, {options_.dilation},
                options_.groups);
}

std::string Conv1d::description() const {
  std::string text = fmt::format("{} -> {}, kernel {}", weight.size(1) * options_.groups,
                                 weight.size(0), weight.size(2));
  append_option(text, "stride", options_.stride, 1);
  append_option(text, "padding", options_.padding, 0);
  append_option(text, "dilation", options_.dilation, 1);
  append_option(text, "groups", options_.groups, 1);
  return text + (bias.defined() ? "" : ", bias=false");
}

Conv2d::Conv2d(int64_t in_channels, int64_t out_channels, Pair kernel_size, Conv2dOptions options)
    : options_(options) {
  check_channels("Conv2d", in_channels, out_channels, options.groups);
  check_window("Conv2d", kernel_size, options.stride, options.padding, options.dilation);
  const int64_t in_group = in_channels / options.groups;
  const int64_t fan_in = in_group * kernel_size.height * kernel_size.width;
  weight = parameter(
      "weight", starting_values({out_channels, in_group, kernel_size.height, kernel_size.width},
                                fan_in, options.dtype, options.device));
  if (options.bias) {
    bias =
        parameter("bias", starting_values({out_channels}, fan_in, options.dtype, options.device));
  }
}

Tensor Conv2d::forward(const Tensor& x) {
  return conv2d(x, weight, bias, options_.stride.shape(), options_.padding.shape(),
                options_.dilation.shape(), options_.groups);
}

std::string Conv2d::description() const {
  std::string text = fmt::format("{} -> {}, kernel {}", weight.size(1) * options_.groups,
                                 weight.size(0), text_of({weight.size(2), weight.size(3)}));
  append_option(text, "stride", options_.stride, 1);
  append_option(text, "padding", options_.padding, 0);
  append_option(text, "dilation", options_.dilation, 1);
  append_option(text, "groups", options_.groups, 1);
  return text + (bias.defined() ? "" : ", bias=false");
}

}  // namespace tenon::nn
