// gcd and lcm of integers.

#include "tenon/base/error.h"
#include "tenon/core/promotion.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void define_divisors(OpDef& op, std::string_view documentation) {
  op.doc(documentation)
      .accepts(kIntegerSet)
      .accepts_input(0, kIntegerSet | kBoolSet)
      .accepts_input(1, kIntegerSet | kBoolSet)
      .shape([](const Call& call) -> Spec {
        const DType dtype = result_type(call.inputs);
        if (dtype == kBool) {
          fail<DTypeError>(call.op.name, "got bools alone; convert one with to(k...)");
        }
        return {dtype,
                broadcast_shapes(call.op.name, call.input(0).sizes(), call.input(1).sizes())};
      })
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {
            {{sample_integers({3, 5}, 0, 100, 1), sample_integers({3, 5}, 0, 100, 2)}, {}, false},
            {{sample_integers({2, 1, 3}, 1, 60, 1), sample_integers({4, 1}, 1, 60, 2)}, {}, false},
            {{sample_integers({}, 0, 100, 3), sample_integers({4}, 0, 60, 4)}, {}, false}};
      });
}

}  // namespace

void define_gcd(OpDef& op) {
  define_divisors(
      op,
      "The greatest common divisor of integers, 0 or above; that of 0 and `b` is |b|; one "
      "may be of bools. Broadcasts.");
}

void define_lcm(OpDef& op) {
  define_divisors(
      op,
      "The least common multiple of integers, 0 or above: |a b| / gcd(a, b), 0 where "
      "one is 0; what the dtype doesn't hold is cut off; one may be of bools. Broadcasts.");
}

}  // namespace tenon::ops
