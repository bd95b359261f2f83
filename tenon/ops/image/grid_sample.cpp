// Images read at given places: grid_sample, and affine_grid, which makes such places.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr const char* kCall = "grid_sample";

struct Options {
  std::string_view mode, padding;
  bool align_corners;
};

void check_sample(const Tensor& x, const Tensor& grid, const Options& options) {
  const int64_t spatial = x.dim() - 2;
  const bool fits = (spatial == 2 || spatial == 3) && grid.dim() == x.dim() &&
                    grid.size(0) == x.size(0) && grid.size(-1) == spatial;
  if (!fits) {
    fail<ShapeError>(kCall, fmt::format("expected x [n, c, h, w] and grid [n, oh, ow, 2], or x [n, "
                                        "c, d, h, w] and grid [n, od, oh, ow, 3], got {} and {}",
                                        to_string(x.sizes()), to_string(grid.sizes())));
  }
  for (int64_t i = 2; i < x.dim(); ++i) {
    if (x.size(i) > 0) continue;
    fail<ShapeError>(kCall, fmt::format("x {} has nothing to read", to_string(x.sizes())));
  }
  const bool is_cubic = options.mode == "bicubic";
  if (options.mode != "bilinear" && options.mode != "nearest" && !(is_cubic && spatial == 2)) {
    fail<ValueError>(kCall, fmt::format("expected mode bilinear, nearest or, for [n, c, h, w], "
                                        "bicubic, got \"{}\"",
                                        options.mode));
  }
  if (options.padding != "zeros" && options.padding != "border" &&
      options.padding != "reflection") {
    fail<ValueError>(kCall, fmt::format("expected padding_mode zeros, border or reflection, got "
                                        "\"{}\"",
                                        options.padding));
  }
}

/// Places from -1 to 1 as places among `size` elements.
Tensor unnormalized(const Tensor& place, int64_t size, bool align_corners) {
  const auto n = static_cast<double>(size);
  return align_corners ? (place + 1) * ((n - 1) / 2) : place * (n / 2) + (n - 1) / 2;
}

/// Places outside the image brought into it, as the padding says; "zeros" leaves them.
Tensor padded(const Tensor& place, int64_t size, const Options& options) {
  if (options.padding == "zeros") return place;
  const auto last = static_cast<double>(size - 1);
  if (options.padding == "border") return clamp(place, 0, last);
  // There and back between the first and last elements' centres, or their outer edges.
  const double low = options.align_corners ? 0 : -0.5;
  const double span = options.align_corners ? last : last + 1;
  if (span == 0) return place * 0;
  const Tensor way = remainder(abs(place - low), 2 * span);
  return clamp((low + span) - abs(way - span), 0, last);
}

/// Along one dim, the elements that a point reads, and their weights; each [n, points, terms].
struct Terms {
  Tensor index, weight;
};

/// `places` as element numbers; -2^40 outside the image, which stays negative in any sum.
Tensor numbers_of(const Tensor& places, int64_t size) {
  const NoGrad no_grad;
  const Tensor outside = (places < 0) | (places > static_cast<double>(size - 1));
  return where(outside, -static_cast<double>(int64_t{1} << 40), places.detach()).to(kInt64);
}

/// Keys' filter, with a = -3/4, at distances t + 1, t, 1 - t and 2 - t.
std::vector<Tensor> cubic_weights(const Tensor& t) {
  constexpr double kA = -0.75;
  const auto near = [](const Tensor& d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };
  const auto far = [](const Tensor& d) { return ((d * kA - 5 * kA) * d + 8 * kA) * d - 4 * kA; };
  const Tensor rest = 1 - t;
  return {far(t + 1), near(t), near(rest), far(rest + 1)};
}

