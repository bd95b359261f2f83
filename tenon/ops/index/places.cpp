// Elements by their places in the flattened tensor and along a dim: take, put, take_along_dim,
// index_copy, index_fill, masked_scatter.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_index(std::string_view call, const Tensor& index) {
  if (!is_integer(index.dtype())) {
    fail<DTypeError>(call,
                     fmt::format("expected an index of integers, got {}", name_of(index.dtype())));
  }
}

/// The index as a vector; negative numbers count from the end.
Tensor flat_places(std::string_view call, const Tensor& index, int64_t count) {
  check_index(call, index);
  const Tensor places = reshape(index, {-1}).to(kInt64);
  return where(places < 0, places + count, places);
}

/// A vector of slice numbers along `dim`, expanded to `sizes`.
Tensor along(std::string_view call, const Tensor& index, int64_t dim, const Shape& sizes) {
  check_index(call, index);
  Shape line(sizes.size(), 1);
  if (!line.empty()) line[static_cast<size_t>(dim)] = index.numel();
  return expand(reshape(index, line), sizes);
}

void check_slices(std::string_view call, const Tensor& x, const Tensor& index) {
  if (x.dim() == 0 || index.dim() > 1) {
    fail<ShapeError>(call, fmt::format("expected a tensor of rank 1 or more and a 1-d index, got "
                                       "{} and {}",
                                       to_string(x.sizes()), to_string(index.sizes())));
  }
}

Tensor masked_scatter_of(const Tensor& x, const Tensor& mask, const Tensor& source) {
  if (mask.dtype() != kBool || source.dtype() != x.dtype()) {
    fail<DTypeError>(
        "masked_scatter",
        fmt::format("expected a bool mask and a source of {}, got {} and {}", name_of(x.dtype()),
                    name_of(mask.dtype()), name_of(source.dtype())));
  }
  const Shape sizes = broadcast_shapes("masked_scatter", x.sizes(), mask.sizes());
  const Tensor chosen = expand(mask, sizes), flat = reshape(source, {-1});
  // Each chosen place takes as many elements of the source as were chosen before it.
  const Tensor number = reshape(cumsum(reshape(chosen, {-1}), 0) - 1, sizes);
  if (flat.numel() == 0) {
    index_select(flat, 0, masked_select(number, chosen));  // an IndexError where any is chosen
    return clone(expand(x, sizes));
  }
  const Tensor places = masked_fill(number, logical_not(chosen), 0);
  const Tensor values = reshape(index_select(flat, 0, reshape(places, {-1})), sizes);
  return where(chosen, values, expand(x, sizes));
}

}  // namespace

void define_take(OpDef& op) {
  op.doc(
        "The elements of the flattened `x` at the places `index`, in its sizes. Negative places "
        "count from the end; IndexError where one is out of range.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, const Tensor& index) -> Tensor {
        const Tensor places = flat_places("take", index, x.numel());
        return reshape(index_select(reshape(x, {-1}), 0, places), index.sizes());
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}), sample_integers({2, 3}, -12, 12)}, {}},
                {{sample_tensor({5}), sample_integers({}, 0, 5)}, {}}};
      });
}

void define_put(OpDef& op) {
  op.doc(
        "`x` with the elements of `source` at the places `index` of the flattened tensor, or added "
        "there with `accumulate`. Of several for one place the last counts. Negative places count "
        "from the end; IndexError where one is out of range, ShapeError unless both have as many "
        "elements.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, const Tensor& index, const Tensor& source,
                  bool accumulate) -> Tensor {
        if (index.numel() != source.numel()) {
          fail<ShapeError>("put", fmt::format("{} places don't go with {} elements", index.numel(),
                                              source.numel()));
        }
        const Tensor places = flat_places("put", index, x.numel());
        const Tensor line = reshape(x, {-1}), values = reshape(source, {-1});
        return reshape(
            accumulate ? scatter_add(line, 0, places, values) : scatter(line, 0, places, values),
            x.sizes());
      })
      .samples([]() -> std::vector<Sample> {
        // Different places: of equal ones only the last has a gradient.
        Tensor places = sample_integers({2, 2}, 0, 1);
        for (int64_t i = 0; i < 4; ++i) places.data<int64_t>()[i] = (5 * i + 2) % 12 - (i % 2) * 12;
        return {{{sample_tensor({3, 4}), places, sample_tensor({4}, 0, 1, 2)}, {Attribute(false)}},
                {{sample_tensor({3, 4}), sample_integers({5}, 0, 12), sample_tensor({5}, 0, 1, 2)},
                 {Attribute(true)}}};
      });
}

