#include "tenon/ops/conv/window.h"

#include <fmt/format.h>

#include "tenon/base/error.h"

namespace tenon::ops {
namespace {

// With every argument below it, and sizes below 2^62, no sum or product here overflows; the one
// with a kernel that comes from a weight is checked.
constexpr int64_t kMost = int64_t{1} << 31;

void check_number(std::string_view call, std::string_view argument, int64_t value, int64_t least) {
  if (value >= least && value <= kMost) return;
  fail<ValueError>(call,
                   fmt::format("expected {} from {} to 2^31, got {}", argument, least, value));
}

int64_t steps_along(std::string_view call, int64_t size, int64_t kernel, int64_t stride,
                    int64_t padding, int64_t dilation, bool ceil_mode) {
  const int64_t padded = size + 2 * padding;
  // The end of the last window may lie beyond the input, and the first window may be the last.
  const int64_t beyond = ceil_mode ? stride - 1 : 0;
  int64_t reach;
  if (__builtin_mul_overflow(dilation, kernel - 1, &reach) || reach >= padded + beyond) {
    fail<ShapeError>(call, fmt::format("a kernel of {} (dilation {}) is larger than the padded "
                                       "input of {}; pad more, or use a smaller kernel",
                                       kernel, dilation, padded));
  }
  const int64_t steps = (padded - reach - 1 + beyond) / stride + 1;
  // A window that starts beyond the input and its left padding is left out.
  return ceil_mode && (steps - 1) * stride >= size + padding ? steps - 1 : steps;
}

void check_padding(std::string_view call, int64_t padding, int64_t kernel) {
  if (padding <= kernel / 2) return;
  fail<ValueError>(call, fmt::format("padding {} is more than half the kernel_size {}, so that a "
                                     "window could hold nothing but padding",
                                     padding, kernel));
}

void check_reaches_input(std::string_view call, int64_t size, int64_t padding, int64_t dilation) {
  if (size == 0) {
    fail<ShapeError>(call, "the images have no elements to pool; expected sizes of at least 1");
  }
  // Padding is at most half a kernel, so that only a wider step can go past the whole input.
  if (padding > 0 && dilation > size) {
    fail<ShapeError>(call, fmt::format("a window with dilation {} steps over the whole input of {} "
                                       "from padding to padding; use a smaller dilation",
                                       dilation, size));
  }
}

void check_rank(std::string_view call, const Tensor& x, int64_t rank, const char* expected) {
  if (x.dim() == rank || x.dim() == rank - 1) return;
  fail<ShapeError>(call, fmt::format("expected x {}, got {}", expected, to_string(x.sizes())));
}

}  // namespace

Pair pair_of(std::string_view call, std::string_view argument, IntList values, int64_t least) {
  if (values.size() != 1 && values.size() != 2) {
    fail<ValueError>(call, fmt::format("expected one or two numbers as {}, got {}", argument,
                                       to_string(values)));
  }
  for (const int64_t value : values) check_number(call, argument, value, least);
  return {values[0], values[values.size() - 1]};
}

Shape with_height(std::string_view call, std::string_view argument, IntList values, int64_t height,
                  int64_t least) {
  if (values.size() != 1) {
    fail<ValueError>(call,
                     fmt::format("expected one number as {}, got {}", argument, to_string(values)));
  }
  check_number(call, argument, values[0], least);
  return {height, values[0]};
}

Window Window::of_pooling(std::string_view call, IntList kernel_size, IntList stride,
                          IntList padding, IntList dilation, bool ceil_mode) {
  Window window;
  window.kernel = pair_of(call, "kernel_size", kernel_size, 1);
  window.stride = stride.empty() ? window.kernel : pair_of(call, "stride", stride, 1);
  window.padding = pair_of(call, "padding", padding, 0);
  window.dilation = pair_of(call, "dilation", dilation, 1);
  window.ceil_mode = ceil_mode;
  check_padding(call, window.padding.height, window.kernel.height);
  check_padding(call, window.padding.width, window.kernel.width);
  return window;
}

Pair Window::steps(std::string_view call, int64_t height, int64_t width) const {
  return {steps_along(call, height, kernel.height, stride.height, padding.height, dilation.height,
                      ceil_mode),
          steps_along(call, width, kernel.width, stride.width, padding.width, dilation.width,
                      ceil_mode)};
}

Pair Window::pooling_steps(std::string_view call, int64_t height, int64_t width) const {
  check_reaches_input(call, height, padding.height, dilation.height);
  check_reaches_input(call, width, padding.width, dilation.width);
  return steps(call, height, width);
}

void check_images(std::string_view call, const Tensor& x) {
  check_rank(call, x, 4, "[n, c, h, w] or [c, h, w]");
}

void check_pooled(std::string_view call, const Tensor& dy, IntList sizes) {
  check_images(call, dy);
  bool same = sizes.size() == dy.sizes().size();
  for (size_t i = 0; same && i + 2 < sizes.size(); ++i) same = sizes[i] == dy.sizes()[i];
  if (same) return;
  fail<ShapeError>(call,
                   fmt::format("expected dy and sizes with the same dims before the last two, "
                               "got {} and {}",
                               to_string(dy.sizes()), to_string(sizes)));
}

void check_sequences(std::string_view call, const Tensor& x) {
  check_rank(call, x, 3, "[n, c, length] or [c, length]");
}

}  // namespace tenon::ops
