// Parts of a tensor as views: select, slice, narrow, diagonal, as_strided; and the op that their
// gradients share.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

ViewSpec select_view(const Shape& sizes, const Shape& strides, int64_t offset, int64_t dim,
                     int64_t index) {
  const auto rank = static_cast<int64_t>(sizes.size());
  if (rank == 0) fail<IndexError>("select", "a 0-d tensor has no dim to select from");
  const auto at = static_cast<size_t>(normalize_dim("select", dim, rank));
  const int64_t size = sizes[at];
  if (index < -size || index >= size) {
    fail<IndexError>(
        "select", fmt::format("index {} is out of range for dim {} of size {}", index, at, size));
  }
  ViewSpec spec{sizes, strides, offset + (index < 0 ? index + size : index) * strides[at]};
  spec.sizes.erase(at);
  spec.strides.erase(at);
  return spec;
}

ViewSpec slice_view(const Shape& sizes, const Shape& strides, int64_t offset, int64_t dim,
                    std::optional<int64_t> start, std::optional<int64_t> end, int64_t step) {
  const auto rank = static_cast<int64_t>(sizes.size());
  if (rank == 0) fail<IndexError>("slice", "a 0-d tensor has no dim to slice");
  const auto at = static_cast<size_t>(normalize_dim("slice", dim, rank));
  if (step <= 0) {
    fail<ValueError>("slice",
                     fmt::format("expected a step of at least 1, got {}; flip() reverses", step));
  }
  const int64_t size = sizes[at];
  const auto place = [size](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + size : i, 0, size);
  };
  const int64_t first = place(start.value_or(0));
  const int64_t last = std::max(first, place(end.value_or(size)));
  ViewSpec spec{sizes, strides, offset + first * strides[at]};
  spec.sizes[at] = (last - first) / step + ((last - first) % step != 0 ? 1 : 0);
  if (spec.sizes[at] > 1) spec.strides[at] *= step;
  return spec;
}

ViewSpec narrow_view(const Shape& sizes, const Shape& strides, int64_t offset, int64_t dim,
                     int64_t start, int64_t length) {
  const auto rank = static_cast<int64_t>(sizes.size());
  if (rank == 0) fail<IndexError>("narrow", "a 0-d tensor has no dim to narrow");
  const auto at = static_cast<size_t>(normalize_dim("narrow", dim, rank));
  const int64_t size = sizes[at];
  const int64_t first = start < 0 ? start + size : start;
  if (first < 0 || length < 0 || length > size || first > size - length) {
    fail<IndexError>("narrow", fmt::format("start {} and length {} leave dim {} of size {}", start,
                                           length, at, size));
  }
  ViewSpec spec{sizes, strides, offset + first * strides[at]};
  spec.sizes[at] = length;
  return spec;
}

ViewSpec diagonal_view(const Shape& sizes, const Shape& strides, int64_t offset, int64_t diagonal,
                       int64_t dim0, int64_t dim1) {
  const auto rank = static_cast<int64_t>(sizes.size());
  const auto a = static_cast<size_t>(normalize_dim("diagonal", dim0, rank));
  const auto b = static_cast<size_t>(normalize_dim("diagonal", dim1, rank));
  if (rank < 2 || a == b) {
    fail<ShapeError>("diagonal", fmt::format("expected two different dims of a tensor of rank 2 or "
                                             "more, got dims {} and {} of {}",
                                             dim0, dim1, to_string(sizes)));
  }
  const int64_t shift = std::clamp(diagonal, -sizes[a], sizes[b]);
  const int64_t below = std::max<int64_t>(-shift, 0), right = std::max<int64_t>(shift, 0);
  const int64_t length = std::max<int64_t>(std::min(sizes[a] - below, sizes[b] - right), 0);
  ViewSpec spec{{}, {}, offset};
  if (length > 0) spec.offset += below * strides[a] + right * strides[b];
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (i == a || i == b) continue;
    spec.sizes.push_back(sizes[i]);
    spec.strides.push_back(strides[i]);
  }
  spec.sizes.push_back(length);
  spec.strides.push_back(strides[a] + strides[b]);
  return spec;
}

/// Views of a row-major tensor are made of layouts that were worked out elsewhere: one that reaches
/// out of it would write into what others own.
void check_reach(std::string_view call, IntList sizes, IntList strides, int64_t offset,
                 int64_t elements) {
  int64_t last = offset;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) return;
    last += (sizes[i] - 1) * strides[i];
  }
  if (offset >= 0 && last < elements) return;
  fail<IndexError>(call, fmt::format("sizes {}, strides {} and offset {} reach out of {} elements",
                                     to_string(sizes), to_string(strides), offset, elements));
}

