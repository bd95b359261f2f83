#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/core/promotion.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

std::vector<Sample> samples_of_both_signs() {
  std::vector<Sample> samples = unary_samples(0.2, 3);
  for (const Sample& sample : unary_samples(-3, -0.2)) samples.push_back(sample);
  return samples;
}

}  // namespace

void define_abs(OpDef& op) {
  op.doc("Absolute value of each element; of complex ones the modulus, which is real.")
      .accepts(kAnySet)
      .returns(ResultDType::kReal)
      .tile([](TileBuilder& t) { t.store(0, t.abs(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        if (!x.is_complex()) return {dy * sign(x)};
        const Tensor y = abs(x);
        return {x * where(y == 0, 0, dy / y)};
      })
      .samples([] { return samples_of_both_signs(); });
}

void define_sign(OpDef& op) {
  op.doc("-1, 0 or 1 after the sign of each element; NaN stays. The gradient is 0.")
      .accepts(kRealSet | kBoolSet)
      .tile([](TileBuilder& t) { t.store(0, t.sign(t.load(0))); })
      .vjp([](const Saved&, const Tensor& dy) -> Grads { return {zeros_like(dy)}; })
      .samples([] { return samples_of_both_signs(); });
}

void define_sgn(OpDef& op) {
  op.doc("As sign; of complex elements x / |x|, and 0 of 0, where the gradient is 0, too.")
      .accepts(kAnySet)
      .compose([](const Tensor& x) -> Tensor {
        if (!x.is_complex()) return sign(x);
        const Tensor size = abs(x), is_zero = size == 0;
        return where(is_zero, 0, x / where(is_zero, 1, size));
      })
      .samples([] { return samples_of_both_signs(); });
}

void define_signbit(OpDef& op) {
  op.doc("Whether the element has a minus sign, as -0.0 does; bool.")
      .accepts(kRealSet | kBoolSet)
      .compose([](const Tensor& x) -> Tensor {
        const Tensor below = x < 0;
        return x.is_floating_point() ? below | ((x == 0) & (reciprocal(x) < 0)) : below;
      })
      .not_differentiable()
      .samples([] { return not_differentiable(samples_of_both_signs()); });
}

void define_nextafter(OpDef& op) {
  op.doc(
        "The next number of the dtype after `a` towards `b`; `b` where they are equal, NaN beside "
        "NaN. Broadcasts. DTypeError unless one of them is floating.")
      .accepts(kFloatSet)
      .accepts_input(0, kRealSet | kBoolSet)
      .accepts_input(1, kRealSet | kBoolSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a, const Tensor& b) -> Spec {
        const Tensor* const operands[] = {&a, &b};
        const DType dtype = result_type(operands);
        if (!is_floating(dtype)) {
          fail<DTypeError>("nextafter",
                           fmt::format("{} has no numbers between its own; convert one "
                                       "operand to floating point, e.g. with "
                                       "to(kFloat32)",
                                       name_of(dtype)));
        }
        return {dtype, broadcast_shapes("nextafter", a.sizes(), b.sizes())};
      })
      .kernel()
      .not_differentiable()
      .samples([] { return not_differentiable(binary_samples()); });
}

void define_copysign(OpDef& op) {
  op.doc(
        "The size of `a` with the sign of `b`, that of a zero included. Broadcasts. The gradient "
        "of "
        "`b` is 0.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) {
        const Value size = t.abs(t.load(0)), b = t.load(1), zero = t.constant(0);
        const Value minus =
            t.logical_or(t.lt(b, zero), t.logical_and(t.eq(b, zero), t.lt(t.reciprocal(b), zero)));
        t.store(0, t.select(minus, t.neg(size), size));
      })
      .saves_input_for(0, {0})
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        Tensor da, db;
        if (saved.needs(0)) da = dy * sign(saved.input(0)) * sign(saved.output());
        if (saved.needs(1)) db = zeros_like(dy);
        return {da, db};
      })
      .samples([] {
        std::vector<Sample> samples;
        for (const double low : {0.2, -2.0}) {
          samples.push_back(
              {{sample_tensor({3, 4}, low, low + 1.5), sample_tensor({4}, -1, 1, 2)}, {}});
        }
        return samples;
      });
}

void define_heaviside(OpDef& op) {
  op.doc("0 where x < 0, 1 where x > 0, and `values` where x = 0. Broadcasts. NaN stays.")
      .compose([](const Tensor& x, const Tensor& values) -> Tensor {
        const Tensor step = where(x != x, x, where(x > 0, ones_like(x), zeros_like(x)));
        return where(x == 0, values, step);
      })
      .not_differentiable()
      .samples([] { return not_differentiable(binary_samples()); });
}

}  // namespace tenon::ops
