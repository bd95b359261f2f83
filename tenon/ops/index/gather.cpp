// Elements by number along one dim: gather, and its inverses scatter and scatter_add.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// `index` has x's rank, and no size larger than x's but along `dim` (nor than the source's).
void check_sizes(std::string_view call, const Tensor& x, int64_t dim, const Tensor& index,
                 const Tensor* source) {
  const auto along = static_cast<size_t>(normalize_dim(call, dim, x.dim()));
  bool fits = index.dim() == x.dim() && (!source || source->dim() == x.dim());
  for (size_t i = 0; fits && i < index.sizes().size(); ++i) {
    fits = (i == along || index.sizes()[i] <= x.sizes()[i]) &&
           (!source || index.sizes()[i] <= source->sizes()[i]);
  }
  if (!fits) {
    fail<ShapeError>(
        call,
        fmt::format("index {} doesn't fit x {}{} along dim {}: ranks must be equal, and sizes "
                    "of the index at most theirs (but for that of x along the dim)",
                    to_string(index.sizes()), to_string(x.sizes()),
                    source ? " and source " + to_string(source->sizes()) : "", along));
  }
}

void check_scatter(std::string_view call, const Tensor& x, int64_t dim, const Tensor& index,
                   const Tensor& source) {
  check_sizes(call, x, dim, index, source.dim() == 0 && x.dim() != 0 ? nullptr : &source);
  if (source.dtype() != x.dtype() && source.dim() != 0) {
    fail<DTypeError>(call, fmt::format("expected a source of {} as x, got {}", name_of(x.dtype()),
                                       name_of(source.dtype())));
  }
}

/// The gradient of a source, of which the part that `index` covers was read.
Tensor source_grad(const Saved& saved, const Tensor& dy, int64_t dim) {
  const Tensor& index = saved.input(1);
  const Tensor grad = gather(dy, dim, index);
  const Shape& sizes = saved.input_sizes(2);
  if (sizes.empty() || grad.sizes() == sizes) return grad;
  return view_backward(grad, sizes, contiguous_strides(sizes), 0);
}

}  // namespace

void define_gather(OpDef& op) {
  op.doc(
        "y[i, j, k] = x[i, index[i, j, k], k] for dim 1 of 3, likewise for others; y has the sizes "
        "of `index`, whose sizes along other dims are at most those of `x`. IndexError where a "
        "number is out of range.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kAsGiven)
      .accepts_input(1, kIntegerSet)
      .shape([](const Tensor& x, int64_t dim, const Tensor& index) -> Spec {
        check_sizes("gather", x, dim, index, nullptr);
        return {x.dtype(), index.sizes()};
      })
      .kernel()
      .saves_input(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        const Tensor zero = zeros(saved.input_sizes(0), dy.dtype(), dy.device());
        return {scatter_add(zero, dim, saved.input(1), dy), Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}), sample_integers({3, 2}, 0, 4)}, {Attribute(int64_t{1})}},
                {{sample_tensor({3, 4}), sample_integers({5, 3}, 0, 3)}, {Attribute(int64_t{0})}},
                {{sample_tensor({2, 3, 4}), sample_integers({2, 2, 4}, 0, 3)},
                 {Attribute(int64_t{-2})}}};
      });
}

void define_scatter(OpDef& op) {
  op.doc(
        "`x` with y[i, index[i, j, k], k] = source[i, j, k] for dim 1 of 3, likewise for others; "
        "`source` may be a number. Of several for one place the last counts. IndexError where a "
        "number is out of range.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kPromote)
      .accepts_input(1, kIntegerSet)
      .shape([](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) -> Spec {
        check_scatter("scatter", x, dim, index, source);
        return {x.dtype(), x.sizes()};
      })
      .kernel()
      .saves_input(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        return {saved.needs(0) ? scatter(dy, dim, saved.input(1), 0) : Tensor(), Tensor(),
                saved.needs(2) ? source_grad(saved, dy, dim) : Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor index = from_vector<int64_t>({3, 0, 2, 1, 1, 3}, {3, 2});
        return {
            {{sample_tensor({3, 4}), index, sample_tensor({3, 2}, 5, 6)}, {Attribute(int64_t{1})}},
            {{sample_tensor({3, 4}), index, sample_tensor({3, 3}, 5, 6)}, {Attribute(int64_t{1})}},
            {{sample_tensor({3, 4}), index, sample_tensor({}, 5, 6)}, {Attribute(int64_t{1})}}};
      });
}

void define_scatter_add(OpDef& op) {
  op.doc(
        "`x` with source[i, j, k] added at [i, index[i, j, k], k] for dim 1 of 3, likewise for "
        "others, in order; true + true is true. IndexError where a number is out of range.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kPromote)
      .accepts_input(1, kIntegerSet)
      .shape([](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) -> Spec {
        check_scatter("scatter_add", x, dim, index, source);
        return {x.dtype(), x.sizes()};
      })
      .kernel()
      .saves_input(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        return {dy, Tensor(), saved.needs(2) ? source_grad(saved, dy, dim) : Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        return {
            {{sample_tensor({3, 4}), sample_integers({3, 5}, 0, 4), sample_tensor({3, 5}, 0, 1)},
             {Attribute(int64_t{1})}},
            {{sample_tensor({3, 4}), sample_integers({2, 4}, 0, 3), sample_tensor({3, 4}, 0, 1)},
             {Attribute(int64_t{0})}}};
      });
}

}  // namespace tenon::ops
