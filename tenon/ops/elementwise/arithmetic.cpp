#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"

namespace tenon::ops {

void define_add(OpDef& op) {
  op.doc("Sum of the elements: y = a + b. Broadcasts.")
      .accepts(kAnySet)
      .tile([](TileBuilder& t) { t.store(0, t.add(t.load(0), t.load(1))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads {
        return {dy, dy};
      })
      .samples([] { return binary_samples(); });
}

void define_sub(OpDef& op) {
  op.doc("Difference of the elements: y = a - b. Broadcasts. Two bool tensors are a DTypeError.")
      .accepts(kNumberSet)
      .tile([](TileBuilder& t) { t.store(0, t.sub(t.load(0), t.load(1))); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy, saved.needs(1) ? -dy : Tensor()};
      })
      .samples([] { return binary_samples(); });
}

void define_mul(OpDef& op) {
  op.doc("Product of the elements: y = a b. Broadcasts.")
      .accepts(kAnySet)
      .tile([](TileBuilder& t) { t.store(0, t.mul(t.load(0), t.load(1))); })
      .saves_input_for(0, {1})
      .saves_input_for(1, {0})
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {saved.needs(0) ? times_conjugate(dy, saved.input(1)) : Tensor(),
                saved.needs(1) ? times_conjugate(dy, saved.input(0)) : Tensor()};
      })
      .samples([] { return binary_samples(); });
}

void define_div(OpDef& op) {
  op.doc(
        "Quotient of the elements: y = a / b. Broadcasts. Integers are divided as float32; "
        "floor_divide() stays with integers.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.div(t.load(0), t.load(1))); })
      // The quotient is computed again: it may be written to, and nobody else may need it.
      .saves_input_for(0, {1})
      .saves_input(1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor &a = saved.input(0), &b = saved.input(1);
        const Tensor da = dy / conjugate(b);
        return {da, saved.needs(1) ? -(da * conjugate(a / b)) : Tensor()};
      })
      .samples([] { return binary_samples(0.5, 2); });
}

void define_neg(OpDef& op) {
  op.doc("Negative of each element: y = -x.")
      .accepts(kNumberSet)
      .tile([](TileBuilder& t) { t.store(0, t.neg(t.load(0))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {-dy}; })
      .samples([] { return unary_samples(); });
}

void define_lerp(OpDef& op) {
  op.doc("Linear interpolation: y = a + weight (b - a). Broadcasts.")
      .accepts(kFloatSet | kComplexSet)
      .tile([](TileBuilder& t) {
        const Value a = t.load(0);
        t.store(0, t.multiply_add(t.load(2), t.sub(t.load(1), a), a));
      })
      .saves_input_for(0, {2})
      .saves_input_for(1, {2})
      .saves_input(2)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& weight = saved.input(2);
        return {saved.needs(0) ? times_conjugate(dy, 1 - weight) : Tensor(),
                saved.needs(1) ? times_conjugate(dy, weight) : Tensor(),
                saved.needs(2) ? times_conjugate(dy, saved.input(1) - saved.input(0)) : Tensor()};
      })
      .samples([] {
        std::vector<Sample> samples = binary_samples();
        for (Sample& sample : samples) {
          sample.inputs.push_back(sample_tensor(sample.inputs[0].sizes(), 0, 1, 3));
        }
        return samples;
      });
}

}  // namespace tenon::ops
