#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

template <class Compare>
void define_comparison(OpDef& op, std::string_view documentation, DTypeSet accepted, Compare) {
  op.doc(documentation)
      .accepts(accepted)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, Compare{}(t, t.load(0), t.load(1))); })
      .not_differentiable()
      .samples([] {
        std::vector<Sample> samples = binary_samples();
        samples.push_back(
            {{sample_integers({4, 5}, -2, 2, 1), sample_integers({5}, -2, 2, 2)}, {}});
        return not_differentiable(std::move(samples));
      });
}

constexpr DTypeSet kOrderedSet = kRealSet | kBoolSet;

}  // namespace

void define_eq(OpDef& op) {
  define_comparison(op, "Whether a = b, as bool. Broadcasts. NaN equals nothing.", kAnySet,
                    [](TileBuilder& t, Value a, Value b) { return t.eq(a, b); });
}

void define_ne(OpDef& op) {
  define_comparison(op, "Whether a and b differ, as bool. Broadcasts. NaN differs from all.",
                    kAnySet, [](TileBuilder& t, Value a, Value b) { return t.ne(a, b); });
}

void define_lt(OpDef& op) {
  define_comparison(op, "Whether a < b, as bool. Broadcasts.", kOrderedSet,
                    [](TileBuilder& t, Value a, Value b) { return t.lt(a, b); });
}

void define_le(OpDef& op) {
  define_comparison(op, "Whether a <= b, as bool. Broadcasts.", kOrderedSet,
                    [](TileBuilder& t, Value a, Value b) { return t.le(a, b); });
}

void define_gt(OpDef& op) {
  define_comparison(op, "Whether a > b, as bool. Broadcasts.", kOrderedSet,
                    [](TileBuilder& t, Value a, Value b) { return t.gt(a, b); });
}

void define_ge(OpDef& op) {
  define_comparison(op, "Whether a >= b, as bool. Broadcasts.", kOrderedSet,
                    [](TileBuilder& t, Value a, Value b) { return t.ge(a, b); });
}

}  // namespace tenon::ops
