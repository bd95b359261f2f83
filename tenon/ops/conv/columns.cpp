// Windows of images as columns of a matrix, and back: im2col (PyTorch's functional unfold) and
// col2im (fold). Both go by the numbers of the elements that windows see.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/conv/window.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Window window_of(const char* call, IntList kernel_size, IntList dilation, IntList padding,
                 IntList stride) {
  Window window;
  window.kernel = pair_of(call, "kernel_size", kernel_size, 1);
  window.stride = pair_of(call, "stride", stride, 1);
  window.padding = pair_of(call, "padding", padding, 0);
  window.dilation = pair_of(call, "dilation", dilation, 1);
  return window;
}

/// The elements of an image of `width` columns, in the order (kernel row, kernel column, window
/// row, window column).
Tensor element_numbers(const Window& window, const Pair& steps, int64_t width, Device device) {
  const NoGrad no_grad;
  const auto places = [&](int64_t kernel, int64_t dilation, int64_t count, int64_t stride) {
    const Tensor k = arange(0, kernel, 1, kInt64, device) * dilation;
    return unsqueeze(k, 1) + arange(0, count, 1, kInt64, device) * stride;
  };
  const Tensor rows =
      places(window.kernel.height, window.dilation.height, steps.height, window.stride.height);
  const Tensor columns =
      places(window.kernel.width, window.dilation.width, steps.width, window.stride.width);
  // [kh, 1, oh, 1] and [1, kw, 1, ow]
  return reshape(unsqueeze(unsqueeze(rows, 1), 3) * width + unsqueeze(unsqueeze(columns, 1), 0),
                 {-1});
}

std::vector<Attribute> window_attributes(Shape kernel, Shape dilation, Shape padding,
                                         Shape stride) {
  return {Attribute(kernel), Attribute(dilation), Attribute(padding), Attribute(stride)};
}

}  // namespace

void define_im2col(OpDef& op) {
  op.doc(
        "The windows of `x` [n, c, h, w] (or [c, h, w]) as columns: [n, c kh kw, windows], in "
        "row-major order, with zeros in the `padding` around `x`. PyTorch calls it "
        "nn.functional.unfold. ShapeError where the kernel doesn't fit.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList kernel_size, IntList dilation, IntList padding,
                  IntList stride) -> Tensor {
        check_images("im2col", x);
        const Window window = window_of("im2col", kernel_size, dilation, padding, stride);
        const Pair steps = window.steps("im2col", x.size(-2), x.size(-1));
        const Pair border = window.padding;
        const Tensor wide =
            border.height + border.width == 0
                ? x
                : pad(x, {border.width, border.width, border.height, border.height});
        const Tensor numbers = element_numbers(window, steps, wide.size(-1), x.device());
        const int64_t rows = x.size(-3) * window.kernel.height * window.kernel.width;
        const int64_t windows = steps.height * steps.width;
        const Tensor columns = index_select(flatten(wide, -2, -1), -1, numbers);
        return x.dim() == 3 ? reshape(columns, {rows, windows})
                            : reshape(columns, {x.size(0), rows, windows});
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 4, 5})}, window_attributes({2, 3}, {1}, {1, 0}, {2, 1})},
                {{sample_tensor({2, 5, 6})}, window_attributes({2}, {2, 1}, {0}, {1, 2})}};
      });
}

void define_col2im(OpDef& op) {
  op.doc(
        "The sums of what im2col's columns `x` [n, c kh kw, windows] (or [c kh kw, windows]) hold "
        "of each element of images of `output_size` (h, w): [n, c, h, w]. PyTorch calls it "
        "nn.functional.fold. ShapeError where sizes don't go together.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList output_size, IntList kernel_size, IntList dilation,
                  IntList padding, IntList stride) -> Tensor {
        constexpr const char* kCall = "col2im";
        const Window window = window_of(kCall, kernel_size, dilation, padding, stride);
        const Pair size = pair_of(kCall, "output_size", output_size, 1);
        const Pair steps = window.steps(kCall, size.height, size.width);
        const int64_t kernel = window.kernel.height * window.kernel.width;
        const bool fits = (x.dim() == 2 || x.dim() == 3) && x.size(-2) % kernel == 0 &&
                          x.size(-1) == steps.height * steps.width;
        if (!fits) {
          fail<ShapeError>(kCall, fmt::format("expected [n, c {}, {}] or [c {}, {}], got {}",
                                              kernel, steps.height * steps.width, kernel,
                                              steps.height * steps.width, to_string(x.sizes())));
        }
        const int64_t n = x.dim() == 3 ? x.size(0) : 1, channels = x.size(-2) / kernel;
        const int64_t height = size.height + 2 * window.padding.height;
        const int64_t width = size.width + 2 * window.padding.width;
        const Tensor numbers = element_numbers(window, steps, width, x.device());
        const Tensor sums = index_add(zeros({n * channels, height * width}, x.dtype(), x.device()),
                                      1, numbers, reshape(x, {n * channels, kernel * x.size(-1)}));
        const Tensor images = reshape(sums, {n, channels, height, width});
        const Tensor inside =
            contiguous(narrow(narrow(images, 2, window.padding.height, size.height), 3,
                              window.padding.width, size.width));
        return x.dim() == 3 ? inside : squeeze(inside, {0});
      })
      .samples([]() -> std::vector<Sample> {
        const auto attributes = [](Shape size, std::vector<Attribute> window) {
          window.insert(window.begin(), Attribute(size));
          return window;
        };
        return {{{sample_tensor({2, 12, 9})},
                 attributes({4, 5}, window_attributes({2, 3}, {1}, {1, 0}, {2, 1}))},
                {{sample_tensor({8, 9})},
                 attributes({5, 6}, window_attributes({2}, {2, 1}, {0}, {1, 2}))}};
      });
}

}  // namespace tenon::ops
