#include "tenon/ops/define.h"

namespace tenon::ops {

void define_hardtanh(OpDef& op) {
  op.doc("Each element limited to [min_value, max_value]. NaN stays.")
      .accepts(kSignedSet | kFloatSet)
      .tile([](TileBuilder& t) {
        t.store(0, t.minimum(t.maximum(t.load(0), t.scalar(0)), t.scalar(1)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, double low, double high) -> Grads {
        return {clamp_backward(dy, saved.input(0), low, high)};
      })
      .samples([] {
        return unary_samples(-2.05, 2, {Attribute(-1.0), Attribute(1.0)});
      });
}

}  // namespace tenon::ops
