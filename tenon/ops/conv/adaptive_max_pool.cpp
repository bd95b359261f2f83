// Adaptive pooling by the largest: adaptive_max_pool1d, 2d and 3d, and their indices.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/conv/spatial.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

struct Largest {
  Tensor values, places;
};

/// The elements of the bins of `x` along `dim` (below 0) as a dim of their own behind it: bin i of
/// m goes from floor(i n / m) to ceil((i + 1) n / m). Shorter ones have their last element again.
Tensor in_bins(const Tensor& x, int64_t dim, const Tensor& places) {
  Shape sizes = x.sizes();
  const auto at = static_cast<size_t>(x.dim() + dim);
  sizes[at] = places.size(0);
  sizes.insert(at + 1, places.size(1));
  return reshape(index_select(x, dim, reshape(places, {-1})), sizes);
}

/// Which elements of a dim are in which bin: [outputs, elements].
Tensor places_of_bins(int64_t inputs, int64_t outputs, const Device& device) {
  const NoGrad no_grad;
  const auto numbers = [&](int64_t count) { return arange(0, count, 1, kInt64, device); };
  const Tensor i = numbers(outputs);
  const Tensor first = floor_divide(i * inputs, outputs);
  const Tensor last = floor_divide((i + 1) * inputs + (outputs - 1), outputs) - 1;
  const int64_t longest = std::min(inputs, (inputs + outputs - 1) / outputs + 1);
  return minimum(unsqueeze(first, 1) + numbers(longest), unsqueeze(last, 1));
}

/// The first of the largest along `dim` of each of its bins, of `found` in what comes behind it.
/// Places are numbers of elements in the dims from `dim` on, of which there are `behind` in each of
/// its own.
Largest largest_along(const Largest& found, int64_t dim, int64_t outputs, int64_t behind) {
  const Tensor bins = places_of_bins(found.values.size(dim), outputs, found.values.device());
  const auto [values, chosen] = max_dim(in_bins(found.values, dim, bins), dim);
  const NoGrad no_grad;
  Shape along(static_cast<size_t>(-dim), 1);
  along[0] = outputs;
  const Tensor first = reshape(select(bins, 1, 0), along);
  Tensor places = (first + chosen) * behind;
  if (found.places.defined()) {
    const Tensor before = in_bins(found.places, dim, bins);
    places = places + squeeze(gather(before, dim, unsqueeze(chosen, dim)), {dim});
  }
  return {values, places};
}

Largest adaptive_largest(const char* call, const Tensor& x, IntList output_size, size_t rank) {
  check_spatial(call, x, rank);
  const Shape outputs = per_dim(call, "output_size", output_size, rank, 1);
  Largest found{x, Tensor()};
  int64_t behind = 1;
  for (size_t i = rank; i-- > 0;) {
    const int64_t dim = static_cast<int64_t>(i) - static_cast<int64_t>(rank);
    const int64_t inputs = x.size(dim);
    if (inputs == 0) {
      fail<ShapeError>(call, fmt::format("x of {} has nothing to pool", to_string(x.sizes())));
    }
    found = largest_along(found, dim, outputs[i], behind);
    behind *= inputs;
  }
  return found;
}

constexpr const char* kCalls[] = {"adaptive_max_pool1d", "adaptive_max_pool2d",
                                  "adaptive_max_pool3d"};
constexpr const char* kCallsWithIndices[] = {"adaptive_max_pool1d_with_indices",
                                             "adaptive_max_pool2d_with_indices",
                                             "adaptive_max_pool3d_with_indices"};

template <size_t kRank>
std::vector<Sample> samples_of() {
  static const Shape kInputs[] = {{2, 3, 7}, {2, 5, 7}, {2, 3, 4, 5}};
  static const Shape kEven[] = {{3, 8}, {2, 3, 6, 4}, {1, 2, 4, 2, 4}};
  static const Shape kOutputs[] = {{3}, {2, 3}, {2, 2, 3}};
  return {{{sample_tensor(kInputs[kRank - 1])}, {Attribute(kOutputs[kRank - 1])}},
          {{sample_tensor(kEven[kRank - 1])}, {Attribute(Shape{2})}}};
}

template <size_t kRank>
OpDef& define_values(OpDef& op) {
  return op.accepts(kRealSet)
      .compose([](const Tensor& x, IntList output_size) -> Tensor {
        return adaptive_largest(kCalls[kRank - 1], x, output_size, kRank).values;
      })
      .samples(samples_of<kRank>);
}

template <size_t kRank>
OpDef& define_with_indices(OpDef& op) {
  return op.accepts(kRealSet)
      .compose([](const Tensor& x, IntList output_size) -> std::tuple<Tensor, Tensor> {
        const char* const call = kCallsWithIndices[kRank - 1];
        const Largest found = adaptive_largest(call, x, output_size, kRank);
        return {found.values, found.places};
      })
      .samples(samples_of<kRank>);
}

}  // namespace

void define_adaptive_max_pool2d(OpDef& op) {
  define_values<2>(op).doc(
      "The largest of each bin of `x` [n, c, h, w] or [c, h, w], NaN if there is one, in "
      "`output_size` (one number or (height, width)); bins as in adaptive_avg_pool2d. Of equal "
      "ones the first gets the gradient. ShapeError where there is nothing to pool.");
}

void define_adaptive_max_pool1d(OpDef& op) {
  define_values<1>(op).doc("adaptive_max_pool2d for `x` [n, c, length] or [c, length].");
}

void define_adaptive_max_pool3d(OpDef& op) {
  define_values<3>(op).doc(
      "adaptive_max_pool2d for `x` [n, c, d, h, w] or [c, d, h, w]; `output_size` is one number or "
      "(depth, height, width).");
}

void define_adaptive_max_pool1d_with_indices(OpDef& op) {
  define_with_indices<1>(op).doc("adaptive_max_pool1d, and where in its row each element is.");
}

void define_adaptive_max_pool2d_with_indices(OpDef& op) {
  define_with_indices<2>(op).doc(
      "adaptive_max_pool2d, and the place i w + j of each element in its plane.");
}

void define_adaptive_max_pool3d_with_indices(OpDef& op) {
  define_with_indices<3>(op).doc(
      "adaptive_max_pool3d, and the place (i h + j) w + k of each element in its volume.");
}

}  // namespace tenon::ops
