// Elements combined by number along a dim: scatter_reduce and its parts.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

Spec scatter_spec(std::string_view call, const Tensor& x, int64_t dim, const Tensor& index,
                  const Tensor& src) {
  const auto along = static_cast<size_t>(normalize_dim(call, dim, x.dim()));
  bool fits = index.dim() == x.dim() && src.dim() == x.dim() && x.dtype() == src.dtype();
  for (size_t i = 0; fits && i < index.sizes().size(); ++i) {
    fits = (i == along || index.sizes()[i] <= x.sizes()[i]) && index.sizes()[i] <= src.sizes()[i];
  }
  if (!fits) {
    fail<ShapeError>(
        call, fmt::format("index {} and src {} ({}) don't fit x {} ({}) along dim {}: ranks and "
                          "dtypes must be equal, and sizes of the index at most theirs (but for "
                          "that of x along the dim)",
                          to_string(index.sizes()), to_string(src.sizes()), name_of(src.dtype()),
                          to_string(x.sizes()), name_of(x.dtype()), along));
  }
  return {x.dtype(), x.sizes()};
}

/// The gradient of what the index covers of src, as large as src.
Tensor in_source(const Tensor& grad, const Shape& sizes) {
  if (grad.sizes() == sizes) return grad;
  return view_backward(grad, sizes, contiguous_strides(sizes), 0);
}

/// The part of src that the index covers.
Tensor covered(const Tensor& src, const Tensor& index) {
  Tensor part = src;
  for (int64_t i = 0; i < index.dim(); ++i) {
    if (part.size(i) != index.size(i)) part = narrow(part, i, 0, index.size(i));
  }
  return part;
}

/// The gradient for src of products by place: those of all other factors of a place. A zero's is
/// the product without it; two zeros leave nothing, but have derivatives: what is 0 by one factor
/// is written as that factor's multiple where it may be differentiated again.
Tensor multiply_source_grad(const Saved& saved, const Tensor& dy, int64_t dim) {
  const Tensor &x = saved.input(0), &index = saved.input(1);
  const Tensor src = covered(saved.input(2), index);
  const Tensor is_zero = src == 0, filled = where(is_zero, 1, src);
  const Tensor without = dy * scatter_multiply(x, dim, index, filled);
  const Tensor zeros_there = scatter_add(zeros_like(x), dim, index, is_zero.to(x.dtype()));
  const Tensor count = gather(zeros_there, dim, index);
  const Tensor others = gather(without, dim, index) / filled;
  const Tensor is_only_zero = is_zero & (count == 1);
  if (!modes().grad) return where((count == 0) | is_only_zero, others, 0);
  const Tensor sums = scatter_add(zeros_like(x), dim, index, where(is_zero, src, 0));
  const Tensor zero = gather(sums, dim, index);  // the sum of the place's zeros
  const Tensor multiple =
      where(is_zero, where(count == 2, zero - src, 0), where(count == 1, zero, 0));
  return others * where((count == 0) | is_only_zero, 1, multiple);
}

Grads extreme_grads(const Saved& saved, const Tensor& dy, int64_t dim, bool include_self) {
  const Tensor &x = saved.input(0), &index = saved.input(1), &y = saved.output();
  const Tensor src = covered(saved.input(2), index);
  const Tensor hit = (src == gather(y, dim, index)).to(dy.dtype());
  const Tensor own = (x == y).to(dy.dtype());
  // Where nothing arrives the element itself stays, whatever include_self says.
  const Tensor kept = include_self ? own : scatter(ones_like(own), dim, index, 0);
  const Tensor share = dy / scatter_add(kept, dim, index, hit);
  return {kept * share, Tensor(), in_source(hit * gather(share, dim, index), saved.input_sizes(2))};
}

Tensor mean_by_place(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src,
                     bool include_self) {
  const Tensor ones = ones_like(x), added = ones_like(covered(src, index));
  const Tensor count = include_self
                           ? scatter_add(ones, dim, index, added)
                           : clamp(scatter_add(zeros_like(x), dim, index, added), Scalar(1));
  const Tensor base = include_self ? x : scatter(x, dim, index, 0);
  const Tensor total = scatter_add(base, dim, index, src);
  return x.is_floating_point() ? total / count : floor_divide(total, count);
}

