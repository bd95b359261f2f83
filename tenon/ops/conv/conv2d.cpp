// Convolutions (cross-correlations, as everywhere in deep learning): conv2d, its two gradients,
// which are ops with gradients of their own, and conv1d on top of it.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/conv/conv2d.h"
#include "tenon/ops/conv/window.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Window window_of(IntList weight_sizes, IntList stride, IntList padding, IntList dilation) {
  Window window;
  window.kernel = {weight_sizes[weight_sizes.size() - 2], weight_sizes[weight_sizes.size() - 1]};
  window.stride = pair_of("conv2d", "stride", stride, 1);
  window.padding = pair_of("conv2d", "padding", padding, 0);
  window.dilation = pair_of("conv2d", "dilation", dilation, 1);
  return window;
}

/// Checks everything of a convolution but how its window steps; `spatial` is 1 or 2.
void check_convolution(std::string_view call, size_t spatial, IntList x, IntList weight,
                       int64_t groups) {
  const bool empty_kernel =
      weight.size() == spatial + 2 && (weight[2] == 0 || weight[weight.size() - 1] == 0);
  if (weight.size() != spatial + 2 || empty_kernel) {
    fail<ShapeError>(call, fmt::format("expected weight [out, in / groups, {}], got {}",
                                       spatial == 1 ? "k" : "kh, kw", to_string(weight)));
  }
  const int64_t out = weight[0], in = x[x.size() - spatial - 1];
  if (groups < 1) {
    fail<ValueError>(call, fmt::format("expected groups of at least 1, got {}", groups));
  }
  if (in % groups != 0 || out % groups != 0) {
    fail<ShapeError>(call, fmt::format("{} groups don't divide the {} channels of x {} and the {} "
                                       "of weight {}",
                                       groups, in, to_string(x), out, to_string(weight)));
  }
  if (weight[1] != in / groups) {
    fail<ShapeError>(call, fmt::format("x of {} has {} channels, so with groups = {} expected "
                                       "weight [out, {}, ...], got {}",
                                       to_string(x), in, groups, in / groups, to_string(weight)));
  }
}

void check_operands(std::string_view call, const Tensor& x, const Tensor& weight,
                    const Tensor& bias) {
  const int64_t out = weight.size(0);
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != out)) {
    fail<ShapeError>(call,
                     fmt::format("expected a bias of [{}], got {}", out, to_string(bias.sizes())));
  }
  if (x.dtype() != weight.dtype() || (bias.defined() && bias.dtype() != x.dtype())) {
    fail<DTypeError>(
        call, fmt::format("expected x, weight and bias of one dtype, got {}, {}{}; "
                          "convert with to(k...)",
                          name_of(x.dtype()), name_of(weight.dtype()),
                          bias.defined() ? fmt::format(" and {}", name_of(bias.dtype())) : ""));
  }
}

/// The sizes of conv2d's result for `x` [n, c, h, w] or [c, h, w].
Shape result_sizes(std::string_view call, IntList x, IntList weight, const Window& window,
                   int64_t groups) {
  check_convolution(call, 2, x, weight, groups);
  const Pair steps = window.steps(call, x[x.size() - 2], x[x.size() - 1]);
  Shape sizes;
  if (x.size() == 4) sizes.push_back(x[0]);
  sizes.push_back(weight[0]);
  sizes.push_back(steps.height);
  sizes.push_back(steps.width);
  return sizes;
}

/// What is linear in both, of complex numbers.
template <class Product>
Tensor of_parts(const Tensor& x, const Tensor& y, Product product) {
  const Tensor a = contiguous(real(x)), b = contiguous(imag(x));
  const Tensor c = contiguous(real(y)), d = contiguous(imag(y));
  return complex(product(a, c) - product(b, d), product(a, d) + product(b, c));
}

std::vector<Attribute> window_attributes(int64_t stride, int64_t padding, int64_t dilation,
                                         int64_t groups) {
  return {Attribute(Shape{stride}), Attribute(Shape{padding}), Attribute(Shape{dilation}),
          Attribute(groups)};
}

}  // namespace

void check_gradient(std::string_view call, const Tensor& dy, const Tensor& other, IntList x,
                    IntList weight, IntList stride, IntList padding, IntList dilation,
                    int64_t groups, bool pooled) {
  if ((x.size() != 3 && x.size() != 4) || weight.size() != 4) {
    fail<ShapeError>(call, fmt::format("expected x [n, c, h, w] or [c, h, w] and weight [out, in / "
                                       "groups, kh, kw], got {} and {}",
                                       to_string(x), to_string(weight)));
  }
  count_elements(call, x);
  count_elements(call, weight);
  Shape expected =
      result_sizes(call, x, weight, window_of(weight, stride, padding, dilation), groups);
  if (pooled) {
    expected[expected.size() - 2] /= 2;
    expected.back() /= 2;
  }
  if (dy.sizes() != expected) {
    fail<ShapeError>(
        call, fmt::format("conv2d of x {} and weight {} gives {}, but dy is {}", to_string(x),
                          to_string(weight), to_string(expected), to_string(dy.sizes())));
  }
  if (dy.dtype() != other.dtype()) {
    fail<DTypeError>(call, fmt::format("expected tensors of one dtype, got {} and {}; convert with "
                                       "to(k...)",
                                       name_of(dy.dtype()), name_of(other.dtype())));
  }
}

Spec conv2d_spec(const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                 IntList padding, IntList dilation, int64_t groups) {
  check_images("conv2d", x);
  check_convolution("conv2d", 2, x.sizes(), weight.sizes(), groups);
  check_operands("conv2d", x, weight, bias);
  const Window window = window_of(weight.sizes(), stride, padding, dilation);
  return {x.dtype(), result_sizes("conv2d", x.sizes(), weight.sizes(), window, groups)};
}

