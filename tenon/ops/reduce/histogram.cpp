// histogram, histogramdd: how many elements, or points, lie between edges.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_histogram(std::string_view call, const Tensor& x, const Tensor& weight) {
  if (!weight.defined() || (weight.sizes() == x.sizes() && weight.dtype() == x.dtype())) return;
  fail<ShapeError>(
      call, fmt::format("expected a weight of {} and {}, as x, got {} and {}", to_string(x.sizes()),
                        name_of(x.dtype()), to_string(weight.sizes()), name_of(weight.dtype())));
}

/// Whether each of `values`, a vector, lies between the edges, and in which bin.
std::pair<Tensor, Tensor> bins_of(const Tensor& values, const Tensor& edges) {
  const int64_t bins = edges.size(0) - 1;
  const Tensor first = narrow(edges, 0, 0, 1), last = narrow(edges, 0, bins, 1);
  const Tensor after = searchsorted(edges, contiguous(values), false, true);
  return {(values >= first) & (values <= last), clamp(after - 1, Scalar(0), Scalar(bins - 1))};
}

/// The elements of each of `bins` places, or their weights, counted in the dtype of `like`, a
/// vector; what is at place `bins` doesn't count.
Tensor summed(const Tensor& like, const Tensor& place, const Tensor& weight, int64_t bins) {
  const Tensor amounts = weight.defined() ? reshape(weight, {-1}) : ones_like(like);
  const Tensor none = zeros({bins + 1}, like.dtype(), like.device());
  return narrow(index_add(none, 0, place, amounts), 0, 0, bins);
}

/// Counts, or sums of weights, between neighbouring edges; the last edge belongs to its bin.
std::tuple<Tensor, Tensor> counted(const Tensor& x, const Tensor& edges, const Tensor& weight,
                                   bool density) {
  const int64_t bins = edges.size(0) - 1;
  const Tensor values = reshape(x, {-1});
  const auto [inside, bin] = bins_of(values, edges);
  Tensor counts = summed(values, where(inside, bin, bins), weight, bins);
  if (density) counts = counts / sum(counts) / diff(edges);
  return {contiguous(counts), edges};
}

/// bins + 1 evenly spaced numbers over the range, or from the smallest element to the largest.
Tensor even_edges(const Tensor& x, int64_t bins, FloatList range) {
  if (!range.empty()) return linspace(range[0], range[1], bins + 1, x.dtype(), x.device());
  if (x.numel() == 0) return linspace(0, 1, bins + 1, x.dtype(), x.device());
  const Tensor low = amin(x), high = amax(x), apart = low == high;
  const Tensor from = where(apart, low - 0.5, low), to = where(apart, high + 0.5, high);
  const Tensor edges = from + (to - from) * linspace(0, 1, bins + 1, x.dtype(), x.device());
  return cat({narrow(edges, 0, 0, bins), reshape(to, {1})});  // exactly, as elements are there
}

void check_points(std::string_view call, const Tensor& x, const Tensor& weight, size_t dims) {
  if (dims == 0 || x.dim() < 2 || x.size(-1) != static_cast<int64_t>(dims)) {
    fail<ShapeError>(call, fmt::format("expected points [..., {}], as there are bins for {} dims, "
                                       "got sizes {}",
                                       dims, dims, to_string(x.sizes())));
  }
  Shape points = x.sizes();
  points.erase(points.size() - 1);
  if (!weight.defined() || (weight.sizes() == points && weight.dtype() == x.dtype())) return;
  fail<ShapeError>(call, fmt::format("expected a weight of {} and {}, one a point, got {} and {}",
                                     to_string(points), name_of(x.dtype()),
                                     to_string(weight.sizes()), name_of(weight.dtype())));
}

Tensor column_of(const Tensor& x, size_t i) {
  return select(reshape(x, {-1, x.size(-1)}), 1, static_cast<int64_t>(i));
}

/// As `counted`, of points [..., D] between the edges of D dims: [bins of dim 0, of dim 1, ...].
Tensor counted_points(const Tensor& x, TensorList edges, const Tensor& weight, bool density) {
  Shape sizes;
  int64_t bins = 1;
  for (const Tensor& line : edges) {
    sizes.push_back(line.size(0) - 1);
    bins *= sizes.back();
  }
  const Tensor first = column_of(x, 0);
  auto [inside, place] = bins_of(first, edges[0]);
  for (size_t i = 1; i < edges.size(); ++i) {
    const auto [next_inside, next] = bins_of(column_of(x, i), edges[i]);
    inside = inside & next_inside;
    place = place * sizes[i] + next;
  }
  Tensor counts = reshape(summed(first, where(inside, place, bins), weight, bins), sizes);
  if (!density) return contiguous(counts);
  counts = counts / sum(counts);
  for (size_t i = 0; i < edges.size(); ++i) {
    Shape along(edges.size(), 1);
    along[i] = sizes[i];
    counts = counts / reshape(diff(edges[i]), along);
  }
  return counts;
}

void check_bins(std::string_view call, int64_t bins) {
  if (bins < 1) fail<ValueError>(call, fmt::format("expected at least 1 bin, got {}", bins));
}

