#include "tenon/ops/conv/window.h"

#include <fmt/format.h>

#include "tenon/base/error.h"

namespace tenon::ops {
namespace {

int64_t steps_along(std::string_view call, int64_t size, int64_t kernel, int64_t stride,
                    int64_t padding, int64_t dilation, bool ceil_mode) {
  const int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1;
  if (room < 0) {
    fail<ShapeError>(call, fmt::format("a kernel of {} (dilation {}) is larger than the padded "
                                       "input of {}",
                                       kernel, dilation, size + 2 * padding));
  }
  int64_t steps = room / stride + 1;
  // A window that starts beyond the input and its left padding is left out.
  if (ceil_mode && room % stride != 0 && steps * stride < size + padding) ++steps;
  return steps;
}

}  // namespace

Pair pair_of(std::string_view call, std::string_view argument, IntList values, int64_t least) {
  if (values.size() != 1 && values.size() != 2) {
    fail<ValueError>(call, fmt::format("expected one or two numbers as {}, got {}", argument,
                                       to_string(values)));
  }
  const Pair pair{values[0], values[values.size() - 1]};
  constexpr int64_t kMost = int64_t{1} << 31;
  if (pair.height < least || pair.width < least || pair.height > kMost || pair.width > kMost) {
    fail<ValueError>(call, fmt::format("expected {} of at least {}, got {}", argument, least,
                                       to_string(values)));
  }
  return pair;
}

Window Window::of_pooling(std::string_view call, IntList kernel_size, IntList stride,
                          IntList padding, IntList dilation, bool ceil_mode) {
  Window window;
  window.kernel = pair_of(call, "kernel_size", kernel_size, 1);
  window.stride = stride.empty() ? window.kernel : pair_of(call, "stride", stride, 1);
  window.padding = pair_of(call, "padding", padding, 0);
  window.dilation = pair_of(call, "dilation", dilation, 1);
  window.ceil_mode = ceil_mode;
  if (window.padding.height > window.kernel.height / 2 ||
      window.padding.width > window.kernel.width / 2) {
    fail<ValueError>(call, fmt::format("padding {} is more than half the kernel_size {}",
                                       to_string(padding), to_string(kernel_size)));
  }
  return window;
}

Pair Window::steps(std::string_view call, int64_t height, int64_t width) const {
  return {steps_along(call, height, kernel.height, stride.height, padding.height, dilation.height,
                      ceil_mode),
          steps_along(call, width, kernel.width, stride.width, padding.width, dilation.width,
                      ceil_mode)};
}

void check_images(std::string_view call, const Tensor& x) {
  if (x.dim() != 3 && x.dim() != 4) {
    fail<ShapeError>(
        call, fmt::format("expected x [n, c, h, w] or [c, h, w], got {}", to_string(x.sizes())));
  }
}

Shape with_height(std::string_view call, std::string_view argument, IntList values,
                  int64_t height) {
  if (values.size() > 1) {
    fail<ValueError>(call,
                     fmt::format("expected one number as {}, got {}", argument, to_string(values)));
  }
  return values.empty() ? Shape{} : Shape{height, values[0]};
}

}  // namespace tenon::ops
