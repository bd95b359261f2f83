// Neighbours along a dim: diff, gradient, trapezoid, cumulative_trapezoid.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Tensor without_last(const Tensor& x, int64_t dim) { return narrow(x, dim, 0, x.size(dim) - 1); }
Tensor without_first(const Tensor& x, int64_t dim) { return narrow(x, dim, 1, x.size(dim) - 1); }

Tensor extended(const Tensor& x, int64_t dim, const Tensor& prepend, const Tensor& append) {
  std::vector<Tensor> parts;
  if (prepend.defined()) parts.push_back(prepend);
  parts.push_back(x);
  if (append.defined()) parts.push_back(append);
  return parts.size() == 1 ? x : cat(parts, dim);
}

/// Integers as floating numbers: sums and differences of small ones go beyond their dtype.
Tensor in_floating(const Tensor& x) { return x.to(computed_floating(x.dtype())); }

/// The areas under the lines from each y to the next.
Tensor areas(std::string_view call, const Tensor& y, const Tensor& x, double dx, int64_t along) {
  if (y.dim() == 0) fail<ShapeError>(call, "a 0-d tensor has no dim to integrate");
  const Tensor heights = in_floating(y);
  const Tensor pairs = without_first(heights, along) + without_last(heights, along);
  if (!x.defined()) return pairs * (dx / 2);
  Tensor steps = diff(in_floating(x), 1, x.dim() == 1 ? 0 : along - y.dim());
  for (int64_t i = along + 1; x.dim() == 1 && i < y.dim(); ++i) steps = unsqueeze(steps, -1);
  return pairs * steps * 0.5;
}

std::vector<Sample> integral_samples() {
  const Tensor y = sample_tensor({3, 4});
  return {{{y, Tensor()}, {Attribute(0.5), Attribute(int64_t{-1})}},
          {{y, sample_tensor({3}, 0, 1, 2)}, {Attribute(1.0), Attribute(int64_t{0})}},
          {{y, sample_tensor({3, 4}, 0, 1, 2)}, {Attribute(1.0), Attribute(int64_t{1})}}};
}

/// What multiplies each of three neighbours: numbers, or a tensor with one for each place.
template <class T>
struct Weights {
  T first, middle, last;
};

/// Of the parabola through three points `before` and `after` apart, its derivative at the first.
template <class T>
Weights<T> slope_at_first(const T& before, const T& after) {
  const T both = before + after;
  return {-(before + both) / (before * both), both / (before * after), -before / (after * both)};
}

template <class T>
Weights<T> slope_at_middle(const T& before, const T& after) {
  const T both = before + after;
  return {-after / (before * both), (after - before) / (before * after), before / (after * both)};
}

template <class T>
Weights<T> slope_at_last(const T& before, const T& after) {
  const T both = before + after;
  return {after / (before * both), -both / (before * after), (after + both) / (after * both)};
}

/// The weighted sums of `count` triples along `dim`, whose first elements begin at `start`.
template <class T>
Tensor weighted_triples(const Tensor& x, int64_t dim, int64_t start, int64_t count,
                        const Weights<T>& weights) {
  return narrow(x, dim, start, count) * weights.first +
         narrow(x, dim, start + 1, count) * weights.middle +
         narrow(x, dim, start + 2, count) * weights.last;
}

Tensor first_pair(const Tensor& x, int64_t dim) {
  return narrow(x, dim, 1, 1) - narrow(x, dim, 0, 1);
}
Tensor last_pair(const Tensor& x, int64_t dim) {
  const int64_t size = x.size(dim);
  return narrow(x, dim, size - 1, 1) - narrow(x, dim, size - 2, 1);
}

/// The derivative at points `step` apart.
Tensor even_slopes(const Tensor& x, int64_t dim, double step, int64_t edge_order) {
  const int64_t size = x.size(dim);
  Tensor first, last;
  if (edge_order == 1) {
    first = first_pair(x, dim) / step;
    last = last_pair(x, dim) / step;
  } else {
    first = weighted_triples(x, dim, 0, 1, slope_at_first(step, step));
    last = weighted_triples(x, dim, size - 3, 1, slope_at_last(step, step));
  }
  if (size == 2) return cat({first, last}, dim);
  const Tensor middle = (narrow(x, dim, 2, size - 2) - narrow(x, dim, 0, size - 2)) / (2 * step);
  return cat({first, middle, last}, dim);
}