void check_range(std::string_view call, FloatList range) {
  if (range.empty() || (range.size() == 2 && range[0] < range[1])) return;
  fail<ValueError>(call, fmt::format("expected a range (low, high) with low < high, got [{}]",
                                     fmt::join(range, ", ")));
}

void check_edges(std::string_view call, const Tensor& x, const Tensor& bins) {
  if (bins.dim() == 1 && bins.numel() >= 2 && bins.dtype() == x.dtype()) return;
  fail<ShapeError>(call,
                   fmt::format("expected two or more edges in one dim, of {}, got {} {}",
                               name_of(x.dtype()), name_of(bins.dtype()), to_string(bins.sizes())));
}

}  // namespace

void define_histogram(OpDef& op) {
  op.doc(
        "How many elements of `x` lie in each of `bins` equally wide parts of `range` (low, high), "
        "or of what lies between its smallest and its largest element, and the bins + 1 edges; "
        "with `weight`, sums of theirs. With `density`, the integral is 1. What lies outside, and "
        "NaN, doesn't count. ValueError unless bins > 0 and low < high.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& weight, int64_t bins, FloatList range,
                  bool density) -> std::tuple<Tensor, Tensor> {
        check_histogram("histogram", x, weight);
        check_bins("histogram", bins);
        check_range("histogram", range);
        return counted(x, even_edges(x, bins, range), weight, density);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Tensor x = sample_tensor({4, 5});
        const std::vector<double> range = {-1.04, 1.52};
        return {{{x, Tensor()},
                 {Attribute(int64_t{4}), Attribute(FloatList(range)), Attribute(false)},
                 false},
                {{x, sample_tensor({4, 5}, 0.5, 1, 2)},
                 {Attribute(int64_t{3}), Attribute(FloatList()), Attribute(true)},
                 false}};
      });
}

void define_histogram_at(OpDef& op) {
  op.doc(
        "How many elements of `x` lie between neighbouring edges, the 1-d rising `bins`, and these "
        "edges; see histogram.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& bins, const Tensor& weight,
                  bool density) -> std::tuple<Tensor, Tensor> {
        check_histogram("histogram_at", x, weight);
        check_edges("histogram_at", x, bins);
        return counted(x, bins, weight, density);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Tensor edges = std::get<0>(sort(sample_tensor({4}, -1.5, 1.4, 3)));
        return {{{sample_tensor({9}), edges, Tensor()}, {Attribute(false)}, false},
                {{sample_tensor({3, 4}), edges, sample_tensor({3, 4}, 0.5, 1, 2)},
                 {Attribute(true)},
                 false}};
      });
}

void define_histogramdd(OpDef& op) {
  op.doc(
        "How many of the points `x` [..., D] lie in each box of a grid, [bins[0], ..., bins[D - "
        "1]], and then for each dim its bins + 1 edges: `bins` equally wide parts of `range` (low "
        "and high of each dim, one after the other), or of what lies between the smallest and the "
        "largest number; with `weight` [...], sums of theirs. With `density`, the integral is 1. "
        "See histogram.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& weight, IntList bins, FloatList range,
                  bool density) -> std::vector<Tensor> {
        check_points("histogramdd", x, weight, bins.size());
        if (!range.empty() && range.size() != 2 * bins.size()) {
          fail<ValueError>("histogramdd", fmt::format("expected low and high of {} dims as range, "
                                                      "got {} numbers",
                                                      bins.size(), range.size()));
        }
        std::vector<Tensor> edges;
        for (size_t i = 0; i < bins.size(); ++i) {
          std::vector<double> own;
          if (!range.empty()) own = {range[2 * i], range[2 * i + 1]};
          check_bins("histogramdd", bins[i]);
          check_range("histogramdd", own);
          edges.push_back(even_edges(column_of(x, i), bins[i], own));
        }
        edges.insert(edges.begin(), counted_points(x, edges, weight, density));
        return edges;
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Tensor x = sample_tensor({4, 5, 2});
        const std::vector<double> range = {-1.04, 1.52, -1.61, 0.9};
        return {{{x, Tensor()},
                 {Attribute(Shape{3, 2}), Attribute(FloatList(range)), Attribute(false)},
                 false},
                {{x, sample_tensor({4, 5}, 0.5, 1, 2)},
                 {Attribute(Shape{2, 3}), Attribute(FloatList()), Attribute(true)},
                 false}};
      });
}

void define_histogramdd_at(OpDef& op) {
  op.doc(
        "How many of the points `x` [..., D] lie between neighbouring edges of each dim: `bins`, D "
        "rising vectors; see histogramdd.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& weight, TensorList bins, bool density) -> Tensor {
        check_points("histogramdd_at", x, weight, bins.size());
        for (const Tensor& edges : bins) check_edges("histogramdd_at", x, edges);
        return counted_points(x, bins, weight, density);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Tensor first = std::get<0>(sort(sample_tensor({4}, -1.5, 1.4, 3)));
        const Tensor second = std::get<0>(sort(sample_tensor({3}, -1.7, 1.2, 4)));
        return {{{sample_tensor({9, 2}), Tensor(), first, second}, {Attribute(false)}, false},
                {{sample_tensor({3, 4, 2}), sample_tensor({3, 4}, 0.5, 1, 2), first, second},
                 {Attribute(true)},
                 false}};
      });
}

}  // namespace tenon::ops
