// Convolutions (cross-correlations, as everywhere in deep learning): conv2d, its two gradients,
// which are ops with gradients of their own, and conv1d on top of it.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/conv/window.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Window window_of(const Tensor& weight, IntList stride, IntList padding, IntList dilation) {
  Window window;
  window.kernel = {weight.size(-2), weight.size(-1)};
  window.stride = pair_of("conv2d", "stride", stride, 1);
  window.padding = pair_of("conv2d", "padding", padding, 0);
  window.dilation = pair_of("conv2d", "dilation", dilation, 1);
  return window;
}

Spec conv2d_spec(const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                 IntList padding, IntList dilation, int64_t groups) {
  check_images("conv2d", x);
  if (weight.dim() != 4 || weight.size(2) == 0 || weight.size(3) == 0) {
    fail<ShapeError>("conv2d", fmt::format("expected weight [out, in / groups, kh, kw], got {}",
                                           to_string(weight.sizes())));
  }
  const int64_t out = weight.size(0), in = x.size(-3);
  if (groups < 1 || out % groups != 0 || in != weight.size(1) * groups) {
    fail<ShapeError>("conv2d", fmt::format("x of {} has {} channels, but weight {} with {} groups "
                                           "takes {}",
                                           to_string(x.sizes()), in, to_string(weight.sizes()),
                                           groups, weight.size(1) * groups));
  }
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != out)) {
    fail<ShapeError>("conv2d",
                     fmt::format("expected a bias of [{}], got {}", out, to_string(bias.sizes())));
  }
  if (x.dtype() != weight.dtype() || (bias.defined() && bias.dtype() != x.dtype())) {
    fail<DTypeError>("conv2d", fmt::format("expected x, weight and bias of one dtype, got {} and "
                                           "{}; convert with to(k...)",
                                           name_of(x.dtype()), name_of(weight.dtype())));
  }
  const Pair steps =
      window_of(weight, stride, padding, dilation).steps("conv2d", x.size(-2), x.size(-1));
  Spec spec{x.dtype(), {}};
  if (x.dim() == 4) spec.sizes.push_back(x.size(0));
  spec.sizes.push_back(out);
  spec.sizes.push_back(steps.height);
  spec.sizes.push_back(steps.width);
  return spec;
}

std::vector<Attribute> window_attributes(int64_t stride, int64_t padding, int64_t dilation,
                                         int64_t groups) {
  return {Attribute(Shape{stride}), Attribute(Shape{padding}), Attribute(Shape{dilation}),
          Attribute(groups)};
}

}  // namespace

void define_conv2d(OpDef& op) {
  op.doc(
        "y[n, o, i, j] = bias[o] + sum over c, k, l of weight[o, c, k, l] x[n, c, i stride + k "
        "dilation - padding, j stride + l dilation - padding], with zeros around `x` [n, in, h, w] "
        "(or one image [in, h, w]); `weight` is [out, in / groups, kh, kw], `bias` [out]. Each of "
        "`groups` blocks of output channels reads its own block of input channels. Stride, padding "
        "and dilation are one number or (height, width). ShapeError where sizes don't go together.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                IntList padding, IntList dilation, int64_t groups) {
        return conv2d_spec(x, weight, bias, stride, padding, dilation, groups);
      })
      .kernel()
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy, IntList stride, IntList padding,
              IntList dilation, int64_t groups) -> Grads {
        const Tensor &x = saved.input(0), &weight = saved.input(1);
        Tensor dx, dweight, dbias;
        if (saved.needs(0)) {
          dx = conv2d_backward_input(dy, weight, x.sizes(), stride, padding, dilation, groups);
        }
        if (saved.needs(1) || saved.needs(2)) {
          std::tie(dweight, dbias) =
              conv2d_backward_weight(dy, x, weight.sizes(), stride, padding, dilation, groups);
        }
        if (saved.inputs.size() < 3) return {dx, dweight};
        return {dx, dweight, saved.needs(2) ? dbias : Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor bias = sample_tensor({4}, -1, 1, 3);
        return {{{sample_tensor({2, 2, 5, 6}), sample_tensor({4, 2, 3, 2}, -1, 1, 2), bias},
                 window_attributes(1, 0, 1, 1)},
                {{sample_tensor({1, 4, 6, 5}), sample_tensor({4, 2, 3, 3}, -1, 1, 2), Tensor()},
                 window_attributes(2, 1, 1, 2)},
                {{sample_tensor({2, 5, 5}), sample_tensor({4, 2, 2, 2}, -1, 1, 2), bias},
                 window_attributes(1, 1, 2, 1)}};
      });
}

