#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

template <class F>
void define_bitwise(OpDef& op, std::string_view documentation, DTypeSet accepted, F) {
  op.doc(documentation)
      .accepts(accepted)
      .tile([](TileBuilder& t) { t.store(0, F{}(t, t.load(0), t.load(1))); })
      .not_differentiable()
      .samples([] {
        return std::vector<Sample>{
            {{sample_integers({3, 5}, 0, 100, 1), sample_integers({3, 5}, 0, 6, 2)}, {}, false},
            {{sample_integers({2, 1, 3}, 0, 100, 1), sample_integers({4, 1}, 0, 6, 2)}, {}, false},
            {{sample_integers({}, 0, 100, 3), sample_integers({4}, 0, 6, 4)}, {}, false}};
      });
}

}  // namespace

void define_bitwise_and(OpDef& op) {
  define_bitwise(op, "Bitwise and of integers, logical and of bools. Broadcasts.",
                 kIntegerSet | kBoolSet,
                 [](TileBuilder& t, Value a, Value b) { return t.bitwise_and(a, b); });
}

void define_bitwise_or(OpDef& op) {
  define_bitwise(op, "Bitwise or of integers, logical or of bools. Broadcasts.",
                 kIntegerSet | kBoolSet,
                 [](TileBuilder& t, Value a, Value b) { return t.bitwise_or(a, b); });
}

void define_bitwise_xor(OpDef& op) {
  define_bitwise(op, "Bitwise exclusive or of integers, logical of bools. Broadcasts.",
                 kIntegerSet | kBoolSet,
                 [](TileBuilder& t, Value a, Value b) { return t.bitwise_xor(a, b); });
}

void define_bitwise_left_shift(OpDef& op) {
  define_bitwise(op, "`a` shifted left by `b` bits. Broadcasts. 0 where b < 0 or b >= 64.",
                 kIntegerSet, [](TileBuilder& t, Value a, Value b) { return t.shift_left(a, b); });
}

void define_bitwise_right_shift(OpDef& op) {
  define_bitwise(op,
                 "`a` shifted right by `b` bits, keeping the sign. Broadcasts. Where b < 0 or b >= "
                 "64: 0, or -1 of a negative `a`.",
                 kIntegerSet, [](TileBuilder& t, Value a, Value b) { return t.shift_right(a, b); });
}

void define_bitwise_not(OpDef& op) {
  op.doc("All bits of integers flipped: y = -x - 1 of signed ones; logical not of bools.")
      .accepts(kIntegerSet | kBoolSet)
      .variant([](const Tensor& x) { return x.dtype() == kBool ? 1 : 0; })
      .tile([](TileBuilder& t, int variant) {
        t.store(0, variant == 1 ? t.logical_not(t.load(0)) : t.bitwise_not(t.load(0)));
      })
      .not_differentiable()
      .samples([] {
        return std::vector<Sample>{{{sample_integers({3, 5}, -9, 9)}, {}, false},
                                   {{sample_mask({7})}, {}, false},
                                   {{sample_integers({}, -9, 9)}, {}, false}};
      });
}

}  // namespace tenon::ops
