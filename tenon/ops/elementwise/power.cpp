#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"

namespace tenon::ops {

void define_pow(OpDef& op) {
  op.doc(
        "Power: y = a^b. Broadcasts. Integers stay integers: a negative exponent gives 0, except "
        "for the bases 1 and -1. Complex: e^(b ln a), and of a = 0 0 where Re b > 0. The gradient "
        "with respect to `b` is 0 where a = 0 and b >= 0. Two "
        "bool tensors are a DTypeError.")
      .accepts(kNumberSet)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.pow(t.load(0), t.load(1))); })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& a = saved.input(0);
        const Tensor& b = saved.input(1);
        Tensor da, db;
        if (saved.needs(0)) {
          // No power of a at all where b is 0: further derivatives are 0 there, too.
          const Tensor is_constant = b == 0, less = where(is_constant, 1, b - 1);
          da = holomorphic_gradient(
              dy, [&](const Tensor& dy) { return where(is_constant, 0, dy * b * pow(a, less)); });
        }
        if (saved.needs(1)) {
          const Tensor y = pow(a, b);  // again: few ask for this gradient, and nearly all for da
          const Tensor constant = (a == 0) & ((b.is_complex() ? real(b) : b) >= 0);
          const Tensor base = a.dtype() == y.dtype() ? a : a.to(y.dtype());
          db = where(constant, 0, times_conjugate(dy, y * log(base)));
        }
        return {da, db};
      })
      .samples([] {
        std::vector<Sample> samples = binary_samples(-2, 3);
        for (Sample& sample : samples) {
          sample.inputs[0] = sample_tensor(sample.inputs[0].sizes(), 0.3, 2);
        }
        return samples;
      });
}

void define_ldexp(OpDef& op) {
  op.doc("a 2^b, of integers in the default dtype. Broadcasts.")
      .compose([](const Tensor& a, const Tensor& b) -> Tensor {
        if (is_differentiable(b.dtype())) return a * pow(2.0, b);
        // In three factors, as 2^b may be beyond the dtype where the product isn't.
        const DType dtype = real_of(computed_floating(a.dtype()));
        const double most = dtype == kFloat64 ? 1023 : dtype == kFloat16 ? 15 : 127;
        const Tensor exponent = b.to(dtype);
        const Tensor third = clamp(trunc(exponent / 3), -most, most);
        const Tensor rest = clamp(exponent - third * 2, -most, most);
        const Tensor factor = pow(2.0, third);
        return a * factor * factor * pow(2.0, rest);
      })
      .samples([] { return binary_samples(-2, 3); });
}

void define_frexp(OpDef& op) {
  op.doc(
        "A mantissa of [0.5, 1), with the sign of x, and a power of 2 as int32: x = mantissa "
        "2^exponent. 0, inf and NaN are their own mantissas, with the exponent 0.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x) -> Specs {
        return {Spec{x.dtype(), x.sizes()}, Spec{kInt32, x.sizes()}};
      })
      .kernel()
      .saves_output(1)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {ldexp(dy, -saved.output(1))};
      })
      .samples([] { return unary_samples(0.55, 0.95); });
}

void define_square(OpDef& op) {
  op.doc("Square of each element: y = x^2.")
      .accepts(kAnySet)
      .tile([](TileBuilder& t) { t.store(0, t.square(t.load(0))); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * conjugate(saved.input(0)) * 2};
      })
      .samples([] { return unary_samples(); });
}

void define_sqrt(OpDef& op) {
  op.doc("Square root of each element; NaN of negative ones.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kAsGiven)
      .tile([](TileBuilder& t) { t.store(0, t.sqrt(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy / conjugate(saved.output()) * 0.5};
      })
      .samples([] { return unary_samples(0.2, 4); });
}

void define_rsqrt(OpDef& op) {
  op.doc("Reciprocal square root of each element: y = 1 / sqrt(x).")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.rsqrt(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& y = saved.output();
        return {times_conjugate(dy, square(y) * y) * -0.5};
      })
      .samples([] { return unary_samples(0.2, 4); });
}

void define_reciprocal(OpDef& op) {
  op.doc("Reciprocal of each element: y = 1 / x.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) { t.store(0, t.reciprocal(t.load(0))); })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {-(dy * square(conjugate(saved.output())))};
      })
      .samples([] { return unary_samples(0.4, 3); });
}

void define_hypot(OpDef& op) {
  op.doc(
        "sqrt(a^2 + b^2), without overflow on the way; infinite where a or b is, beside NaN, too. "
        "Broadcasts. The gradient at (0, 0) is 0.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value a = t.abs(t.load(0)), b = t.abs(t.load(1));
        const Value large = t.maximum(a, b), small = t.minimum(a, b), zero = t.constant(0);
        const Value ratio = t.select(t.eq(large, zero), zero, t.div(small, large));
        const Value finite = t.mul(large, t.sqrt(t.add(t.square(ratio), t.constant(1))));
        t.store(0, t.select(t.isinf(a), a, t.select(t.isinf(b), b, finite)));
      })
      .saves_input_for(0, {0})
      .saves_input_for(1, {1})
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& y = saved.output();
        // No product with 1 / y, which may be infinite where y isn't 0.
        const auto grad = [&](const Tensor& x) { return dy * where(y == 0, 0, x / y); };
        return {saved.needs(0) ? grad(saved.input(0)) : Tensor(),
                saved.needs(1) ? grad(saved.input(1)) : Tensor()};
      })
      .samples([] { return binary_samples(0.5, 2); });
}

}  // namespace tenon::ops
