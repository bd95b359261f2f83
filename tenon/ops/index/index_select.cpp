// Whole slices by number: index_select and its inverse, index_add.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

size_t checked_dim(std::string_view call, const Tensor& x, int64_t dim, const Tensor& index) {
  if (x.dim() == 0 || index.dim() > 1) {
    fail<ShapeError>(call, fmt::format("expected a tensor of rank 1 or more and a 1-d index, got "
                                       "{} and {}",
                                       to_string(x.sizes()), to_string(index.sizes())));
  }
  return static_cast<size_t>(normalize_dim(call, dim, x.dim()));
}

}  // namespace

void define_index_select(OpDef& op) {
  op.doc(
        "The slices of `x` along `dim` with the numbers in the 1-d integer tensor `index`, a copy. "
        "IndexError where a number is out of range.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kAsGiven)
      .accepts_input(1, kIntegerSet)
      .shape([](const Tensor& x, const Tensor& index, int64_t dim) -> Spec {
        Spec spec{x.dtype(), x.sizes()};
        spec.sizes[checked_dim("index_select", x, dim, index)] = index.numel();
        return spec;
      })
      .kernel()
      .saves_input(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        const Tensor zero = zeros(saved.input_sizes(0), dy.dtype(), dy.device());
        return {index_add(zero, dim, saved.input(1), dy), Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3}), sample_integers({5}, 0, 4)}, {Attribute(int64_t{0})}},
                {{sample_tensor({2, 3, 2}), sample_integers({2}, 0, 3)}, {Attribute(int64_t{1})}}};
      });
}

void define_index_add(OpDef& op) {
  op.doc(
        "`x` with slice i of `source` along `dim` added to slice index[i], in order; slices named "
        "more than once take all; true + true is true. IndexError where a number is out of range.")
      .accepts(kAnySet)
      .autocast(CastPolicy::kPromote)
      .accepts_input(1, kIntegerSet)
      .shape([](const Tensor& x, const Tensor& index, const Tensor& source, int64_t dim) -> Spec {
        Shape expected = x.sizes();
        expected[checked_dim("index_add", x, dim, index)] = index.numel();
        if (source.sizes() != expected || source.dtype() != x.dtype()) {
          fail<ShapeError>(
              "index_add",
              fmt::format("expected a source of {} and {}, got {} and {}", to_string(expected),
                          name_of(x.dtype()), to_string(source.sizes()), name_of(source.dtype())));
        }
        return {x.dtype(), x.sizes()};
      })
      .kernel()
      .saves_input(1)
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        return {dy, Tensor(), saved.needs(2) ? index_select(dy, dim, saved.input(1)) : Tensor()};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3}), sample_integers({5}, 0, 4), sample_tensor({5, 3}, 0, 1)},
                 {Attribute(int64_t{0})}},
                {{sample_tensor({2, 3}), sample_integers({2}, 0, 3), sample_tensor({2, 2}, 0, 1)},
                 {Attribute(int64_t{-1})}}};
      });
}

void define_index_reduce(OpDef& op) {
  op.doc(
        "`x` with slice i of `source` along `dim` combined with slice index[i]: 'prod', 'mean', "
        "'amax' or 'amin', with x's own elements where `include_self`, else in their place. "
        "ValueError for other words; IndexError where a number is out of range.")
      .accepts(kFloatSet)
      .accepts_input(1, kIntegerSet)
      .autocast(CastPolicy::kPromote)
      .compose([](const Tensor& x, const Tensor& index, const Tensor& source, int64_t dim,
                  std::string_view reduce, bool include_self) -> Tensor {
        const size_t along = checked_dim("index_reduce", x, dim, index);
        Shape expected = x.sizes(), apart(x.sizes().size(), 1);
        expected[along] = apart[along] = index.numel();
        if (source.sizes() != expected || source.dtype() != x.dtype() || reduce == "sum") {
          fail<ValueError>("index_reduce",
                           fmt::format("expected a source of {} and {}, and prod, mean, amax or "
                                       "amin, got {}, {} and '{}'",
                                       to_string(expected), name_of(x.dtype()),
                                       to_string(source.sizes()), name_of(source.dtype()), reduce));
        }
        return scatter_reduce(x, dim, expand(reshape(index, apart), expected), source, reduce,
                              include_self);
      })
      .samples([]() -> std::vector<Sample> {
        std::vector<Sample> samples;
        for (const char* reduce : {"prod", "mean", "amax", "amin"}) {
          samples.push_back({{sample_tensor({4, 3}), sample_integers({5}, 0, 4),
                              sample_tensor({5, 3}, -1.93, 2.04, 2)},
                             {Attribute(int64_t{0}), Attribute(reduce), Attribute(true)}});
          samples.push_back({{sample_tensor({2, 3}), sample_integers({2}, 0, 3),
                              sample_tensor({2, 2}, -1.93, 2.04, 2)},
                             {Attribute(int64_t{-1}), Attribute(reduce), Attribute(false)}});
        }
        return samples;
      });
}

}  // namespace tenon::ops