std::vector<Sample> place_samples(const std::vector<Attribute>& rest) {
  std::vector<Sample> samples;
  const auto add = [&](Tensor x, Tensor index, Tensor src, int64_t dim) {
    Sample sample{{std::move(x), std::move(index), std::move(src)}, {Attribute(dim)}};
    for (const Attribute& attribute : rest) sample.attributes.push_back(attribute);
    samples.push_back(sample);
  };
  add(sample_tensor({3, 4}, 0.5, 2), sample_integers({3, 5}, 0, 4),
      sample_tensor({3, 5}, 0.55, 2.1, 2), 1);
  add(sample_tensor({3, 4}, -2, 2), sample_integers({2, 4}, 0, 3),
      sample_tensor({3, 4}, -2.1, 1.9, 2), 0);
  return samples;
}

}  // namespace

void define_scatter_reduce(OpDef& op) {
  op.doc(
        "`x` with the elements of `src` that `index` sends to a place along `dim` (as scatter) "
        "combined there: 'sum', 'prod', 'mean', 'amax', 'amin', together with x's own element "
        "where `include_self`, else in its place. ValueError for other words; IndexError where a "
        "number is out of range.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kPromote)
      .compose([](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src,
                  std::string_view reduce, bool include_self) -> Tensor {
        if (reduce == "sum") {
          return scatter_add(include_self ? x : scatter(x, dim, index, 0), dim, index, src);
        }
        if (reduce == "prod") {
          return scatter_multiply(include_self ? x : scatter(x, dim, index, 1), dim, index, src);
        }
        if (reduce == "mean") return mean_by_place(x, dim, index, src, include_self);
        if (reduce == "amax" || reduce == "amin") {
          return scatter_extreme(x, dim, index, src, reduce == "amax", include_self);
        }
        fail<ValueError>("scatter_reduce",
                         fmt::format("unknown reduce '{}'; expected one of sum, prod, mean, amax, "
                                     "amin",
                                     reduce));
      })
      .samples([] {
        std::vector<Sample> samples;
        for (const char* reduce : {"sum", "prod", "mean", "amax", "amin"}) {
          for (const bool include_self : {true, false}) {
            for (const Sample& sample :
                 place_samples({Attribute(reduce), Attribute(include_self)})) {
              samples.push_back(sample);
            }
          }
        }
        return samples;
      });
}

void define_scatter_multiply(OpDef& op) {
  op.doc("scatter_add with products: `x` times the elements of `src` that go to its place.")
      .accepts(kRealSet | kBoolSet)
      .accepts_input(1, kIntegerSet)
      .shape([](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src) {
        return scatter_spec("scatter_reduce", x, dim, index, src);
      })
      .kernel()
      .saves_input(0, 1, 2)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        Tensor dx, dsrc;
        if (saved.needs(0)) {
          dx =
              dy * scatter_multiply(ones_like(saved.input(0)), dim, saved.input(1), saved.input(2));
        }
        if (saved.needs(2)) {
          dsrc = in_source(multiply_source_grad(saved, dy, dim), saved.input_sizes(2));
        }
        return {dx, Tensor(), dsrc};
      })
      .samples([] { return place_samples({}); });
}

void define_scatter_extreme(OpDef& op) {
  op.doc(
        "The largest (else smallest) of the elements of `src` that go to a place, and of x's own "
        "where `include_self`; x's own where none goes. Equal ones share the gradient.")
      .accepts(kRealSet | kBoolSet)
      .accepts_input(1, kIntegerSet)
      .shape([](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src) {
        return scatter_spec("scatter_reduce", x, dim, index, src);
      })
      .kernel()
      .saves_input(0, 1, 2)
      .saves_output()
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim, bool, bool include_self) {
        return extreme_grads(saved, dy, dim, include_self);
      })
      .samples([] {
        std::vector<Sample> samples = place_samples({Attribute(true), Attribute(true)});
        for (const Sample& sample : place_samples({Attribute(false), Attribute(false)})) {
          samples.push_back(sample);
        }
        return samples;
      });
}

}  // namespace tenon::ops