void define_take_along_dim(OpDef& op) {
  op.doc(
        "gather, in which `x` and `indices` broadcast along the other dims; without `dim` as take. "
        "It takes what argsort and argmax (with keepdim) give.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, const Tensor& indices, std::optional<int64_t> dim) -> Tensor {
        if (!dim) return take(x, reshape(indices, {-1}));
        if (x.dim() != indices.dim()) {
          fail<ShapeError>("take_along_dim",
                           fmt::format("expected indices of {} dims, got sizes {}", x.dim(),
                                       to_string(indices.sizes())));
        }
        const auto at = static_cast<size_t>(normalize_dim("take_along_dim", *dim, x.dim()));
        if (x.dim() == 0) return gather(x, 0, indices);
        Shape x_sizes = x.sizes(), index_sizes = indices.sizes();
        x_sizes[at] = index_sizes[at] = 1;
        x_sizes = index_sizes = broadcast_shapes("take_along_dim", x_sizes, index_sizes);
        x_sizes[at] = x.sizes()[at];
        index_sizes[at] = indices.sizes()[at];
        return gather(expand(x, x_sizes), *dim, expand(indices, index_sizes));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}), sample_integers({3, 2}, 0, 4)}, {Attribute(int64_t{1})}},
                {{sample_tensor({3, 4}), sample_integers({1, 4}, 0, 3)}, {Attribute(int64_t{0})}},
                {{sample_tensor({3, 4}), sample_integers({2, 2}, 0, 12)}, {Attribute()}}};
      });
}

void define_index_copy(OpDef& op) {
  op.doc(
        "`x` with slice i of `source` along `dim` in the place of slice index[i]. Of several for "
        "one place the last counts. IndexError where a number is out of range.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t dim, const Tensor& index,
                  const Tensor& source) -> Tensor {
        check_slices("index_copy", x, index);
        const int64_t at = normalize_dim("index_copy", dim, x.dim());
        Shape sizes = x.sizes();
        sizes[static_cast<size_t>(at)] = index.numel();
        if (source.sizes() != sizes) {
          fail<ShapeError>("index_copy", fmt::format("expected a source of sizes {}, got {}",
                                                     to_string(sizes), to_string(source.sizes())));
        }
        return scatter(x, at, along("index_copy", index, at, sizes), source);
      })
      .samples([]() -> std::vector<Sample> {
        Tensor places = sample_integers({2}, 0, 1);
        places.data<int64_t>()[0] = 2;
        return {{{sample_tensor({4, 3}), places, sample_tensor({2, 3}, 0, 1, 2)},
                 {Attribute(int64_t{0})}},
                {{sample_tensor({2, 3}), places, sample_tensor({2, 2}, 0, 1, 2)},
                 {Attribute(int64_t{-1})}}};
      });
}

void define_index_fill(OpDef& op) {
  op.doc(
        "`x` with `value`, a number or 0-d tensor, in the slices index[i] along `dim`. IndexError "
        "where a number is out of range.")
      .accepts(kAnySet)
      .compose(
          [](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& value) -> Tensor {
            check_slices("index_fill", x, index);
            if (value.dim() != 0) {
              fail<ShapeError>("index_fill",
                               fmt::format("expected a number or 0-d tensor, got sizes {}",
                                           to_string(value.sizes())));
            }
            const int64_t at = normalize_dim("index_fill", dim, x.dim());
            Shape sizes = x.sizes();
            sizes[static_cast<size_t>(at)] = index.numel();
            return scatter(x, at, along("index_fill", index, at, sizes), value.to(x.dtype()));
          })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3}), sample_integers({2}, 0, 4), sample_tensor({}, 3, 4)},
                 {Attribute(int64_t{0})},
                 false},
                {{sample_tensor({2, 3}), sample_integers({1}, 0, 3), sample_tensor({}, 3, 4)},
                 {Attribute(int64_t{-1})}}};
      });
}

void define_masked_scatter(OpDef& op) {
  op.doc(
        "`x` with the elements of `source`, in their order, where `mask` (bool) is true. `x` and "
        "`mask` broadcast. IndexError where the source has too few elements.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kPromote)
      .compose([](const Tensor& x, const Tensor& mask, const Tensor& source) -> Tensor {
        return masked_scatter_of(x, mask, source);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}), sample_mask({3, 4}), sample_tensor({12}, 3, 4, 2)}, {}},
                {{sample_tensor({3, 4}), sample_mask({4}), sample_tensor({3, 4}, 3, 4, 2)}, {}}};
      });
}

}  // namespace tenon::ops
