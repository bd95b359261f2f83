// Images whose elements change places: pixel_shuffle, pixel_unshuffle, channel_shuffle.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_factor(const char* call, const char* name, int64_t factor) {
  if (factor >= 1 && factor <= (int64_t{1} << 30)) return;
  fail<ValueError>(call, fmt::format("expected {} from 1 to 2^30, got {}", name, factor));
}

void check_image(const char* call, const Tensor& x) {
  if (x.dim() >= 3) return;
  fail<ShapeError>(call, fmt::format("expected [..., c, h, w], got {}", to_string(x.sizes())));
}

/// `x` with its last three dims in place of those.
Shape with_image(const Tensor& x, std::initializer_list<int64_t> sizes) {
  Shape result;
  for (int64_t i = 0; i < x.dim() - 3; ++i) result.push_back(x.size(i));
  for (const int64_t size : sizes) result.push_back(size);
  return result;
}

/// All dims before the last `count` in their order, then these, counted from the first of them.
Shape order_of(const Tensor& x, std::initializer_list<int64_t> last) {
  const int64_t first = x.dim() - static_cast<int64_t>(last.size());
  Shape result;
  for (int64_t i = 0; i < first; ++i) result.push_back(i);
  for (const int64_t i : last) result.push_back(first + i);
  return result;
}

}  // namespace

void define_pixel_shuffle(OpDef& op) {
  op.doc(
        "`x` [..., c r^2, h, w] as images of r times the height and width, [..., c, h r, w r]: "
        "y[c, h r + i, w r + j] = x[c r^2 + i r + j, h, w], with r = upscale_factor (Shi et al. "
        "2016). ShapeError where r^2 doesn't divide the channels.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t r) -> Tensor {
        check_image("pixel_shuffle", x);
        check_factor("pixel_shuffle", "upscale_factor", r);
        const int64_t channels = x.size(-3), h = x.size(-2), w = x.size(-1);
        if (channels % (r * r) != 0) {
          fail<ShapeError>("pixel_shuffle",
                           fmt::format("expected channels that {} squared divides, got {}", r,
                                       to_string(x.sizes())));
        }
        const int64_t c = channels / (r * r);
        const Tensor parts = reshape(x, with_image(x, {c, r, r, h, w}));
        const Tensor placed = permute(parts, order_of(parts, {0, 3, 1, 4, 2}));
        return reshape(placed, with_image(x, {c, h * r, w * r}));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 8, 3, 2})}, {Attribute(int64_t{2})}},
                {{sample_tensor({9, 2, 3})}, {Attribute(int64_t{3})}}};
      });
}

void define_pixel_unshuffle(OpDef& op) {
  op.doc(
        "What undoes pixel_shuffle: `x` [..., c, h r, w r] as [..., c r^2, h, w], with r = "
        "downscale_factor. ShapeError where r doesn't divide height and width.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t r) -> Tensor {
        check_image("pixel_unshuffle", x);
        check_factor("pixel_unshuffle", "downscale_factor", r);
        const int64_t c = x.size(-3), h = x.size(-2) / r, w = x.size(-1) / r;
        if (x.size(-2) != h * r || x.size(-1) != w * r) {
          fail<ShapeError>("pixel_unshuffle",
                           fmt::format("expected a height and width that {} divides, got {}", r,
                                       to_string(x.sizes())));
        }
        const Tensor parts = reshape(x, with_image(x, {c, h, r, w, r}));
        const Tensor placed = permute(parts, order_of(parts, {0, 2, 4, 1, 3}));
        return reshape(placed, with_image(x, {c * r * r, h, w}));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 2, 4, 6})}, {Attribute(int64_t{2})}},
                {{sample_tensor({1, 3, 6})}, {Attribute(int64_t{3})}}};
      });
}

void define_channel_shuffle(OpDef& op) {
  op.doc(
        "The channels (dim 1) of `x` [n, c, ...] in `groups` groups dealt out in turn: channel g m "
        "+ i, of m in a group, goes to i groups + g (Zhang et al. 2018). ShapeError where `groups` "
        "doesn't divide the channels.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t groups) -> Tensor {
        check_factor("channel_shuffle", "groups", groups);
        if (x.dim() < 3 || x.size(1) % groups != 0) {
          fail<ShapeError>("channel_shuffle",
                           fmt::format("expected [n, c, ...] with channels that {} divides, got {}",
                                       groups, to_string(x.sizes())));
        }
        Shape grouped = x.sizes();
        grouped[1] = groups;
        grouped.insert(2, x.size(1) / groups);
        return reshape(transpose(reshape(x, grouped), 1, 2), x.sizes());
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 6, 3})}, {Attribute(int64_t{2})}},
                {{sample_tensor({1, 6, 2, 2})}, {Attribute(int64_t{3})}}};
      });
}

}  // namespace tenon::ops
