// Images in other sizes. Every mode treats the dims one after the other, so that `resample` along
// one dim is all that there is to compute.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr const char* kCall = "interpolate";

/// `resample`'s name of a mode of images with that many dims after the channels.
std::string mode_of(std::string_view mode, size_t spatial, bool align_corners, bool antialias) {
  const bool is_linear = (mode == "linear" && spatial == 1) ||
                         (mode == "bilinear" && spatial == 2) ||
                         (mode == "trilinear" && spatial == 3);
  const bool is_cubic = mode == "bicubic" && spatial == 2;
  const bool is_plain = mode == "nearest" || mode == "nearest-exact" || mode == "area";
  if (!is_linear && !is_cubic && !is_plain) {
    fail<ValueError>(kCall, fmt::format("expected mode nearest, nearest-exact or area, linear for "
                                        "[n, c, length], bilinear or bicubic for [n, c, h, w], or "
                                        "trilinear for [n, c, d, h, w], got \"{}\" with {} dims "
                                        "after the channels",
                                        mode, spatial));
  }
  if (align_corners && is_plain) {
    fail<ValueError>(kCall, fmt::format("align_corners is for linear, bilinear, bicubic and "
                                        "trilinear, not for \"{}\"",
                                        mode));
  }
  if (antialias && mode != "bilinear" && mode != "bicubic") {
    fail<ValueError>(kCall,
                     fmt::format("antialias is for bilinear and bicubic, not for \"{}\"", mode));
  }
  if (is_plain) return std::string(mode);
  return std::string(is_linear ? "linear" : "cubic") + (antialias ? "-antialias" : "");
}

/// How one dim changes; `scale` is how far apart in the input neighbouring outputs lie.
struct Change {
  int64_t dim, from, to;
  double scale;
};

Shape output_sizes(const Tensor& x, IntList size, FloatList scale_factor) {
  const size_t spatial = static_cast<size_t>(x.dim()) - 2;
  if (size.empty() == scale_factor.empty()) {
    fail<ValueError>(kCall, "expected either size or scale_factor");
  }
  const size_t given = size.empty() ? scale_factor.size() : size.size();
  if (given != 1 && given != spatial) {
    fail<ValueError>(kCall, fmt::format("expected one number, or one for each of the {} dims after "
                                        "the channels, as {}, got {}",
                                        spatial, size.empty() ? "scale_factor" : "size", given));
  }
  Shape result;
  for (size_t i = 0; i < spatial; ++i) {
    const size_t k = given == 1 ? 0 : i;
    const auto from = static_cast<double>(x.sizes()[i + 2]);
    const double wanted =
        size.empty() ? std::floor(from * scale_factor[k]) : static_cast<double>(size[k]);
    if (!(wanted >= 1 && wanted <= 0x1p31) || from == 0) {
      fail<ValueError>(kCall, fmt::format("expected sizes of at least 1 from and to, got {} to {}",
                                          from, wanted));
    }
    result.push_back(static_cast<int64_t>(wanted));
  }
  return result;
}

std::vector<Change> changes_of(const Tensor& x, const Shape& sizes, FloatList scale_factor,
                               bool align_corners) {
  std::vector<Change> changes;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t from = x.sizes()[i + 2], to = sizes[i];
    Change change{static_cast<int64_t>(i) + 2, from, to,
                  static_cast<double>(from) / static_cast<double>(to)};
    if (align_corners) {
      change.scale = to > 1 ? static_cast<double>(from - 1) / static_cast<double>(to - 1) : 0;
    } else if (!scale_factor.empty()) {
      change.scale = 1 / scale_factor[scale_factor.size() == 1 ? 0 : i];
    }
    if (from != to || change.scale != 1) changes.push_back(change);
  }
  // What makes the image smaller comes first, and leaves less to do for the rest.
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.to * b.from < b.to * a.from; });
  return changes;
}

void check_resample(const Tensor& x, int64_t dim, int64_t size, std::string_view mode) {
  static constexpr std::string_view kModes[] = {
      "nearest", "nearest-exact", "area", "linear", "cubic", "linear-antialias", "cubic-antialias"};
  const int64_t along = normalize_dim("resample", dim, x.dim());
  if (x.size(along) < 1 || size < 1) {
    fail<ShapeError>(
        "resample", fmt::format("expected sizes of at least 1, got {} to {}", x.size(along), size));
  }
  if (std::find(std::begin(kModes), std::end(kModes), mode) == std::end(kModes)) {
    fail<ValueError>("resample", fmt::format("there is no mode \"{}\"", mode));
  }
}

Spec resampled(const Tensor& x, int64_t dim, int64_t size, std::string_view mode) {
  check_resample(x, dim, size, mode);
  Spec spec{x.dtype(), x.sizes()};
  spec.sizes[static_cast<size_t>(normalize_dim("resample", dim, x.dim()))] = size;
  return spec;
}