/// The derivative at the points `places`, a vector.
Tensor uneven_slopes(const Tensor& x, int64_t dim, const Tensor& places, int64_t edge_order) {
  const int64_t size = x.size(dim), steps = size - 1;
  Shape sizes(static_cast<size_t>(x.dim()), 1);
  sizes[static_cast<size_t>(dim)] = steps;
  const Tensor apart = reshape(diff(places), sizes);
  const auto step = [&](int64_t start, int64_t count) { return narrow(apart, dim, start, count); };
  Tensor first, last;
  if (edge_order == 1) {
    first = first_pair(x, dim) / step(0, 1);
    last = last_pair(x, dim) / step(steps - 1, 1);
  } else {
    first = weighted_triples(x, dim, 0, 1, slope_at_first(step(0, 1), step(1, 1)));
    last = weighted_triples(x, dim, size - 3, 1,
                            slope_at_last(step(steps - 2, 1), step(steps - 1, 1)));
  }
  if (size == 2) return cat({first, last}, dim);
  const Weights<Tensor> weights = slope_at_middle(step(0, steps - 1), step(1, steps - 1));
  return cat({first, weighted_triples(x, dim, 0, size - 2, weights), last}, dim);
}

/// The dims of gradient(), normalized; all of them where none is given.
Shape gradient_dims(const Tensor& x, IntList dims, int64_t edge_order) {
  if (edge_order != 1 && edge_order != 2) {
    fail<ValueError>("gradient", fmt::format("expected edge_order 1 or 2, got {}", edge_order));
  }
  Shape along;
  for (const int64_t dim : dims) along.push_back(normalize_dim("gradient", dim, x.dim()));
  for (int64_t dim = 0; dims.empty() && dim < x.dim(); ++dim) along.push_back(dim);
  for (const int64_t dim : along) {
    if (x.size(dim) > edge_order) continue;
    fail<ShapeError>("gradient",
                     fmt::format("expected at least {} elements along dim {} for edge_order {}, "
                                 "got sizes {}",
                                 edge_order + 1, dim, edge_order, to_string(x.sizes())));
  }
  return along;
}

void check_spacing(const Tensor& x, TensorList coordinates, FloatList spacing, const Shape& dims) {
  if (!coordinates.empty() && !spacing.empty()) {
    fail<ValueError>("gradient", "coordinates say how far apart points are, and so does spacing");
  }
  if (!coordinates.empty() && coordinates.size() != dims.size()) {
    fail<ValueError>("gradient", fmt::format("expected coordinates for each of {} dims, got {}",
                                             dims.size(), coordinates.size()));
  }
  if (spacing.size() > 1 && spacing.size() != dims.size()) {
    fail<ValueError>("gradient", fmt::format("expected one spacing, or one for each of {} dims, "
                                             "got {}",
                                             dims.size(), spacing.size()));
  }
  for (size_t i = 0; i < coordinates.size(); ++i) {
    if (coordinates[i].sizes() == Shape{x.size(dims[i])}) continue;
    fail<ShapeError>(
        "gradient", fmt::format("expected {} coordinates for dim {}, got sizes {}", x.size(dims[i]),
                                dims[i], to_string(coordinates[i].sizes())));
  }
}

}  // namespace