void define_conv2d_backward_input(OpDef& op) {
  op.doc("The gradient of conv2d's `x`, of these sizes.")
      .accepts(kFloatSet)
      .shape([](const Tensor& dy, const Tensor&, IntList sizes) -> Spec {
        return {dy.dtype(), Shape(sizes)};
      })
      .kernel()
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& ddx, IntList, IntList stride, IntList padding,
              IntList dilation, int64_t groups) -> Grads {
        const Tensor &dy = saved.input(0), &weight = saved.input(1);
        Tensor ddy, dweight;
        if (saved.needs(0)) ddy = conv2d(ddx, weight, {}, stride, padding, dilation, groups);
        if (saved.needs(1)) {
          dweight = std::get<0>(
              conv2d_backward_weight(dy, ddx, weight.sizes(), stride, padding, dilation, groups));
        }
        return {ddy, dweight};
      })
      .samples([]() -> std::vector<Sample> {
        Sample sample{{sample_tensor({2, 4, 3, 2}), sample_tensor({4, 2, 2, 2}, -1, 1, 2)},
                      {Attribute(Shape{2, 2, 4, 3})}};
        for (const Attribute& attribute : window_attributes(1, 0, 1, 1)) {
          sample.attributes.push_back(attribute);
        }
        return {sample};
      });
}

void define_conv2d_backward_weight(OpDef& op) {
  op.doc("The gradients of conv2d's `weight`, of these sizes, and of its `bias`.")
      .accepts(kFloatSet)
      .shape([](const Tensor& dy, const Tensor&, IntList sizes) -> Specs {
        return {Spec{dy.dtype(), Shape(sizes)}, Spec{dy.dtype(), {sizes[0]}}};
      })
      .kernel()
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& ddweight, IntList, IntList stride, IntList padding,
              IntList dilation, int64_t groups) -> Grads {
        const Tensor &dy = saved.input(0), &x = saved.input(1), &ddbias = saved.grads[1];
        Tensor ddy, dx;
        if (saved.needs(0)) {
          if (ddweight.defined()) {
            ddy = conv2d(x, ddweight, ddbias, stride, padding, dilation, groups);
          } else {
            ddy = expand(reshape(ddbias, {-1, 1, 1}), dy.sizes());
          }
        }
        if (saved.needs(1) && ddweight.defined()) {
          dx = conv2d_backward_input(dy, ddweight, x.sizes(), stride, padding, dilation, groups);
        }
        return {ddy, dx};
      })
      .samples([]() -> std::vector<Sample> {
        Sample sample{{sample_tensor({2, 4, 3, 2}), sample_tensor({2, 2, 4, 3}, -1, 1, 2)},
                      {Attribute(Shape{4, 2, 2, 2})}};
        for (const Attribute& attribute : window_attributes(1, 0, 1, 1)) {
          sample.attributes.push_back(attribute);
        }
        return {sample};
      });
}

void define_conv1d(OpDef& op) {
  op.doc("conv2d for `x` [n, in, length] (or [in, length]) and `weight` [out, in / groups, k].")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                  IntList padding, IntList dilation, int64_t groups) -> Tensor {
        if ((x.dim() != 2 && x.dim() != 3) || weight.dim() != 3) {
          fail<ShapeError>("conv1d", fmt::format("expected x [n, in, length] and weight [out, in / "
                                                 "groups, k], got {} and {}",
                                                 to_string(x.sizes()), to_string(weight.sizes())));
        }
        return squeeze(conv2d(unsqueeze(x, -2), unsqueeze(weight, -2), bias,
                              with_height("conv1d", "stride", stride, 1),
                              with_height("conv1d", "padding", padding, 0),
                              with_height("conv1d", "dilation", dilation, 1), groups),
                       {-2});
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor bias = sample_tensor({4}, -1, 1, 3);
        return {{{sample_tensor({2, 2, 7}), sample_tensor({4, 2, 3}, -1, 1, 2), bias},
                 window_attributes(1, 1, 1, 1)},
                {{sample_tensor({4, 8}), sample_tensor({4, 2, 2}, -1, 1, 2), Tensor()},
                 window_attributes(2, 0, 2, 2)}};
      });
}

}  // namespace tenon::ops
