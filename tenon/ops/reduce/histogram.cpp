// histogram: how many elements lie between edges.

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

/// Counts, or sums of weights, between neighbouring edges; the last edge belongs to its bin.
std::tuple<Tensor, Tensor> counted(const Tensor& x, const Tensor& edges, const Tensor& weight,
                                   bool density) {
  const int64_t bins = edges.size(0) - 1;
  const Tensor values = reshape(x, {-1});
  const Tensor first = narrow(edges, 0, 0, 1), last = narrow(edges, 0, bins, 1);
  const Tensor inside = (values >= first) & (values <= last);
  const Tensor after = searchsorted(edges, contiguous(values), false, true);
  const Tensor place =
      where(inside, clamp(after - 1, Scalar(0), Scalar(bins - 1)), bins);  // one more for others
  const Tensor amounts = weight.defined() ? reshape(weight, {-1}) : ones_like(values);
  Tensor counts = index_add(zeros({bins + 1}, x.dtype(), x.device()), 0, place, amounts);
  counts = narrow(counts, 0, 0, bins);
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
        if (bins < 1) {
          fail<ValueError>("histogram", fmt::format("expected at least 1 bin, got {}", bins));
        }
        if (!range.empty() && (range.size() != 2 || !(range[0] < range[1]))) {
          fail<ValueError>("histogram", fmt::format("expected a range (low, high) with low < high, "
                                                    "got [{}]",
                                                    fmt::join(range, ", ")));
        }
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
        if (bins.dim() != 1 || bins.numel() < 2 || bins.dtype() != x.dtype()) {
          fail<ShapeError>(
              "histogram_at",
              fmt::format("expected two or more edges in one dim, of {}, got {} {}",
                          name_of(x.dtype()), name_of(bins.dtype()), to_string(bins.sizes())));
        }
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

}  // namespace tenon::ops