ViewSpec strided_view(const Tensor& x, IntList sizes, IntList strides,
                      std::optional<int64_t> storage_offset) {
  if (sizes.size() != strides.size()) {
    fail<ShapeError>("as_strided", fmt::format("{} sizes don't go with {} strides", sizes.size(),
                                               strides.size()));
  }
  ViewSpec spec{Shape(sizes), Shape(strides), storage_offset.value_or(x.storage_offset())};
  // The last element's place, in 128 bits: strides of the caller may overflow 64.
  __int128 last = spec.offset;
  bool empty = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 0 || strides[i] < 0) {
      fail<ShapeError>("as_strided", fmt::format("sizes {} and strides {} must not be negative",
                                                 to_string(sizes), to_string(strides)));
    }
    empty = empty || sizes[i] == 0;
    if (sizes[i] > 0) last += static_cast<__int128>(sizes[i] - 1) * strides[i];
  }
  count_elements("as_strided", sizes);
  const auto held = x.device() == kMeta
                        ? __int128{1} << 64
                        : static_cast<__int128>(x.impl()->storage->bytes / x.itemsize());
  if (spec.offset < 0 || spec.offset > held || (!empty && last >= held)) {
    fail<IndexError>(
        "as_strided",
        fmt::format("sizes {}, strides {} and offset {} reach beyond the memory of the "
                    "tensor",
                    to_string(sizes), to_string(strides), spec.offset));
  }
  return spec;
}

/// The gradient of a view rule: where the view lies in a row-major tensor of the input's sizes.
template <class Rule>
Grads into_zeros(const Saved& saved, const Tensor& dy, Rule rule) {
  const Shape& sizes = saved.input_sizes(0);
  const ViewSpec spec = rule(sizes, contiguous_strides(sizes));
  return {view_backward(dy, sizes, spec.strides, spec.offset)};
}

}  // namespace

void define_select(OpDef& op) {
  op.doc(
        "The `index`-th slice along `dim`, which goes; a view. Negative indices count from the "
        "end.")
      .accepts(kAnySet)
      .view([](const Tensor& x, int64_t dim, int64_t index) {
        return select_view(x.sizes(), x.strides(), x.storage_offset(), dim, index);
      })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim, int64_t index) -> Grads {
        return into_zeros(saved, dy, [&](const Shape& sizes, const Shape& strides) {
          return select_view(sizes, strides, 0, dim, index);
        });
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4})}, {Attribute(int64_t{0}), Attribute(int64_t{1})}},
                {{sample_tensor({3, 4})}, {Attribute(int64_t{-1}), Attribute(int64_t{-1})}}};
      });
}

void define_slice(OpDef& op) {
  op.doc(
        "x[..., start:end:step, ...] along `dim`, a view. As in Python, negative places count from "
        "the end and places beyond the ends are moved to them; `step` is at least 1.")
      .accepts(kAnySet)
      .view([](const Tensor& x, int64_t dim, std::optional<int64_t> start,
               std::optional<int64_t> end, int64_t step) {
        return slice_view(x.sizes(), x.strides(), x.storage_offset(), dim, start, end, step);
      })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim, std::optional<int64_t> start,
              std::optional<int64_t> end, int64_t step) -> Grads {
        return into_zeros(saved, dy, [&](const Shape& sizes, const Shape& strides) {
          return slice_view(sizes, strides, 0, dim, start, end, step);
        });
      })
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        return {{{sample_tensor({5, 3})}, {at(0), at(1), at(4), at(1)}},
                {{sample_tensor({5, 3})}, {at(0), Attribute(), Attribute(), at(2)}},
                {{sample_tensor({2, 6})}, {at(-1), at(-5), at(-1), at(3)}},
                {{sample_tensor({4})}, {at(0), at(3), at(1), at(1)}}};
      });
}

void define_narrow(OpDef& op) {
  op.doc("The `length` slices from `start` on along `dim`, a view. IndexError beyond the ends.")
      .accepts(kAnySet)
      .view([](const Tensor& x, int64_t dim, int64_t start, int64_t length) {
        return narrow_view(x.sizes(), x.strides(), x.storage_offset(), dim, start, length);
      })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim, int64_t start,
              int64_t length) -> Grads {
        return into_zeros(saved, dy, [&](const Shape& sizes, const Shape& strides) {
          return narrow_view(sizes, strides, 0, dim, start, length);
        });
      })
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        return {{{sample_tensor({5, 3})}, {at(0), at(1), at(3)}},
                {{sample_tensor({5, 3})}, {at(-1), at(-2), at(2)}}};
      });
}

void define_diagonal(OpDef& op) {
  op.doc(
        "The elements x[..., i, ..., i + offset, ...] of dims `dim0` and `dim1`, as the last dim "
        "of "
        "a view without those two.")
      .accepts(kAnySet)
      .view([](const Tensor& x, int64_t offset, int64_t dim0, int64_t dim1) {
        return diagonal_view(x.sizes(), x.strides(), x.storage_offset(), offset, dim0, dim1);
      })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t offset, int64_t dim0,
              int64_t dim1) -> Grads {
        return into_zeros(saved, dy, [&](const Shape& sizes, const Shape& strides) {
          return diagonal_view(sizes, strides, 0, offset, dim0, dim1);
        });
      })
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        return {{{sample_tensor({3, 4})}, {at(0), at(0), at(1)}},
                {{sample_tensor({3, 4})}, {at(-1), at(0), at(1)}},
                {{sample_tensor({2, 3, 3})}, {at(1), at(-2), at(-1)}}};
      });
}

