// Transposed convolutions: what takes the gradient of a convolution's result to that of its input.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/conv/spatial.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

struct Transposed {
  const char* call;
  size_t spatial;
  Shape stride, padding, output_padding, dilation;
  int64_t groups;
};

Transposed transposed_of(const char* call, size_t spatial, IntList stride, IntList padding,
                         IntList output_padding, int64_t groups, IntList dilation) {
  Transposed t{call,
               spatial,
               per_dim(call, "stride", stride, spatial, 1),
               per_dim(call, "padding", padding, spatial, 0),
               per_dim(call, "output_padding", output_padding, spatial, 0),
               per_dim(call, "dilation", dilation, spatial, 1),
               groups};
  for (size_t i = 0; i < spatial; ++i) {
    if (t.output_padding[i] < std::max(t.stride[i], t.dilation[i])) continue;
    fail<ValueError>(
        call, fmt::format("expected an output_padding below stride or dilation, got {} "
                          "with stride {} and dilation {}",
                          to_string(t.output_padding), to_string(t.stride), to_string(t.dilation)));
  }
  return t;
}

void check_transposed(const Transposed& t, const Tensor& x, const Tensor& weight,
                      const Tensor& bias) {
  check_spatial(t.call, x, t.spatial);
  const auto rank = static_cast<int64_t>(t.spatial);
  const int64_t channels = x.size(-rank - 1);
  const bool fits = weight.dim() == rank + 2 && weight.size(0) == channels && t.groups >= 1 &&
                    channels % t.groups == 0;
  if (!fits) {
    fail<ShapeError>(
        t.call, fmt::format("expected a weight of [in, out / groups, kernel...] for the "
                            "{} channels of x {} and {} groups, got {}",
                            channels, to_string(x.sizes()), t.groups, to_string(weight.sizes())));
  }
  const int64_t out = weight.size(1) * t.groups;
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != out)) {
    fail<ShapeError>(t.call,
                     fmt::format("expected a bias of [{}], got {}", out, to_string(bias.sizes())));
  }
  if (x.dtype() != weight.dtype() || (bias.defined() && bias.dtype() != x.dtype())) {
    fail<DTypeError>(t.call, fmt::format("expected x, weight and bias of one dtype, got {} and {}; "
                                         "convert with to(k...)",
                                         name_of(x.dtype()), name_of(weight.dtype())));
  }
}

/// How far the result reaches along each dim.
Shape transposed_sizes(const Transposed& t, const Tensor& x, const Tensor& weight) {
  Shape sizes;
  for (size_t i = 0; i < t.spatial; ++i) {
    const size_t at = x.sizes().size() - t.spatial + i;
    const int64_t in = x.sizes()[at], kernel = weight.sizes()[i + 2];
    const __int128 size = static_cast<__int128>(in - 1) * t.stride[i] - 2 * t.padding[i] +
                          static_cast<__int128>(t.dilation[i]) * (kernel - 1) +
                          t.output_padding[i] + 1;
    if (in < 1 || kernel < 1 || size < 1 || size > (int64_t{1} << 62)) {
      fail<ShapeError>(t.call, fmt::format("x of {} and a kernel of {} with padding {} have no "
                                           "result along dim {}",
                                           to_string(x.sizes()), to_string(weight.sizes()),
                                           to_string(t.padding), at));
    }
    sizes.push_back(static_cast<int64_t>(size));
  }
  return sizes;
}

/// An output padding of more than a stride is what further inputs, of 0, add.
Tensor with_whole_strides(const Tensor& x, Transposed& t) {
  Shape border(2 * t.spatial, 0);
  bool any = false;
  for (size_t i = 0; i < t.spatial; ++i) {
    const int64_t steps = t.output_padding[i] / t.stride[i];
    border[2 * (t.spatial - 1 - i) + 1] = steps;
    t.output_padding[i] -= steps * t.stride[i];
    any = any || steps > 0;
  }
  return any ? pad(x, border) : x;
}

