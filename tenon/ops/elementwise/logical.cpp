#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

template <class F>
void define_logical(OpDef& op, std::string_view documentation, F) {
  op.doc(documentation)
      .accepts(kAnySet)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, F{}(t, t.load(0), t.load(1))); })
      .not_differentiable()
      .samples([] {
        return std::vector<Sample>{
            {{sample_mask({3, 5}, 1), sample_mask({3, 5}, 2)}, {}, false},
            {{sample_integers({2, 1, 3}, -1, 2, 1), sample_integers({4, 1}, -1, 2, 2)}, {}, false},
            {{sample_mask({}, 3), sample_mask({4}, 4)}, {}, false}};
      });
}

}  // namespace

void define_logical_and(OpDef& op) {
  define_logical(op, "Whether both are nonzero, as bool. Broadcasts. NaN counts as nonzero.",
                 [](TileBuilder& t, Value a, Value b) { return t.logical_and(a, b); });
}

void define_logical_or(OpDef& op) {
  define_logical(op, "Whether either is nonzero, as bool. Broadcasts. NaN counts as nonzero.",
                 [](TileBuilder& t, Value a, Value b) { return t.logical_or(a, b); });
}

void define_logical_xor(OpDef& op) {
  define_logical(op, "Whether exactly one is nonzero, as bool. Broadcasts. NaN counts as nonzero.",
                 [](TileBuilder& t, Value a, Value b) { return t.logical_xor(a, b); });
}

void define_logical_not(OpDef& op) {
  op.doc("Whether the element is 0, as bool.")
      .accepts(kAnySet)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, t.logical_not(t.load(0))); })
      .not_differentiable()
      .samples([] {
        return std::vector<Sample>{{{sample_mask({3, 5})}, {}, false},
                                   {{sample_integers({7}, -1, 2)}, {}, false},
                                   {{sample_mask({})}, {}, false}};
      });
}

}  // namespace tenon::ops
