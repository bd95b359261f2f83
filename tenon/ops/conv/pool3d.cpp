// Pooling of volumes, dim by dim: the largest of a window, and its mean, are those of its slices'.
// And what else other pooling makes: lp_pool, max_unpool2d.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/conv/spatial.h"
#include "tenon/ops/conv/window.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// `x` [..., d, h, w] through `pool` of [planes, h, w] images with arguments (height, width), then
/// along the depth, with arguments (depth, nothing).
template <class Pool>
Tensor pooled_by_dims(const Tensor& x, const Pool& pool) {
  const int64_t depth = x.size(-3);
  const Tensor images = pool(reshape(x, {-1, depth, x.size(-2), x.size(-1)}), false);
  const int64_t h = images.size(-2), w = images.size(-1);
  const Tensor result = pool(reshape(images, {-1, 1, depth, h * w}), true);
  Shape sizes = x.sizes();
  sizes[sizes.size() - 3] = result.size(-2);
  sizes[sizes.size() - 2] = h;
  sizes.back() = w;
  return reshape(result, sizes);
}

/// The part of (depth, height, width) that a pooling of pooled_by_dims takes.
Shape part_of(const Shape& all, bool along_depth, int64_t neutral) {
  return along_depth ? Shape{all[0], neutral} : Shape{all[1], all[2]};
}

struct Volume {
  Shape kernel, stride, padding, dilation;
};

Volume volume_of(const char* call, const Tensor& x, IntList kernel_size, IntList stride,
                 IntList padding, IntList dilation) {
  check_spatial(call, x, 3);
  const Shape kernel = per_dim(call, "kernel_size", kernel_size, 3, 1);
  if (x.numel() == 0) {
    fail<ShapeError>(call, fmt::format("x of {} has nothing to pool", to_string(x.sizes())));
  }
  return {kernel, stride.empty() ? kernel : per_dim(call, "stride", stride, 3, 1),
          per_dim(call, "padding", padding, 3, 0), per_dim(call, "dilation", dilation, 3, 1)};
}

void check_norm_type(const char* call, double norm_type) {
  if (norm_type > 0 && std::isfinite(norm_type)) return;
  fail<ValueError>(call, fmt::format("expected a norm_type above 0, got {}", norm_type));
}

/// (sum of x^p)^(1 / p), from the mean over `count` elements.
Tensor from_mean(const Tensor& mean, double p, int64_t count) {
  return pow(sign(mean) * relu(abs(mean)) * static_cast<double>(count), 1 / p);
}

}  // namespace

void define_max_pool3d(OpDef& op) {
  op.doc(
        "max_pool2d for `x` [n, c, d, h, w] or [c, d, h, w]; arguments are one number or (depth, "
        "height, width).")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList kernel_size, IntList stride, IntList padding,
                  IntList dilation, bool ceil_mode) -> Tensor {
        const Volume v = volume_of("max_pool3d", x, kernel_size, stride, padding, dilation);
        return pooled_by_dims(x, [&](const Tensor& images, bool depth) {
          return max_pool2d(images, part_of(v.kernel, depth, 1), part_of(v.stride, depth, 1),
                            part_of(v.padding, depth, 0), part_of(v.dilation, depth, 1), ceil_mode);
        });
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({1, 2, 4, 5, 3})},
                 {Attribute(Shape{2}), Attribute(Shape{}), Attribute(Shape{1}), Attribute(Shape{1}),
                  Attribute(false)}},
                {{sample_tensor({2, 3, 4, 5})},
                 {Attribute(Shape{2, 3, 2}), Attribute(Shape{1, 2, 1}), Attribute(Shape{0}),
                  Attribute(Shape{2, 1, 1}), Attribute(true)}}};
      });
}

void define_avg_pool3d(OpDef& op) {
  op.doc(
        "avg_pool2d for `x` [n, c, d, h, w] or [c, d, h, w]; arguments are one number or (depth, "
        "height, width).")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList kernel_size, IntList stride, IntList padding,
                  bool ceil_mode, bool count_include_pad) -> Tensor {
        const Volume v = volume_of("avg_pool3d", x, kernel_size, stride, padding, {1});
        return pooled_by_dims(x, [&](const Tensor& images, bool depth) {
          return avg_pool2d(images, part_of(v.kernel, depth, 1), part_of(v.stride, depth, 1),
                            part_of(v.padding, depth, 0), ceil_mode, count_include_pad);
        });
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({1, 2, 4, 5, 3})},
                 {Attribute(Shape{2}), Attribute(Shape{}), Attribute(Shape{1}), Attribute(false),
                  Attribute(false)}},
                {{sample_tensor({2, 3, 4, 5})},
                 {Attribute(Shape{2, 3, 2}), Attribute(Shape{1, 2, 2}), Attribute(Shape{1}),
                  Attribute(true), Attribute(true)}}};
      });
}