Terms terms_along(const Tensor& place, int64_t size, const Options& options) {
  if (options.mode == "nearest") {
    const Tensor nearest = unsqueeze(round(padded(place, size, options)), -1);
    return {numbers_of(nearest, size), ones_like(nearest)};
  }
  if (options.mode == "bilinear") {
    const Tensor inside = padded(place, size, options);
    const Tensor left = stop_gradient(floor(inside)), share = inside - left;
    return {numbers_of(stack({left, left + 1}, -1), size), stack({1 - share, share}, -1)};
  }
  const Tensor left = stop_gradient(floor(place));
  const Tensor places = stack({left - 1, left, left + 1, left + 2}, -1);
  return {numbers_of(padded(places, size, options), size), stack(cubic_weights(place - left), -1)};
}

/// The terms of several dims: products of the weights, `first` being the outer dim.
Terms combined(const Terms& first, const Terms& second, int64_t second_size) {
  const Shape sizes = {first.index.size(0), first.index.size(1), -1};
  Tensor index;
  {
    const NoGrad no_grad;
    index = reshape(unsqueeze(first.index, -1) * second_size + unsqueeze(second.index, -2), sizes);
  }
  return {index, reshape(unsqueeze(first.weight, -1) * unsqueeze(second.weight, -2), sizes)};
}

Tensor sampled(const Tensor& x, const Tensor& grid, const Options& options) {
  const int64_t n = x.size(0), spatial = x.dim() - 2;
  if (grid.numel() == 0 || x.numel() == 0) {
    Shape sizes = {n, x.size(1)};
    for (int64_t i = 1; i < grid.dim() - 1; ++i) sizes.push_back(grid.size(i));
    return zeros(sizes, x.dtype(), x.device());
  }
  const DType wide = grid.dtype() == kFloat64 ? kFloat64 : kFloat32;
  Tensor places = reshape(grid.to(wide), {n, -1, spatial});
  // NaN reads as -1, and what lies far outside need not be told apart.
  places = clamp(where(isnan(places), -1, places), -1e6, 1e6);
  Terms terms;
  for (int64_t axis = 0; axis < spatial; ++axis) {
    const int64_t size = x.size(2 + axis);
    // The last number of a place is along the width.
    const Tensor place =
        unnormalized(select(places, -1, spatial - 1 - axis), size, options.align_corners);
    const Terms own = terms_along(place, size, options);
    terms = axis == 0 ? own : combined(terms, own, size);
  }
  const Tensor y = weighted_gather(flatten(x, 2, -1), terms.weight.to(x.dtype()), terms.index);
  Shape sizes = {n, x.size(1)};
  for (int64_t i = 1; i < grid.dim() - 1; ++i) sizes.push_back(grid.size(i));
  return reshape(y, sizes);
}

/// Places of `count` elements from -1 to 1: the ends' centres, or their outer edges.
Tensor even_places(int64_t count, bool align_corners, const Tensor& like) {
  const Tensor i = arange(0, count, 1, like.dtype(), like.device());
  const auto n = static_cast<double>(count);
  if (align_corners) return count > 1 ? i * (2 / (n - 1)) - 1 : i * 0;
  return i * (2 / n) + (1 / n - 1);
}

/// [..., spatial + 1]: the place of each element (the width's first) and 1.
Tensor base_grid(IntList sizes, bool align_corners, const Tensor& theta) {
  const NoGrad no_grad;
  const size_t spatial = sizes.size();
  const Shape whole(sizes);
  std::vector<Tensor> columns;
  for (size_t k = 0; k < spatial; ++k) {
    const size_t axis = spatial - 1 - k;
    Shape wide(spatial, 1);
    wide[axis] = sizes[axis];
    columns.push_back(expand(reshape(even_places(sizes[axis], align_corners, theta), wide), whole));
  }
  columns.push_back(ones(whole, theta.dtype(), theta.device()));
  return stack(columns, -1);
}

}  // namespace