std::vector<Sample> resample_samples() {
  std::vector<Sample> samples;
  const auto add = [&](const char* mode, int64_t dim, int64_t size, double scale, bool align) {
    samples.push_back(
        {{sample_tensor({2, 5, 3})},
         {Attribute(dim), Attribute(size), Attribute(scale), Attribute(mode), Attribute(align)}});
  };
  add("nearest", 1, 7, 5.0 / 7, false);
  add("linear", 1, 8, 5.0 / 8, false);
  add("linear", -1, 5, 2.0 / 4, true);
  add("cubic", 1, 3, 5.0 / 3, false);
  add("area", 1, 3, 5.0 / 3, false);
  add("cubic-antialias", 1, 2, 5.0 / 2, false);
  return samples;
}

}  // namespace

void define_interpolate(OpDef& op) {
  op.doc(
        "Images [n, c, length], [n, c, h, w] or [n, c, d, h, w] in another size: `size`, or that "
        "of "
        "`x` times `scale_factor`, rounded down; one number or one for each dim. `mode`: "
        "\"nearest\" "
        "(input floor(i s) for output i, s = input / output), \"nearest-exact\" (floor((i + 1/2) "
        "s)), \"area\" (the mean of the inputs that an output covers), \"linear\", \"bilinear\", "
        "\"trilinear\" and \"bicubic\" (Keys 1981, with a = -3/4), which weigh the inputs around "
        "(i "
        "+ 1/2) s - 1/2; with `align_corners` around i (input - 1) / (output - 1), so that the "
        "corners stay. Where `scale_factor` is given, s is 1 / scale_factor unless "
        "`recompute_scale_factor`. `antialias` widens bilinear and bicubic (a = -1/2) where the "
        "image gets smaller. ValueError where arguments don't go together.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, IntList size, FloatList scale_factor, std::string_view mode,
                  bool align_corners, bool recompute_scale_factor, bool antialias) -> Tensor {
        if (x.dim() < 3 || x.dim() > 5) {
          fail<ShapeError>(kCall,
                           fmt::format("expected [n, c, length], [n, c, h, w] or [n, c, d, h, "
                                       "w], got {}",
                                       to_string(x.sizes())));
        }
        const size_t spatial = static_cast<size_t>(x.dim()) - 2;
        const std::string how = mode_of(mode, spatial, align_corners, antialias);
        const Shape sizes = output_sizes(x, size, scale_factor);
        const bool by_sizes = recompute_scale_factor || how == "area";
        Tensor y = x;
        for (const Change& c :
             changes_of(x, sizes, by_sizes ? FloatList() : scale_factor, align_corners)) {
          y = resample(y, c.dim, c.to, c.scale, how, align_corners);
        }
        return y.impl() == x.impl() ? clone(x) : y;
      })
      .samples([]() -> std::vector<Sample> {
        const auto sample = [](Shape x, Shape size, FloatList factors, const char* mode,
                               bool align_corners, bool recompute, bool antialias) {
          return Sample{{sample_tensor(x)},
                        {Attribute(size), Attribute(factors), Attribute(mode),
                         Attribute(align_corners), Attribute(recompute), Attribute(antialias)}};
        };
        return {sample({2, 3, 4}, {7}, {}, "nearest", false, false, false),
                sample({1, 2, 3, 4}, {}, {2}, "nearest-exact", false, false, false),
                sample({1, 2, 3, 4}, {}, {2, 1.5}, "bilinear", false, false, false),
                sample({1, 2, 5, 4}, {3, 7}, {}, "bilinear", true, false, false),
                sample({1, 2, 5, 4}, {}, {1.7}, "bicubic", false, true, false),
                sample({1, 2, 5, 6}, {2, 4}, {}, "area", false, false, false),
                sample({1, 1, 7, 5}, {3, 4}, {}, "bilinear", false, false, true),
                sample({1, 1, 7, 5}, {3, 9}, {}, "bicubic", true, false, true),
                sample({1, 1, 2, 3, 2}, {3, 2, 4}, {}, "trilinear", false, false, false)};
      });
}

void define_resample(OpDef& op) {
  op.doc(
        "`x` with `size` elements along `dim`, each a weighted sum of some of its elements; see "
        "interpolate for the modes. `scale` is how far apart neighbouring results lie in `x`.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, int64_t dim, int64_t size, double, std::string_view mode) {
        return resampled(x, dim, size, mode);
      })
      .kernel()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim, int64_t, double scale,
              std::string_view mode, bool align_corners) -> Grads {
        const Shape& sizes = saved.input_sizes(0);
        const auto along =
            static_cast<size_t>(normalize_dim("resample", dim, static_cast<int64_t>(sizes.size())));
        return {resample_backward(dy, dim, sizes[along], scale, mode, align_corners)};
      })
      .samples(resample_samples);
}

void define_resample_backward(OpDef& op) {
  op.doc("The gradient of resample's `x`, which has `size` elements along `dim`.")
      .accepts(kFloatSet)
      .shape([](const Tensor& dy, int64_t dim, int64_t size, double, std::string_view mode) {
        return resampled(dy, dim, size, mode);
      })
      .kernel()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& ddx, int64_t dim, int64_t, double scale,
              std::string_view mode, bool align_corners) -> Grads {
        const Shape& sizes = saved.input_sizes(0);
        const auto along =
            static_cast<size_t>(normalize_dim("resample", dim, static_cast<int64_t>(sizes.size())));
        return {resample(ddx, dim, sizes[along], scale, mode, align_corners)};
      })
      .samples(resample_samples);
}

}  // namespace tenon::ops
