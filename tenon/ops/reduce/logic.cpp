#include "tenon/ops/define.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {
namespace {

template <class Reduce>
void define_quantifier(OpDef& op, std::string_view documentation, Reduce) {
  op.doc(documentation)
      .accepts(kAnySet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Call& call) -> Spec {
        const Tensor& x = call.input(0);
        return {x.dtype() == kUInt8 ? kUInt8 : kBool,  // once the dtype of bools
                reduced_sizes(call.op.name, x, call.get<IntList>(0), call.get<bool>(1))};
      })
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) { t.store(0, Reduce{}(t, t.load(0))); })
      .not_differentiable()
      .samples([] {
        const auto attributes = [](IntList dims, bool keepdim) -> std::vector<Attribute> {
          return {Attribute(dims), Attribute(keepdim)};
        };
        return std::vector<Sample>{
            {{sample_mask({3, 5})}, attributes({}, false), false},
            {{sample_mask({3, 2})}, attributes({1}, true), false},
            {{sample_integers({2, 3, 2}, 0, 2)}, attributes({0, 2}, false), false},
            {{sample_mask({})}, attributes({}, false), false}};
      });
}

}  // namespace

// Counts rather than extremes: a count of nothing is 0, which is the right answer for empty rows.

void define_any(OpDef& op) {
  define_quantifier(
      op,
      "Whether any element over `dims` (none given: all) is nonzero, as bool, of uint8 as "
      "uint8; NaN counts. Of no elements, false.",
      [](TileBuilder& t, Value x) {
        const Value zero = t.constant(0);
        return t.gt(t.row_sum(t.ne(x, zero)), zero);
      });
}

void define_all(OpDef& op) {
  define_quantifier(
      op,
      "Whether all elements over `dims` (none given: all) are nonzero, as bool, of uint8 as "
      "uint8; NaN counts as nonzero. Of no elements, true.",
      [](TileBuilder& t, Value x) {
        const Value zero = t.constant(0);
        return t.eq(t.row_sum(t.eq(x, zero)), zero);
      });
}

}  // namespace tenon::ops
