// conv3d: the slices of the input that lie under a kernel's depth are further channels of images
// that conv2d takes.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/conv/spatial.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr const char* kCall = "conv3d";

void check_operands(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups) {
  check_spatial(kCall, x, 3);
  const int64_t channels = x.size(-4);
  const bool fits = weight.dim() == 5 && groups >= 1 && channels % groups == 0 &&
                    weight.size(0) % groups == 0 && weight.size(1) == channels / groups;
  if (!fits || weight.size(2) < 1) {
    fail<ShapeError>(
        kCall, fmt::format("expected a weight of [out, in / groups, kd, kh, kw] for the "
                           "{} channels of x {} and {} groups, got {}",
                           channels, to_string(x.sizes()), groups, to_string(weight.sizes())));
  }
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != weight.size(0))) {
    fail<ShapeError>(kCall, fmt::format("expected a bias of [{}], got {}", weight.size(0),
                                        to_string(bias.sizes())));
  }
}

int64_t depth_of(const Tensor& x, const Tensor& weight, int64_t stride, int64_t padding,
                 int64_t dilation) {
  const int64_t padded = x.size(2) + 2 * padding;
  int64_t reach;
  if (__builtin_mul_overflow(dilation, weight.size(2) - 1, &reach) || reach >= padded) {
    fail<ShapeError>(kCall, fmt::format("a kernel of depth {} (dilation {}) is larger than the "
                                        "padded input of {}; pad more, or use a smaller kernel",
                                        weight.size(2), dilation, padded));
  }
  return (padded - reach - 1) / stride + 1;
}

/// [n, depth, in, kernel, h, w]: what lies under each step's kernel along the depth.
Tensor slices_under_kernel(const Tensor& x, int64_t depth, int64_t kernel, int64_t stride,
                           int64_t padding, int64_t dilation) {
  const Tensor padded = padding > 0 ? pad(x, {0, 0, 0, 0, padding, padding}) : x;
  std::vector<Tensor> slices;
  for (int64_t k = 0; k < kernel; ++k) {
    const int64_t first = k * dilation;
    slices.push_back(
        transpose(slice(padded, 2, first, first + (depth - 1) * stride + 1, stride), 1, 2));
  }
  return stack(slices, 3);
}

Tensor convolved(const Tensor& x, const Tensor& weight, const Tensor& bias, const Shape& stride,
                 const Shape& padding, const Shape& dilation, int64_t groups) {
  const int64_t n = x.size(0), in = x.size(1), out = weight.size(0), kernel = weight.size(2);
  const int64_t depth = depth_of(x, weight, stride[0], padding[0], dilation[0]);
  const Tensor slices = slices_under_kernel(x, depth, kernel, stride[0], padding[0], dilation[0]);
  const Tensor y =
      conv2d(reshape(slices, {n * depth, in * kernel, x.size(3), x.size(4)}),
             reshape(weight, {out, weight.size(1) * kernel, weight.size(3), weight.size(4)}), bias,
             {stride[1], stride[2]}, {padding[1], padding[2]}, {dilation[1], dilation[2]}, groups);
  return contiguous(transpose(reshape(y, {n, depth, out, y.size(2), y.size(3)}), 1, 2));
}

}  // namespace

void define_conv3d(OpDef& op) {
  op.doc(
        "conv2d for `x` [n, in, d, h, w] (or [in, d, h, w]) and `weight` [out, in / groups, kd, "
        "kh, "
        "kw]; stride, padding and dilation are one number or (depth, height, width).")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                  IntList padding, IntList dilation, int64_t groups) -> Tensor {
        check_operands(x, weight, bias, groups);
        const Shape steps = per_dim(kCall, "stride", stride, 3, 1);
        const Shape border = per_dim(kCall, "padding", padding, 3, 0);
        const Shape gaps = per_dim(kCall, "dilation", dilation, 3, 1);
        if (x.dim() == 5) return convolved(x, weight, bias, steps, border, gaps, groups);
        return squeeze(convolved(unsqueeze(x, 0), weight, bias, steps, border, gaps, groups), {0});
      })
      .samples([]() -> std::vector<Sample> {
        const auto attributes = [](Shape stride, Shape padding, Shape dilation, int64_t groups) {
          return std::vector<Attribute>{Attribute(stride), Attribute(padding), Attribute(dilation),
                                        Attribute(groups)};
        };
        const Tensor bias = sample_tensor({2}, -1, 1, 3);
        return {{{sample_tensor({2, 2, 3, 4, 3}), sample_tensor({2, 2, 2, 3, 2}, -1, 1, 2), bias},
                 attributes({1}, {1, 0, 1}, {1}, 1)},
                {{sample_tensor({4, 5, 3, 3}), sample_tensor({2, 2, 2, 2, 2}, -1, 1, 2), Tensor()},
                 attributes({2, 1, 1}, {0}, {2, 1, 1}, 2)}};
      });
}

}  // namespace tenon::ops