void define_conv2d(OpDef& op) {
  op.doc(
        "y[n, o, i, j] = bias[o] + sum over c, k, l of weight[o, c, k, l] x[n, c, i stride + k "
        "dilation - padding, j stride + l dilation - padding], with zeros around `x` [n, in, h, w] "
        "(or one image [in, h, w]); `weight` is [out, in / groups, kh, kw], `bias` [out]. Each of "
        "`groups` blocks of output channels reads its own block of input channels. Stride, padding "
        "and dilation are one number or (height, width). ShapeError where sizes don't go together.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kLower)
      .shape([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                IntList padding, IntList dilation, int64_t groups) {
        return conv2d_spec(x, weight, bias, stride, padding, dilation, groups);
      })
      .kernel()
      .saves_input_for(0, {1, 2})
      .saves_input_for(1, {0})
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, IntList stride, IntList padding,
              IntList dilation, int64_t groups) -> Grads {
        const Tensor &x = saved.input(0), &weight = saved.input(1);
        Tensor dx, dweight, dbias;
        if (saved.needs(0)) {
          dx = conv2d_backward_input(dy, weight, saved.input_sizes(0), stride, padding, dilation,
                                     groups);
        }
        if (saved.needs(1) || saved.needs(2)) {
          std::tie(dweight, dbias) = conv2d_backward_weight(dy, x, saved.input_sizes(1), stride,
                                                            padding, dilation, groups);
        }
        if (saved.inputs.size() < 3) return {dx, dweight};
        return {dx, dweight, saved.needs(2) ? dbias : Tensor()};
      })
      .of_complex([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                     IntList padding, IntList dilation, int64_t groups) -> Tensor {
        conv2d_spec(x, weight, bias, stride, padding, dilation, groups);
        const Tensor y = of_parts(x, weight, [&](const Tensor& a, const Tensor& b) {
          return conv2d(a, b, {}, stride, padding, dilation, groups);
        });
        return bias.defined() ? y + reshape(bias, {-1, 1, 1}) : y;
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
      .of_complex([](const Tensor& dy, const Tensor& weight, IntList sizes, IntList stride,
                     IntList padding, IntList dilation, int64_t groups) -> Tensor {
        check_gradient("conv2d_backward_input", dy, weight, sizes, weight.sizes(), stride, padding,
                       dilation, groups);
        return of_parts(dy, weight, [&](const Tensor& a, const Tensor& b) {
          return conv2d_backward_input(a, b, sizes, stride, padding, dilation, groups);
        });
      })
      .shape([](const Tensor& dy, const Tensor& weight, IntList sizes, IntList stride,
                IntList padding, IntList dilation, int64_t groups) -> Spec {
        check_gradient("conv2d_backward_input", dy, weight, sizes, weight.sizes(), stride, padding,
                       dilation, groups);
        return {dy.dtype(), Shape(sizes)};
      })
      .kernel()
      .saves_input_for(0, {1})
      .saves_input_for(1, {0})
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& ddx, IntList, IntList stride, IntList padding,
              IntList dilation, int64_t groups) -> Grads {
        const Tensor &dy = saved.input(0), &weight = saved.input(1);
        Tensor ddy, dweight;
        if (saved.needs(0)) ddy = conv2d(ddx, weight, {}, stride, padding, dilation, groups);
        if (saved.needs(1)) {
          dweight = std::get<0>(conv2d_backward_weight(dy, ddx, saved.input_sizes(1), stride,
                                                       padding, dilation, groups));
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
      .shape([](const Tensor& dy, const Tensor& x, IntList sizes, IntList stride, IntList padding,
                IntList dilation, int64_t groups) -> Specs {
        check_gradient("conv2d_backward_weight", dy, x, x.sizes(), sizes, stride, padding, dilation,
                       groups);
        return {Spec{dy.dtype(), Shape(sizes)}, Spec{dy.dtype(), {sizes[0]}}};
      })
      .kernel()
      .saves_input_for(0, {1})
      .saves_input_for(1, {0})
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& ddweight, IntList, IntList stride, IntList padding,
              IntList dilation, int64_t groups) -> Grads {
        const Tensor &dy = saved.input(0), &x = saved.input(1), &ddbias = saved.grads[1];
        Tensor ddy, dx;
        if (saved.needs(0)) {
          if (ddweight.defined()) {
            ddy = conv2d(x, ddweight, ddbias, stride, padding, dilation, groups);
          } else {
            ddy = expand(reshape(ddbias, {-1, 1, 1}), saved.input_sizes(0));
          }
        }
        if (saved.needs(1) && ddweight.defined()) {
          dx = conv2d_backward_input(dy, ddweight, saved.input_sizes(1), stride, padding, dilation,
                                     groups);
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
      .autocast(CastPolicy::kLower)
      .compose([](const Tensor& x, const Tensor& weight, const Tensor& bias, IntList stride,
                  IntList padding, IntList dilation, int64_t groups) -> Tensor {
        check_sequences("conv1d", x);
        check_convolution("conv1d", 1, x.sizes(), weight.sizes(), groups);
        check_operands("conv1d", x, weight, bias);
        const Shape steps = with_height("conv1d", "stride", stride, 1, 1);
        const Shape border = with_height("conv1d", "padding", padding, 0, 0);
        const Shape gaps = with_height("conv1d", "dilation", dilation, 1, 1);
        const Tensor wide = unsqueeze(weight, -2);
        window_of(wide.sizes(), steps, border, gaps).steps("conv1d", 1, x.size(-1));
        return squeeze(conv2d(unsqueeze(x, -2), wide, bias, steps, border, gaps, groups), {-2});
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
