// Pooling by the mean: avg_pool2d, avg_pool1d, and the adaptive ones.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/conv/window.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

std::vector<Attribute> pool_attributes(Shape kernel, Shape stride, int64_t padding, bool ceil_mode,
                                       bool count_include_pad) {
  return {Attribute(kernel), Attribute(stride), Attribute(Shape{padding}), Attribute(ceil_mode),
          Attribute(count_include_pad)};
}

/// A matrix [outputs, inputs] whose rows average the bin floor(i n / m) .. ceil((i + 1) n / m).
Tensor bins(int64_t outputs, int64_t inputs, DType dtype, Device device) {
  const NoGrad no_grad;
  const Tensor i = arange(0, outputs, 1, kInt64, device), j = arange(0, inputs, 1, kInt64, device);
  const Tensor first = unsqueeze(floor_divide(i * inputs, outputs), 1);
  const Tensor last = unsqueeze(floor_divide((i + 1) * inputs + (outputs - 1), outputs), 1);
  const Tensor inside = logical_and(ge(j, first), lt(j, last));
  return div(inside.to(dtype), (last - first).to(dtype));
}

int64_t wanted_size(std::string_view call, int64_t size) {
  if (size < 1) {
    fail<ValueError>(call, fmt::format("expected output sizes of at least 1, got {}", size));
  }
  return size;
}

}  // namespace

void define_avg_pool2d(OpDef& op) {
  op.doc(
        "The mean of each window of `x` [n, c, h, w] (or [c, h, w]). Windows step by `stride` "
        "(default: side by side) over the input with `padding` zeros on each side, which count in "
        "the divisor with `count_include_pad`; `ceil_mode` keeps windows that hang over the end.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, IntList kernel_size, IntList stride, IntList padding,
                bool ceil_mode, bool) -> Spec {
        check_images("avg_pool2d", x);
        const Pair steps =
            Window::of_pooling("avg_pool2d", kernel_size, stride, padding, {1}, ceil_mode)
                .steps("avg_pool2d", x.size(-2), x.size(-1));
        Spec spec{x.dtype(), x.sizes()};
        spec.sizes[spec.sizes.size() - 2] = steps.height;
        spec.sizes.back() = steps.width;
        return spec;
      })
      .kernel()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, IntList kernel_size, IntList stride,
              IntList padding, bool, bool count_include_pad) -> Grads {
        return {avg_pool2d_backward(dy, saved.input_sizes(0), kernel_size,
                                    stride.empty() ? kernel_size : stride, padding,
                                    count_include_pad)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 6, 4})}, pool_attributes({2}, {}, 0, false, true)},
                {{sample_tensor({1, 2, 7, 6})}, pool_attributes({3, 2}, {2, 1}, 1, false, false)},
                {{sample_tensor({2, 5, 5})}, pool_attributes({2}, {2}, 1, true, true)}};
      });
}

void define_avg_pool2d_backward(OpDef& op) {
  op.doc("The gradient of avg_pool2d's `x`, of these sizes.")
      .accepts(kFloatSet)
      .shape([](const Tensor& dy, IntList sizes) -> Spec {
        return {dy.dtype(), Shape(sizes)};
      })
      .kernel()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& ddx, IntList, IntList kernel_size, IntList stride,
              IntList padding, bool count_include_pad) -> Grads {
        // Rounding up gave one more window where dy has one more.
        const Window window =
            Window::of_pooling("avg_pool2d", kernel_size, stride, padding, {1}, false);
        const Pair steps = window.steps("avg_pool2d", ddx.size(-2), ddx.size(-1));
        const Shape& sizes = saved.input_sizes(0);
        const bool ceil_mode =
            steps.height != sizes[sizes.size() - 2] || steps.width != sizes.back();
        return {avg_pool2d(ddx, kernel_size, stride, padding, ceil_mode, count_include_pad)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 3, 2})},
                 {Attribute(Shape{2, 3, 6, 4}), Attribute(Shape{2}), Attribute(Shape{2}),
                  Attribute(Shape{0}), Attribute(true)}}};
      });
}

void define_avg_pool1d(OpDef& op) {
  op.doc("avg_pool2d for `x` [n, c, length] or [c, length].")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList kernel_size, IntList stride, IntList padding,
                  bool ceil_mode, bool count_include_pad) -> Tensor {
        return squeeze(
            avg_pool2d(unsqueeze(x, -2), with_height("avg_pool1d", "kernel_size", kernel_size, 1),
                       with_height("avg_pool1d", "stride", stride, 1),
                       with_height("avg_pool1d", "padding", padding, 0), ceil_mode,
                       count_include_pad),
            {-2});
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 7})}, pool_attributes({3}, {2}, 1, false, false)},
                {{sample_tensor({3, 7})}, pool_attributes({2}, {}, 0, true, true)}};
      });
}

void define_adaptive_avg_pool2d(OpDef& op) {
  op.doc(
        "`x` [..., h, w] averaged to [..., oh, ow]: output i of m is the mean of the inputs from "
        "floor(i n / m) to ceil((i + 1) n / m). `output_size` is one number or (height, width).")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList output_size) -> Tensor {
        check_images("adaptive_avg_pool2d", x);
        const Pair out = pair_of("adaptive_avg_pool2d", "output_size", output_size, 1);
        const int64_t h = x.size(-2), w = x.size(-1);
        if (h > 0 && w > 0 && h % out.height == 0 && w % out.width == 0) {
          return avg_pool2d(x, {h / out.height, w / out.width});
        }
        const Tensor rows = bins(out.height, h, x.dtype(), x.device());
        const Tensor columns = bins(out.width, w, x.dtype(), x.device());
        return matmul(rows, matmul(x, columns.t()));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 6, 4})}, {Attribute(Shape{3, 2})}},
                {{sample_tensor({2, 3, 5, 7})}, {Attribute(Shape{2, 3})}},
                {{sample_tensor({2, 4, 4})}, {Attribute(Shape{1})}}};
      });
}

void define_adaptive_avg_pool1d(OpDef& op) {
  op.doc("adaptive_avg_pool2d for `x` [n, c, length] or [c, length].")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList output_size) -> Tensor {
        if (output_size.size() != 1) {
          fail<ValueError>("adaptive_avg_pool1d",
                           fmt::format("expected one output_size, got {}", to_string(output_size)));
        }
        const int64_t size = wanted_size("adaptive_avg_pool1d", output_size[0]);
        return squeeze(adaptive_avg_pool2d(unsqueeze(x, -2), {1, size}), {-2});
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 7})}, {Attribute(Shape{3})}},
                {{sample_tensor({3, 8})}, {Attribute(Shape{4})}}};
      });
}

}  // namespace tenon::ops