void define_adaptive_avg_pool3d(OpDef& op) {
  op.doc(
        "adaptive_avg_pool2d for `x` [n, c, d, h, w] or [c, d, h, w]; `output_size` is one number "
        "or (depth, height, width).")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList output_size) -> Tensor {
        constexpr const char* kCall = "adaptive_avg_pool3d";
        check_spatial(kCall, x, 3);
        const Shape sizes = per_dim(kCall, "output_size", output_size, 3, 1);
        Tensor y = x.dim() == 5 ? x : unsqueeze(x, 0);
        if (y.size(2) * y.size(3) * y.size(4) == 0) {
          fail<ShapeError>(kCall,
                           fmt::format("x of {} has nothing to average", to_string(x.sizes())));
        }
        y = interpolate(y, sizes, {}, "area");
        return x.dim() == 5 ? y : squeeze(y, {0});
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({1, 2, 4, 5, 3})}, {Attribute(Shape{2, 3, 1})}},
                {{sample_tensor({2, 3, 4, 5})}, {Attribute(Shape{2})}}};
      });
}

void define_lp_pool1d(OpDef& op) {
  op.doc("lp_pool2d for `x` [n, c, length] or [c, length].")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double norm_type, IntList kernel_size, IntList stride,
                  bool ceil_mode) -> Tensor {
        check_norm_type("lp_pool1d", norm_type);
        const Tensor mean = avg_pool1d(pow(x, norm_type), kernel_size, stride, {0}, ceil_mode);
        return from_mean(mean, norm_type, kernel_size[0]);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3, 7}, 0.2, 2)},
                 {Attribute(2.0), Attribute(Shape{3}), Attribute(Shape{2}), Attribute(false)}}};
      });
}

void define_lp_pool2d(OpDef& op) {
  op.doc(
        "(sum of x^p)^(1 / p) over each window of `x` [n, c, h, w] or [c, h, w], p = norm_type; "
        "windows as in avg_pool2d. A ValueError where norm_type isn't above 0.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double norm_type, IntList kernel_size, IntList stride,
                  bool ceil_mode) -> Tensor {
        check_norm_type("lp_pool2d", norm_type);
        const Pair kernel = pair_of("lp_pool2d", "kernel_size", kernel_size, 1);
        const Tensor mean = avg_pool2d(pow(x, norm_type), kernel_size, stride, {0}, ceil_mode);
        return from_mean(mean, norm_type, kernel.height * kernel.width);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({1, 2, 5, 4}, 0.2, 2)},
                 {Attribute(2.0), Attribute(Shape{2}), Attribute(Shape{}), Attribute(false)}},
                {{sample_tensor({2, 5, 4}, 0.2, 2)},
                 {Attribute(3.0), Attribute(Shape{2, 3}), Attribute(Shape{1}), Attribute(false)}}};
      });
}

void define_lp_pool3d(OpDef& op) {
  op.doc("lp_pool2d for `x` [n, c, d, h, w] or [c, d, h, w]; windows as in avg_pool3d.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double norm_type, IntList kernel_size, IntList stride,
                  bool ceil_mode) -> Tensor {
        check_norm_type("lp_pool3d", norm_type);
        const Shape kernel = per_dim("lp_pool3d", "kernel_size", kernel_size, 3, 1);
        const Tensor mean = avg_pool3d(pow(x, norm_type), kernel_size, stride, {0}, ceil_mode);
        return from_mean(mean, norm_type, kernel[0] * kernel[1] * kernel[2]);
      })
      .samples([]() -> std::vector<Sample> {
        return {
            {{sample_tensor({1, 2, 4, 5, 4}, 0.2, 2)},
             {Attribute(2.0), Attribute(Shape{2}), Attribute(Shape{}), Attribute(false)}},
            {{sample_tensor({2, 3, 5, 4}, 0.2, 2)},
             {Attribute(3.0), Attribute(Shape{1, 2, 3}), Attribute(Shape{1}), Attribute(false)}}};
      });
}

void define_max_unpool2d(OpDef& op) {
  op.doc(
        "Zeros of `output_size` (h, w) with `x` [n, c, oh, ow] (or [c, oh, ow]) in the places that "
        "max_pool2d_with_indices found; of several for one place the last stays. IndexError where "
        "a "
        "place is outside the result.")
      .accepts(kFloatSet)
      .accepts_input(1, kIntegerSet)
      .compose([](const Tensor& x, const Tensor& indices, IntList output_size) -> Tensor {
        constexpr const char* kCall = "max_unpool2d";
        check_images(kCall, x);
        const Pair size = pair_of(kCall, "output_size", output_size, 1);
        if (indices.sizes() != x.sizes()) {
          fail<ShapeError>(kCall, fmt::format("expected indices of x's sizes {}, got {}",
                                              to_string(x.sizes()), to_string(indices.sizes())));
        }
        Shape planes;
        for (int64_t i = 0; i < x.dim() - 2; ++i) planes.push_back(x.size(i));
        Shape images = planes;
        planes.push_back(size.height * size.width);
        images.push_back(size.height);
        images.push_back(size.width);
        const Tensor flat = scatter(zeros(planes, x.dtype(), x.device()), -1,
                                    flatten(indices, -2, -1), flatten(x, -2, -1));
        return reshape(flat, images);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor indices = new_tensor({1, 2, 2, 2}, kInt64);
        constexpr int64_t kPlaces[] = {1, 2, 9, 11, 4, 3, 8, 7};
        std::copy(std::begin(kPlaces), std::end(kPlaces), indices.data<int64_t>());
        return {{{sample_tensor({1, 2, 2, 2}), indices}, {Attribute(Shape{3, 4})}}};
      });
}

}  // namespace tenon::ops