void define_diff(OpDef& op) {
  op.doc(
        "The differences of neighbours along `dim`, x[i + 1] - x[i], taken `n` times; of bool ones "
        "whether they differ. `prepend` and `append` are joined to `x` first. ShapeError of 0-d "
        "tensors, ValueError for n < 0.")
      .accepts(kNumberSet)
      .compose([](const Tensor& x, int64_t n, int64_t dim, const Tensor& prepend,
                  const Tensor& append) -> Tensor {
        if (x.dim() == 0) fail<ShapeError>("diff", "a 0-d tensor has no neighbours");
        if (n < 0) fail<ValueError>("diff", fmt::format("expected n of at least 0, got {}", n));
        const int64_t along = normalize_dim("diff", dim, x.dim());
        Tensor y = extended(x, along, prepend, append);
        for (; n > 0 && y.size(along) > 0; --n) {
          const Tensor next = without_first(y, along), last = without_last(y, along);
          y = y.dtype() == kBool ? logical_xor(next, last) : next - last;
        }
        return y;
      })
      .samples([]() -> std::vector<Sample> {
        const auto at = [](int64_t i) { return Attribute(i); };
        const Tensor x = sample_tensor({3, 5});
        return {
            {{x, Tensor(), Tensor()}, {at(1), at(-1)}},
            {{x, Tensor(), Tensor()}, {at(2), at(0)}},
            {{x, sample_tensor({3, 1}, 0, 1, 2), sample_tensor({3, 2}, 0, 1, 3)}, {at(1), at(1)}}};
      });
}

void define_gradient(OpDef& op) {
  op.doc(
        "The derivatives of `x`, the values of a function at points of a grid, along each of "
        "`dims` (none given: all): that of the parabola through a point and its neighbours, at the "
        "edges the slope to the neighbour or, with `edge_order` 2, that of the parabola through "
        "the nearest three. Points are `spacing` apart (one number, one for each dim, or 1), or at "
        "`coordinates`, a vector for each dim. ShapeError where a dim has fewer than edge_order + "
        "1 points.")
      .accepts(kNumberSet)
      .compose([](const Tensor& x, TensorList coordinates, FloatList spacing, IntList dims,
                  int64_t edge_order) -> std::vector<Tensor> {
        const Shape along = gradient_dims(x, dims, edge_order);
        const Tensor values = in_floating(x);
        check_spacing(x, coordinates, spacing, along);
        std::vector<Tensor> slopes;
        for (size_t i = 0; i < along.size(); ++i) {
          if (!coordinates.empty()) {
            const Tensor places = in_floating(coordinates[i]);
            slopes.push_back(uneven_slopes(values, along[i], places, edge_order));
          } else {
            const double step = spacing.empty() ? 1 : spacing[spacing.size() == 1 ? 0 : i];
            slopes.push_back(even_slopes(values, along[i], step, edge_order));
          }
        }
        return slopes;
      })
      .samples([]() -> std::vector<Sample> {
        const auto of = [](FloatList spacing, const Shape& dims, int64_t edge_order) {
          return std::vector<Attribute>{Attribute(spacing), Attribute(dims), Attribute(edge_order)};
        };
        const Tensor x = sample_tensor({4, 5});
        const Tensor first = std::get<0>(sort(sample_tensor({4}, 0, 2, 2)));
        const Tensor second = std::get<0>(sort(sample_tensor({5}, 0, 2, 3)));
        const std::vector<double> spacing = {0.5, 2};
        return {{{x}, of({}, {}, 1)},
                {{x}, of(spacing, {1, 0}, 2)},
                {{x, first, second}, of({}, {}, 1)},
                {{x, second}, of({}, {-1}, 2)}};
      });
}

void define_trapezoid(OpDef& op) {
  op.doc(
        "The integral of `y` along `dim` by the trapezoidal rule: the sum of (x[i + 1] - x[i]) "
        "(y[i + 1] + y[i]) / 2, with steps of `dx` unless `x` (1-d, or broadcasting to `y`) is "
        "given.")
      .accepts(kFloatSet)
      .compose([](const Tensor& y, const Tensor& x, double dx, int64_t dim) -> Tensor {
        const int64_t along = normalize_dim("trapezoid", dim, y.dim());
        return sum(areas("trapezoid", y, x, dx, along), {along});
      })
      .samples(integral_samples);
}

void define_cumulative_trapezoid(OpDef& op) {
  op.doc(
        "The integrals of `y` along `dim` from its first element to each of the others, by the "
        "trapezoidal rule; the arguments are those of trapezoid.")
      .accepts(kFloatSet)
      .compose([](const Tensor& y, const Tensor& x, double dx, int64_t dim) -> Tensor {
        const int64_t along = normalize_dim("cumulative_trapezoid", dim, y.dim());
        return cumsum(areas("cumulative_trapezoid", y, x, dx, along), along);
      })
      .samples(integral_samples);
}

}  // namespace tenon::ops
