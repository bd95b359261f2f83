// Order: sort, argsort, topk, unique. NaN is larger than all other numbers.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

std::vector<Attribute> sort_attributes(int64_t dim, bool descending) {
  return {Attribute(dim), Attribute(descending), Attribute(true)};
}

/// dy put back where the values came from.
Grads back_to_places(const Saved& saved, const Tensor& dy, int64_t dim) {
  const Tensor zero = zeros(saved.input_sizes(0), dy.dtype(), dy.device());
  return {scatter(zero, dim, saved.output(1), dy)};
}

}  // namespace

void define_sort(OpDef& op) {
  op.doc(
        "The elements in order along `dim`, and the int64 places that they came from. NaN counts "
        "as the largest. Equal elements always keep their order, whatever `stable` says.")
      .accepts(kRealSet | kBoolSet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x, int64_t dim) -> Specs {
        normalize_dim("sort", dim, x.dim());
        return {Spec{x.dtype(), x.sizes()}, Spec{kInt64, x.sizes()}};
      })
      .kernel()
      .saves_output(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) {
        return back_to_places(saved, dy, dim);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 5})}, sort_attributes(-1, false)},
                {{sample_tensor({4, 3})}, sort_attributes(0, true)},
                {{sample_tensor({})}, sort_attributes(0, false)}};
      });
}

void define_argsort(OpDef& op) {
  op.doc("The second result of sort: places in the order of the elements along `dim`.")
      .accepts(kRealSet | kBoolSet)
      .compose([](const Tensor& x, int64_t dim, bool descending, bool stable) -> Tensor {
        return std::get<1>(sort(x, dim, descending, stable));
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 5})}, sort_attributes(-1, false), false}};
      });
}

void define_topk(OpDef& op) {
  op.doc(
        "The `k` largest (or smallest) elements along `dim`, and their places, in order; of equal "
        "ones those that come first. NaN counts as the largest. They are in order whatever "
        "`sorted` says.")
      .accepts(kRealSet | kBoolSet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x, int64_t k, int64_t dim) -> Specs {
        const auto along = static_cast<size_t>(normalize_dim("topk", dim, x.dim()));
        const int64_t size = x.dim() == 0 ? 1 : x.sizes()[along];
        if (k < 0 || k > size) {
          fail<ValueError>("topk", fmt::format("expected k from 0 to {}, the size of dim {} of {}, "
                                               "got {}",
                                               size, along, to_string(x.sizes()), k));
        }
        Shape sizes = x.sizes();
        if (x.dim() != 0) sizes[along] = k;
        return {Spec{x.dtype(), sizes}, Spec{kInt64, sizes}};
      })
      .kernel()
      .saves_output(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t, int64_t dim) {
        return back_to_places(saved, dy, dim);
      })
      .samples([]() -> std::vector<Sample> {
        return {
            {{sample_tensor({3, 5})},
             {Attribute(int64_t{2}), Attribute(int64_t{-1}), Attribute(true), Attribute(true)}},
            {{sample_tensor({4, 3})},
             {Attribute(int64_t{3}), Attribute(int64_t{0}), Attribute(false), Attribute(true)}}};
      });
}

void define_unique(OpDef& op) {
  op.doc(
        "The different elements of `x`, in ascending order whatever `sorted` says, 1-d; with "
        "`return_inverse`, for each element of `x` the place of its equal there (int64, the sizes "
        "of `x`); with `return_counts`, how often each occurs (int64). What isn't asked for is "
        "empty. Each NaN is different.")
      .accepts(kRealSet | kBoolSet)
      .autocast(CastPolicy::kAsGiven)
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{sample_integers({3, 4}, 0, 5)},
                 {Attribute(true), Attribute(true), Attribute(true)},
                 false}};
      });
}

void define_unique_consecutive(OpDef& op) {
  op.doc(
        "As unique, of runs of equal elements of the flattened `x`: of each run one, in their "
        "order.")
      .accepts(kRealSet | kBoolSet)
      .autocast(CastPolicy::kAsGiven)
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{sample_integers({3, 5}, 0, 2)}, {Attribute(true), Attribute(true)}, false}};
      });
}

void define_unique_dim(OpDef& op) {
  op.doc(
        "The different slices of `x` along `dim`, in lexicographic order; with `return_inverse`, "
        "for each slice the place of its equal there (int64); with `return_counts`, how often each "
        "occurs (int64). What isn't asked for is empty.")
      .accepts(kRealSet | kBoolSet)
      .autocast(CastPolicy::kAsGiven)
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const auto of = [](int64_t dim) {
          return std::vector<Attribute>{Attribute(dim), Attribute(true), Attribute(true)};
        };
        return {{{sample_integers({6, 2}, 0, 2)}, of(0), false},
                {{sample_integers({2, 7}, 0, 2)}, of(-1), false}};
      });
}

}  // namespace tenon::ops
