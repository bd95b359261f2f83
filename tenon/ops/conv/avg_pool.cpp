// Pooling by the mean: avg_pool2d, avg_pool1d, and the adaptive ones.

#include <fmt/format.h>

#include <algorithm>

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

/// `x` averaged to `outputs` along `dim` (-2 or -1): output i of m is the mean of the inputs from
/// floor(i n / m) to ceil((i + 1) n / m).
Tensor averaged_along(const Tensor& x, int64_t dim, int64_t outputs) {
  const int64_t inputs = x.size(dim);
  Shape sizes = x.sizes();
  const size_t at = sizes.size() - static_cast<size_t>(-dim);
  Tensor places, inside, counts;
  {
    const NoGrad no_grad;
    const auto numbers = [&](int64_t count) { return arange(0, count, 1, kInt64, x.device()); };
    const Tensor i = numbers(outputs);
    const Tensor first = floor_divide(i * inputs, outputs);
    const Tensor last = floor_divide((i + 1) * inputs + (outputs - 1), outputs);
    // Shorter bins read on, but where() leaves that out: an infinity stays in its own bins.
    const int64_t longest = std::min(inputs, (inputs + outputs - 1) / outputs + 1);
    places = unsqueeze(first, 1) + numbers(longest);
    inside = unsqueeze(places < unsqueeze(last, 1), -1);
    places = reshape(minimum(places, inputs - 1), {-1});
    counts = unsqueeze((last - first).to(x.dtype()), -1);
    sizes[at] = longest;
  }
  sizes.insert(at, outputs);
  if (dim == -1) {
    inside = squeeze(inside, {-1});
    counts = squeeze(counts, {-1});
  }
  const Tensor bins = reshape(index_select(x, dim, places), sizes);
  return sum(where(inside, bins, 0), {dim}) / counts;
}

void check_not_empty(std::string_view call, const Tensor& x, int64_t height, int64_t width) {
  if (height > 0 && width > 0) return;
  fail<ShapeError>(call, fmt::format("x of {} has nothing to average; expected sizes of at least 1 "
                                     "after the channels",
                                     to_string(x.sizes())));
}

/// Throws ShapeError unless `dy` is of the sizes that avg_pool2d gives for `sizes`, rounded down or
/// up.
void check_averaged(const Tensor& dy, IntList sizes, Window window) {
  constexpr const char* kCall = "avg_pool2d_backward";
  check_pooled(kCall, dy, sizes);
  for (const bool ceil_mode : {false, true}) {
    window.ceil_mode = ceil_mode;
    const Pair steps =
        window.pooling_steps(kCall, sizes[sizes.size() - 2], sizes[sizes.size() - 1]);
    if (dy.size(-2) == steps.height && dy.size(-1) == steps.width) return;
  }
  fail<ShapeError>(kCall, fmt::format("such windows over x of {} don't give dy's sizes {}",
                                      to_string(sizes), to_string(dy.sizes())));
}

}  // namespace

void define_avg_pool2d(OpDef& op) {
  op.doc(
        "The mean of each window of `x` [n, c, h, w] (or [c, h, w]). Windows step by `stride` "
        "(default: side by side) over the input with `padding` zeros on each side, which count in "
        "the divisor with `count_include_pad`; `ceil_mode` keeps windows that hang over the end.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x, IntList kernel_size, IntList stride, IntList padding,
                bool ceil_mode, bool) -> Spec {
        check_images("avg_pool2d", x);
        const Pair steps =
            Window::of_pooling("avg_pool2d", kernel_size, stride, padding, {1}, ceil_mode)
                .pooling_steps("avg_pool2d", x.size(-2), x.size(-1));
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
      .shape([](const Tensor& dy, IntList sizes, IntList kernel_size, IntList stride,
                IntList padding) -> Spec {
        check_averaged(
            dy, sizes,
            Window::of_pooling("avg_pool2d_backward", kernel_size, stride, padding, {1}, false));
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
        constexpr const char* kCall = "avg_pool1d";
        check_sequences(kCall, x);
        const Shape kernel = with_height(kCall, "kernel_size", kernel_size, 1, 1);
        const Shape steps = stride.empty() ? Shape() : with_height(kCall, "stride", stride, 1, 1);
        const Shape border = with_height(kCall, "padding", padding, 0, 0);
        Window::of_pooling(kCall, kernel, steps, border, {1}, ceil_mode)
            .pooling_steps(kCall, 1, x.size(-1));
        return squeeze(
            avg_pool2d(unsqueeze(x, -2), kernel, steps, border, ceil_mode, count_include_pad),
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
        "floor(i n / m) to ceil((i + 1) n / m). `output_size` is one number or (height, width). "
        "ShapeError where there is nothing to average.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList output_size) -> Tensor {
        check_images("adaptive_avg_pool2d", x);
        const Pair out = pair_of("adaptive_avg_pool2d", "output_size", output_size, 1);
        const int64_t h = x.size(-2), w = x.size(-1);
        check_not_empty("adaptive_avg_pool2d", x, h, w);
        if (h % out.height == 0 && w % out.width == 0) {
          return avg_pool2d(x, {h / out.height, w / out.width});
        }
        return averaged_along(averaged_along(x, -2, out.height), -1, out.width);
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
        check_sequences("adaptive_avg_pool1d", x);
        const Shape out = with_height("adaptive_avg_pool1d", "output_size", output_size, 1, 1);
        check_not_empty("adaptive_avg_pool1d", x, 1, x.size(-1));
        return squeeze(adaptive_avg_pool2d(unsqueeze(x, -2), out), {-2});
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 7})}, {Attribute(Shape{3})}},
                {{sample_tensor({3, 8})}, {Attribute(Shape{4})}}};
      });
}

}  // namespace tenon::ops