Tensor with_bias(const Tensor& y, const Tensor& bias, size_t spatial) {
  if (!bias.defined()) return y;
  Shape wide(spatial + 1, 1);
  wide[0] = bias.size(0);
  return y + reshape(bias, wide);
}

/// Everything before the channels, the channels and then `sizes`.
Shape result_sizes(const Transposed& t, const Tensor& x, const Tensor& weight, const Shape& sizes) {
  Shape result;
  if (x.sizes().size() == t.spatial + 2) result.push_back(x.size(0));
  result.push_back(weight.size(1) * t.groups);
  for (const int64_t size : sizes) result.push_back(size);
  return result;
}

Tensor transposed_2d(Transposed t, const Tensor& x, const Tensor& weight) {
  const Shape sizes = result_sizes(t, x, weight, transposed_sizes(t, x, weight));
  const Tensor wide = with_whole_strides(x, t);
  return conv2d_backward_input(wide, weight, sizes, t.stride, t.padding, t.dilation, t.groups);
}

/// Each slice of the kernel's depth as further channels of a 2-d one, whose results are added where
/// they belong.
Tensor transposed_3d(Transposed t, const Tensor& x, const Tensor& weight) {
  const Shape sizes = transposed_sizes(t, x, weight);
  const Tensor wide = with_whole_strides(x, t);
  const int64_t n = wide.size(0), depth = wide.size(2), kernel = weight.size(2);
  const int64_t out = weight.size(1) * t.groups, h = sizes[1], w = sizes[2];
  const Tensor flat_weight =
      reshape(weight, {weight.size(0), weight.size(1) * kernel, weight.size(3), weight.size(4)});
  const Tensor images =
      reshape(transpose(wide, 1, 2), {n * depth, wide.size(1), wide.size(3), wide.size(4)});
  const Tensor slices = conv2d_backward_input(
      images, flat_weight, {n * depth, out * kernel, h, w}, {t.stride[1], t.stride[2]},
      {t.padding[1], t.padding[2]}, {t.dilation[1], t.dilation[2]}, t.groups);
  // [n, depth, out, kernel, h w] to rows of out h w elements in the order (depth, kernel).
  const Tensor rows =
      reshape(permute(reshape(slices, {n, depth, out, kernel, h * w}), {0, 1, 3, 2, 4}),
              {n, depth * kernel, out * h * w});
  const int64_t reach = (depth - 1) * t.stride[0] + (kernel - 1) * t.dilation[0] + 1;
  const int64_t whole = std::max(reach, t.padding[0] + sizes[0]);
  const Tensor i = arange(0, depth, 1, kInt64, x.device()) * t.stride[0];
  const Tensor k = arange(0, kernel, 1, kInt64, x.device()) * t.dilation[0];
  const Tensor added = index_add(zeros({n, whole, out * h * w}, x.dtype(), x.device()), 1,
                                 reshape(unsqueeze(i, 1) + k, {-1}), rows);
  const Tensor kept = reshape(narrow(added, 1, t.padding[0], sizes[0]), {n, sizes[0], out, h, w});
  return contiguous(transpose(kept, 1, 2));
}

std::vector<Attribute> attributes_of(Shape stride, Shape padding, Shape output_padding,
                                     int64_t groups, Shape dilation) {
  return {Attribute(stride), Attribute(padding), Attribute(output_padding), Attribute(groups),
          Attribute(dilation)};
}

}  // namespace