void define_as_strided(OpDef& op) {
  op.doc(
        "A view with these sizes and strides of the memory behind `x`, from `storage_offset` (in "
        "elements; default: where `x` starts). IndexError where it reaches beyond that memory. The "
        "gradient of a place in memory is the sum over the view's elements there; elements of `x` "
        "that share a place get equal parts of it, and what isn't in `x` gets none.")
      .accepts(kAnySet)
      .view([](const Tensor& x, IntList sizes, IntList strides,
               std::optional<int64_t> storage_offset) {
        return strided_view(x, sizes, strides, storage_offset);
      })
      .saves_sizes()
      // Of a row-major `x` that the view lies in; autograd/view_history.h has the rule of others.
      .vjp([](const Saved& saved, const Tensor& dy, IntList, IntList strides,
              std::optional<int64_t> storage_offset) -> Grads {
        return {view_backward(dy, saved.input_sizes(0), strides, storage_offset.value_or(0))};
      })
      .samples([]() -> std::vector<Sample> {
        return {
            {{sample_tensor({3, 4})},
             {Attribute(Shape{2, 2}), Attribute(Shape{1, 4}), Attribute(int64_t{1})}},
            {{sample_tensor({6})}, {Attribute(Shape{3, 2}), Attribute(Shape{1, 1}), Attribute()}}};
      });
}

void define_strided_part(OpDef& op) {
  op.doc(
        "The part of a row-major `x` that lies at `offset` from its first element with these sizes "
        "and strides, a view.")
      .accepts(kAnySet)
      .view([](const Tensor& x, IntList sizes, IntList strides, int64_t offset) -> ViewSpec {
        if (!x.is_contiguous()) fail<ValueError>("strided_part", "expected a row-major tensor");
        check_reach("strided_part", sizes, strides, offset, x.numel());
        return {Shape(sizes), Shape(strides), x.storage_offset() + offset};
      })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, IntList, IntList strides,
              int64_t offset) -> Grads {
        return {view_backward(dy, saved.input_sizes(0), strides, offset)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4})},
                 {Attribute(Shape{2, 2}), Attribute(Shape{1, 4}), Attribute(int64_t{1})}}};
      });
}

void define_view_backward(OpDef& op) {
  op.doc(
        "Zeros of `sizes`, row-major, with `dy` added where a view with dy's sizes, `strides` and "
        "`offset` reads them: the gradient of every view.")
      .accepts(kNumberSet)
      .shape([](const Tensor& dy, IntList sizes, IntList strides, int64_t offset) -> Spec {
        check_reach("view_backward", dy.sizes(), strides, offset,
                    count_elements("view_backward", sizes));
        return {dy.dtype(), Shape(sizes)};
      })
      .kernel()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& ddx, IntList, IntList strides,
              int64_t offset) -> Grads {
        return {strided_part(contiguous(ddx), saved.input_sizes(0), strides, offset)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 2})},
                 {Attribute(Shape{3, 4}), Attribute(Shape{4, 2}), Attribute(int64_t{1})}},
                {{sample_tensor({3, 2})},
                 {Attribute(Shape{6}), Attribute(Shape{1, 1}), Attribute(int64_t{0})}}};
      });
}

namespace {

ViewSpec unfold_view(const Shape& sizes, const Shape& strides, int64_t offset, int64_t dimension,
                     int64_t size, int64_t step) {
  const auto rank = static_cast<int64_t>(sizes.size());
  if (rank == 0) fail<IndexError>("unfold", "a 0-d tensor has no dim to unfold");
  const auto at = static_cast<size_t>(normalize_dim("unfold", dimension, rank));
  if (size < 0 || size > sizes[at] || step < 1) {
    fail<ValueError>("unfold", fmt::format("expected a size from 0 to {}, that of dim {}, and a "
                                           "step of at least 1, got {} and {}",
                                           sizes[at], at, size, step));
  }
  ViewSpec spec{sizes, strides, offset};
  spec.sizes[at] = (sizes[at] - size) / step + 1;
  spec.strides[at] *= spec.sizes[at] > 1 ? step : 1;
  spec.sizes.push_back(size);
  spec.strides.push_back(strides[at]);
  return spec;
}

}  // namespace

void define_unfold(OpDef& op) {
  op.doc(
        "Windows of `size` elements every `step` elements along `dimension`, each as a new last "
        "dim; a view.")
      .accepts(kAnySet)
      .view([](const Tensor& x, int64_t dimension, int64_t size, int64_t step) {
        return unfold_view(x.sizes(), x.strides(), x.storage_offset(), dimension, size, step);
      })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dimension, int64_t size,
              int64_t step) -> Grads {
        return into_zeros(saved, dy, [&](const Shape& sizes, const Shape& strides) {
          return unfold_view(sizes, strides, 0, dimension, size, step);
        });
      })
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        return {{{sample_tensor({7})}, {at(0), at(3), at(2)}},
                {{sample_tensor({2, 5})}, {at(-1), at(2), at(1)}},
                {{sample_tensor({4, 3})}, {at(0), at(4), at(1)}}};
      });
}

}  // namespace tenon::ops