void define_grid_sample(OpDef& op) {
  op.doc(
        "`x` [n, c, h, w] read at the places `grid` [n, oh, ow, 2]: (x, y) from -1 to 1, which are "
        "the outer edges of the first and last elements, or with `align_corners` their centres. Or "
        "`x` [n, c, d, h, w] at (x, y, z), [n, od, oh, ow, 3]. `mode` is \"bilinear\" (of volumes: "
        "trilinear), \"nearest\" or \"bicubic\"; `padding_mode` says what lies outside: \"zeros\", "
        "the nearest element (\"border\"), or the image mirrored (\"reflection\"). NaN in the grid "
        "reads as -1. ShapeError and ValueError where arguments don't go together.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kPromote)
      .compose([](const Tensor& x, const Tensor& grid, std::string_view mode,
                  std::string_view padding_mode, bool align_corners) -> Tensor {
        const Options options{mode, padding_mode, align_corners};
        check_sample(x, grid, options);
        return sampled(x, grid, options);
      })
      .samples([]() -> std::vector<Sample> {
        const auto sample = [](Shape x, Shape grid, double reach, const char* mode,
                               const char* padding, bool align_corners) {
          return Sample{{sample_tensor(x), sample_tensor(grid, -reach, reach, 2)},
                        {Attribute(mode), Attribute(padding), Attribute(align_corners)}};
        };
        return {sample({2, 2, 3, 4}, {2, 3, 2, 2}, 1.317, "bilinear", "zeros", false),
                sample({1, 2, 3, 4}, {1, 3, 2, 2}, 1.317, "bilinear", "border", true),
                sample({1, 2, 3, 4}, {1, 3, 2, 2}, 2.519, "bilinear", "reflection", false),
                sample({1, 2, 3, 4}, {1, 3, 2, 2}, 2.519, "nearest", "reflection", true),
                sample({1, 2, 4, 5}, {1, 3, 2, 2}, 1.317, "bicubic", "zeros", false),
                sample({1, 2, 4, 5}, {1, 3, 2, 2}, 1.317, "bicubic", "border", true),
                sample({1, 2, 2, 3, 4}, {1, 2, 3, 1, 3}, 1.119, "bilinear", "zeros", false)};
      });
}

void define_affine_grid(OpDef& op) {
  op.doc(
        "The places that grid_sample reads for an image of `size` [n, c, h, w] moved by the affine "
        "maps `theta` [n, 2, 3]: grid[n, i, j] = theta (x_j, y_i, 1), [n, h, w, 2]; or of volumes, "
        "from `size` [n, c, d, h, w] and `theta` [n, 3, 4]. `align_corners` as in grid_sample. "
        "ShapeError where sizes don't go together.")
      .accepts(kFloatSet)
      .compose([](const Tensor& theta, IntList size, bool align_corners) -> Tensor {
        const auto spatial = static_cast<int64_t>(size.size()) - 2;
        bool fits = (spatial == 2 || spatial == 3) && theta.dim() == 3;
        for (const int64_t s : size) fits = fits && s >= 1;
        if (!fits || theta.sizes() != Shape{size[0], spatial, spatial + 1}) {
          fail<ShapeError>("affine_grid",
                           fmt::format("expected theta [n, 2, 3] and size [n, c, h, w], or theta "
                                       "[n, 3, 4] and size [n, c, d, h, w], got {} and {}",
                                       to_string(theta.sizes()), to_string(size)));
        }
        const Tensor base =
            base_grid(std::span<const int64_t>(size).subspan(2), align_corners, theta);
        const Tensor points = reshape(base, {1, -1, spatial + 1});
        Shape sizes = {size[0]};
        for (size_t i = 2; i < size.size(); ++i) sizes.push_back(size[i]);
        sizes.push_back(spatial);
        return reshape(matmul(points, transpose(theta, 1, 2)), sizes);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 2, 3})}, {Attribute(Shape{2, 3, 4, 5}), Attribute(false)}},
                {{sample_tensor({1, 2, 3})}, {Attribute(Shape{1, 1, 2, 3}), Attribute(true)}},
                {{sample_tensor({1, 3, 4})}, {Attribute(Shape{1, 1, 2, 3, 2}), Attribute(false)}}};
      });
}

}  // namespace tenon::ops
