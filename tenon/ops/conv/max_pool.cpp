// Pooling by the largest: max_pool2d and its indices, max_pool1d.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/conv/window.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

std::vector<Attribute> pool_attributes(Shape kernel, Shape stride, int64_t padding,
                                       int64_t dilation, bool ceil_mode) {
  return {Attribute(kernel), Attribute(stride), Attribute(Shape{padding}),
          Attribute(Shape{dilation}), Attribute(ceil_mode)};
}

std::vector<Sample> pool_samples() {
  return {{{sample_tensor({2, 3, 6, 4})}, pool_attributes({2}, {}, 0, 1, false)},
          {{sample_tensor({1, 2, 7, 6})}, pool_attributes({3, 2}, {2, 1}, 1, 1, false)},
          {{sample_tensor({2, 5, 5})}, pool_attributes({2}, {2}, 0, 1, true)},
          {{sample_tensor({1, 1, 6, 6})}, pool_attributes({2}, {1}, 0, 2, false)}};
}

}  // namespace

void define_max_pool2d_with_indices(OpDef& op) {
  op.doc(
        "The largest value of each window of `x` [n, c, h, w] (or [c, h, w]), NaN if there is one, "
        "and its place i w + j in the plane. Windows step by `stride` (default: side by side) over "
        "the input with `padding` on each side that is never the largest; `ceil_mode` keeps "
        "windows "
        "that hang over the end.")
      .accepts(kRealSet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x, IntList kernel_size, IntList stride, IntList padding,
                IntList dilation, bool ceil_mode) -> Specs {
        check_images("max_pool2d", x);
        const Pair steps =
            Window::of_pooling("max_pool2d", kernel_size, stride, padding, dilation, ceil_mode)
                .pooling_steps("max_pool2d", x.size(-2), x.size(-1));
        Shape sizes = x.sizes();
        sizes[sizes.size() - 2] = steps.height;
        sizes.back() = steps.width;
        return {Spec{x.dtype(), sizes}, Spec{kInt64, sizes}};
      })
      .kernel()
      .saves_output(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {max_pool2d_backward(dy, saved.output(1), saved.input_sizes(0))};
      })
      .samples([] { return pool_samples(); });
}

void define_max_pool2d(OpDef& op) {
  op.doc("The first result of max_pool2d_with_indices.")
      .accepts(kRealSet)
      .compose([](const Tensor& x, IntList kernel_size, IntList stride, IntList padding,
                  IntList dilation, bool ceil_mode) -> Tensor {
        return std::get<0>(
            max_pool2d_with_indices(x, kernel_size, stride, padding, dilation, ceil_mode));
      })
      .samples([] { return pool_samples(); });
}

void define_max_pool2d_backward(OpDef& op) {
  op.doc(
        "Zeros of `sizes` with `dy` added at the places `indices` of each plane. IndexError where "
        "one is outside it.")
      .accepts(kFloatSet)
      .accepts_input(1, set_of(kInt64))
      .shape([](const Tensor& dy, const Tensor& indices, IntList sizes) -> Spec {
        check_pooled("max_pool2d_backward", dy, sizes);
        if (indices.sizes() != dy.sizes()) {
          fail<ShapeError>("max_pool2d_backward",
                           fmt::format("expected indices of dy's sizes {}, got {}",
                                       to_string(dy.sizes()), to_string(indices.sizes())));
        }
        return {dy.dtype(), Shape(sizes)};
      })
      .kernel()
      .saves_input(1)
      .vjp([](const Saved& saved, const Tensor& ddx) -> Grads {
        const Tensor& indices = saved.input(1);
        return {
            reshape(gather(flatten(ddx, -2, -1), -1, flatten(indices, -2, -1)), indices.sizes()),
            Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 2, 2}), sample_integers({2, 2, 2}, 0, 12)},
                 {Attribute(Shape{2, 3, 4})}}};
      });
}

void define_max_pool1d(OpDef& op) {
  op.doc("max_pool2d for `x` [n, c, length] or [c, length].")
      .accepts(kRealSet)
      .compose([](const Tensor& x, IntList kernel_size, IntList stride, IntList padding,
                  IntList dilation, bool ceil_mode) -> Tensor {
        constexpr const char* kCall = "max_pool1d";
        check_sequences(kCall, x);
        const Shape kernel = with_height(kCall, "kernel_size", kernel_size, 1, 1);
        const Shape steps = stride.empty() ? Shape() : with_height(kCall, "stride", stride, 1, 1);
        const Shape border = with_height(kCall, "padding", padding, 0, 0);
        const Shape gaps = with_height(kCall, "dilation", dilation, 1, 1);
        Window::of_pooling(kCall, kernel, steps, border, gaps, ceil_mode)
            .pooling_steps(kCall, 1, x.size(-1));
        return squeeze(max_pool2d(unsqueeze(x, -2), kernel, steps, border, gaps, ceil_mode), {-2});
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 7})}, pool_attributes({3}, {2}, 1, 1, false)},
                {{sample_tensor({3, 7})}, pool_attributes({2}, {}, 0, 1, true)}};
      });
}

}  // namespace tenon::ops
