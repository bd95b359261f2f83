#include "tenon/ops/reduce/extremes.h"

#include "tenon/ops/define.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {
namespace {

std::vector<Attribute> dims_attributes(IntList dims, bool keepdim) {
  return {Attribute(dims), Attribute(keepdim)};
}

std::vector<Sample> one_dim_samples() {
  std::vector<Sample> samples = dim_samples();
  for (Sample& sample : samples) {
    sample.attributes.emplace_back(sample.inputs[0].dim() == 3);
  }
  return samples;
}

std::vector<Sample> position_samples() {
  std::vector<Sample> samples = one_dim_samples();
  samples.push_back({{sample_tensor({3, 5})}, {Attribute(), Attribute(false)}});
  samples.push_back({{sample_integers({3, 5}, -2, 3)}, {Attribute(), Attribute(true)}});
  return not_differentiable(std::move(samples));
}

template <class Reduce>
void define_extreme(OpDef& op, std::string_view documentation, Reduce) {
  op.doc(documentation)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Call& call) -> Spec {
        const Tensor& x = call.input(0);
        check_not_empty(call.op.name, x, call.get<IntList>(0));
        return {x.dtype(), reduced_sizes(call.op.name, x, call.get<IntList>(0), call.get<bool>(1))};
      })
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) { t.store(0, Reduce{}(t, t.load(0))); })
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, IntList dims, bool keepdim) -> Grads {
        const Tensor& x = saved.input(0);
        return {share_among(spread(dy, x.sizes(), dims, keepdim), x,
                            spread(saved.output(), x.sizes(), dims, keepdim), dims)};
      })
      .samples([] { return reduction_samples(dims_attributes); });
}

Shape sizes_of_position(const Call& call) {
  const Tensor& x = call.input(0);
  const auto dim = call.get<std::optional<int64_t>>(0);
  if (dim) {
    check_not_empty(call.op.name, x, {*dim});
  } else {
    check_not_empty(call.op.name, x, {});
  }
  return reduced_sizes(call.op.name, x, dim, call.get<bool>(1));
}

template <class Position>
void define_position(OpDef& op, std::string_view documentation, Position) {
  op.doc(documentation)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Call& call) -> Spec {
        return {kInt64, sizes_of_position(call)};
      })
      .rows(rows_of_dim<0>)
      .tile([](TileBuilder& t) { t.store(0, Position{}(t, t.load(0))); })
      .not_differentiable()
      .samples(position_samples);
}

template <class Position>
void define_extreme_of_dim(OpDef& op, std::string_view documentation, Position) {
  op.doc(documentation)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Call& call) -> Specs {
        const Shape sizes = sizes_of_position(call);
        return {Spec{call.input(0).dtype(), sizes}, Spec{kInt64, sizes}};
      })
      .rows(rows_of_dim<0>)
      .tile([](TileBuilder& t) {
        const Value position = Position{}(t, t.load(0));
        t.store(0, t.pick(0, position));
        t.store(1, position);
      })
      .saves_sizes()
      .saves_output(1)
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim, bool keepdim) -> Grads {
        const Shape& sizes = saved.input_sizes(0);
        return {keep_at(spread(dy, sizes, {dim}, keepdim),
                        spread(saved.output(1), sizes, {dim}, keepdim), dim)};
      })
      .samples(one_dim_samples);
}

constexpr auto kArgmax = [](TileBuilder& t, Value x) { return t.row_argmax(x); };
constexpr auto kArgmin = [](TileBuilder& t, Value x) { return t.row_argmin(x); };

}  // namespace

void define_amax(OpDef& op) {
  define_extreme(op,
                 "The largest element over `dims` (none given: all). NaN wins. Equal largest ones "
                 "share the gradient. A ValueError where there is no element.",
                 [](TileBuilder& t, Value x) { return t.row_max(x); });
}

void define_amin(OpDef& op) {
  define_extreme(op,
                 "The smallest element over `dims` (none given: all). NaN wins. Equal smallest "
                 "ones share the gradient. A ValueError where there is no element.",
                 [](TileBuilder& t, Value x) { return t.row_min(x); });
}

void define_argmax(OpDef& op) {
  define_position(op,
                  "The position of the largest element along `dim`, or in the flattened tensor "
                  "where `dim` is left out, as int64; the first of equal ones, the first NaN if "
                  "there is one. A ValueError where there is no element.",
                  kArgmax);
}

void define_argmin(OpDef& op) {
  define_position(op,
                  "The position of the smallest element along `dim`, or in the flattened tensor "
                  "where `dim` is left out, as int64; the first of equal ones, the first NaN if "
                  "there is one. A ValueError where there is no element.",
                  kArgmin);
}

void define_max_dim(OpDef& op) {
  define_extreme_of_dim(op,
                        "The largest elements along `dim` and their positions; `max(x, dim)` names "
                        "the two. The gradient goes to the first of equal ones.",
                        kArgmax);
}

void define_min_dim(OpDef& op) {
  define_extreme_of_dim(op,
                        "The smallest elements along `dim` and their positions; `min(x, dim)` "
                        "names the two. The gradient goes to the first of equal ones.",
                        kArgmin);
}

void define_share_among(OpDef& op) {
  op.doc(
        "The gradient of amax and amin: `dy` divided evenly among the elements of the row that "
        "equal the extreme `y`.")
      .accepts(kFloatSet)
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) {
        const Value equal = t.eq(t.load(1), t.load(2));
        t.store(0, t.mul(t.load(0), t.div(equal, t.row_sum(equal))));
      })
      .saves_input(1, 2)
      .vjp([](const Saved& saved, const Tensor& v, IntList dims) -> Grads {
        return {share_among(v, saved.input(1), saved.input(2), dims), Tensor(), Tensor()};
      })
      .samples([] {
        const Tensor x = sample_tensor({3, 5});
        return std::vector<Sample>{{{sample_tensor({3, 5}, -1, 1, 2), x, amax(x, {1}, true)},
                                    {Attribute(IntList{1})},
                                    false}};
      });
}

void define_keep_at(OpDef& op) {
  op.doc("`x` where the position along `dim` is `index`, else 0. `index` is constant along `dim`.")
      .accepts(kFloatSet)
      .rows(rows_of_dim<0>)
      .tile([](TileBuilder& t) { t.store(0, t.mul(t.load(0), t.is_at(t.load_index(1)))); })
      .saves_input(1)
      .vjp([](const Saved& saved, const Tensor& v, int64_t dim) -> Grads {
        return {keep_at(v, saved.input(1), dim), Tensor()};
      })
      .samples([] {
        return std::vector<Sample>{
            {{sample_tensor({3, 5}), sample_integers({3, 1}, 0, 5)}, {Attribute(int64_t{1})}},
            {{sample_tensor({4, 2}), sample_integers({1, 2}, 0, 4)}, {Attribute(int64_t{0})}}};
      });
}

}  // namespace tenon::ops