void define_conv_transpose1d(OpDef& op) {
  op.doc(
        "conv_transpose2d for `x` [n, in, length] (or [in, length]) and `weight` [in, out / "
        "groups, "
        "k].")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                  IntList padding, IntList output_padding, int64_t groups,
                  IntList dilation) -> Tensor {
        const Transposed t =
            transposed_of("conv_transpose1d", 1, stride, padding, output_padding, groups, dilation);
        check_transposed(t, x, weight, bias);
        transposed_sizes(t, x, weight);
        const Transposed wide{t.call,
                              2,
                              {1, t.stride[0]},
                              {0, t.padding[0]},
                              {0, t.output_padding[0]},
                              {1, t.dilation[0]},
                              groups};
        const Tensor y = transposed_2d(wide, unsqueeze(x, -2), unsqueeze(weight, -2));
        return with_bias(squeeze(y, {-2}), bias, 1);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor bias = sample_tensor({2}, -1, 1, 3);
        return {{{sample_tensor({2, 4, 3}), sample_tensor({4, 1, 3}, -1, 1, 2), bias},
                 attributes_of({2}, {1}, {1}, 2, {1})},
                {{sample_tensor({2, 5}), sample_tensor({2, 2, 2}, -1, 1, 2), Tensor()},
                 attributes_of({1}, {0}, {1}, 1, {2})}};
      });
}

void define_conv_transpose2d(OpDef& op) {
  op.doc(
        "The transpose of conv2d: x[n, c, i, j] weight[c, o, k, l] is added to y[n, o, i stride + "
        "k "
        "dilation - padding, j stride + l dilation - padding], for `x` [n, in, h, w] (or [in, h, "
        "w]) and `weight` [in, out / groups, kh, kw]; then `bias` [out]. The result has (h - 1) "
        "stride - 2 padding + dilation (kh - 1) + output_padding + 1 rows. Stride, paddings and "
        "dilation are one number or (height, width). ShapeError where sizes don't go together, "
        "ValueError for an output_padding that is neither below stride nor below dilation.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                  IntList padding, IntList output_padding, int64_t groups,
                  IntList dilation) -> Tensor {
        const Transposed t =
            transposed_of("conv_transpose2d", 2, stride, padding, output_padding, groups, dilation);
        check_transposed(t, x, weight, bias);
        return with_bias(transposed_2d(t, x, weight), bias, 2);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor bias = sample_tensor({2}, -1, 1, 3);
        return {{{sample_tensor({2, 4, 3, 2}), sample_tensor({4, 1, 3, 2}, -1, 1, 2), bias},
                 attributes_of({2}, {1, 0}, {1}, 2, {1})},
                {{sample_tensor({2, 3, 3}), sample_tensor({2, 2, 2, 2}, -1, 1, 2), bias},
                 attributes_of({1, 2}, {0}, {0}, 1, {2, 1})},
                {{sample_tensor({1, 2, 2, 2}), sample_tensor({2, 1, 2, 2}, -1, 1, 2), Tensor()},
                 attributes_of({1}, {1}, {1}, 1, {2})}};
      });
}

void define_conv_transpose3d(OpDef& op) {
  op.doc(
        "conv_transpose2d for `x` [n, in, d, h, w] (or [in, d, h, w]) and `weight` [in, out / "
        "groups, kd, kh, kw].")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                  IntList padding, IntList output_padding, int64_t groups,
                  IntList dilation) -> Tensor {
        const Transposed t =
            transposed_of("conv_transpose3d", 3, stride, padding, output_padding, groups, dilation);
        check_transposed(t, x, weight, bias);
        if (x.dim() == 5) return with_bias(transposed_3d(t, x, weight), bias, 3);
        return with_bias(squeeze(transposed_3d(t, unsqueeze(x, 0), weight), {0}), bias, 3);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor bias = sample_tensor({2}, -1, 1, 3);
        return {{{sample_tensor({1, 4, 2, 3, 2}), sample_tensor({4, 1, 2, 3, 2}, -1, 1, 2), bias},
                 attributes_of({2}, {1, 1, 0}, {1}, 2, {1})},
                {{sample_tensor({1, 3, 2, 2}), sample_tensor({1, 2, 2, 2, 1}, -1, 1, 2), Tensor()},
                 attributes_of({1}, {0}, {0}, 1, {2, 1, 1})}};
      });
}

}  // namespace tenon::ops
