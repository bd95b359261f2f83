#pragma once

#include <optional>
#include <variant>

#include "tenon/core/tensor.h"

namespace tenon {

/// A new dim of size 1; in a `Slice`, a place that is left out.
struct NoneIndex {
  constexpr operator std::optional<int64_t>() const { return std::nullopt; }
};
inline constexpr NoneIndex None{};

/// Python's start:stop:step. Negative places count from the end; the step is at least 1. What is
/// left out is `None` or {}: Slice(None, None, 2) is ::2.
struct Slice {
  std::optional<int64_t> start, stop;
  int64_t step = 1;

  Slice() = default;
  Slice(std::optional<int64_t> start, std::optional<int64_t> stop, int64_t step = 1)
      : start(start), stop(stop), step(step) {}
};

/// As many whole dims as the other indices leave over.
struct EllipsisIndex {};
inline constexpr EllipsisIndex Ellipsis{};

/// One place between the brackets of x[...]: an integer, `Slice`, `Ellipsis`, `None`, or a tensor:
/// of integers, which takes the place of a dim, or of bool, a mask for as many dims as it has. The
/// rules are NumPy's: tensors broadcast, and the dims that they give stand where the first of them
/// stood when all stand side by side, else in front. As in PyTorch, a 0-d tensor of integers is the
/// integer that it holds, so that x[...] is a view where nothing else asks for a copy. It is a copy
/// on `meta`, which holds no number, and in pure functions, whose replays take it from their own.
struct TENON_API TensorIndex {
  std::variant<int64_t, Slice, EllipsisIndex, NoneIndex, Tensor> value;

  template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) TensorIndex(T index)
      : value(static_cast<int64_t>(index)) {}
  TensorIndex(Slice slice) : value(slice) {}
  TensorIndex(EllipsisIndex ellipsis) : value(ellipsis) {}
  TensorIndex(NoneIndex none) : value(none) {}
  TensorIndex(Tensor index) : value(std::move(index)) {}
};

}  // namespace tenon
