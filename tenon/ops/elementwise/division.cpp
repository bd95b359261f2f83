#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

std::vector<Sample> division_samples() {
  std::vector<Sample> samples;
  // Quotients stay clear of whole numbers, where rounding jumps.
  for (const auto& [a, b] : {std::pair<Shape, Shape>{{3, 4}, {}}, {{5}, {1}}, {{}, {}}}) {
    samples.push_back({{sample_tensor(a, 0.1, 1.6), Tensor(sample_tensor(b, 1.7, 1.8))}, {}});
    samples.push_back({{sample_tensor(a, -1.6, -0.1), Tensor(sample_tensor(b, 1.7, 1.8))}, {}});
  }
  return samples;
}

/// Of remainders: minus the rounded quotient, which has no derivatives of its own.
template <class Quotient>
Tensor grad_of_divisor(const Saved& saved, const Tensor& dy, Quotient rounded) {
  if (!saved.needs(1)) return {};
  const auto quotient = [&] {
    const NoGrad no_grad;
    return rounded(saved.input(0), saved.input(1));
  };
  return -(dy * quotient());
}

}  // namespace

void define_floor_divide(OpDef& op) {
  op.doc(
        "Quotient rounded down, as Python's `//`: y = floor(a / b). Broadcasts. Integers stay "
        "integers: ValueError where `b` is 0. Two bool tensors are a DTypeError. The gradient is "
        "0.")
      .accepts(kRealSet)
      .tile([](TileBuilder& t) { t.store(0, t.floor_divide(t.load(0), t.load(1))); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {saved.needs(0) ? zeros_like(dy) : Tensor(),
                saved.needs(1) ? zeros_like(dy) : Tensor()};
      })
      .samples(division_samples);
}

void define_remainder(OpDef& op) {
  op.doc(
        "Remainder with the sign of the divisor, as Python's `%`: y = a - b floor(a / b). "
        "Broadcasts. ValueError where integers have a `b` of 0. Two bool tensors are a DTypeError.")
      .accepts(kRealSet)
      .tile([](TileBuilder& t) { t.store(0, t.remainder(t.load(0), t.load(1))); })
      .saves_input_for(0, {1})
      .saves_input_for(1, {1})
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy, grad_of_divisor(saved, dy, [](const Tensor& a, const Tensor& b) {
                  return floor_divide(a, b);
                })};
      })
      .samples(division_samples);
}

void define_fmod(OpDef& op) {
  op.doc(
        "Remainder with the sign of the dividend, as C's fmod: y = a - b trunc(a / b). "
        "Broadcasts. ValueError where integers have a `b` of 0. Two bool tensors are a DTypeError.")
      .accepts(kRealSet)
      .tile([](TileBuilder& t) { t.store(0, t.fmod(t.load(0), t.load(1))); })
      .saves_input_for(0, {1})
      .saves_input_for(1, {1})
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy, grad_of_divisor(saved, dy,
                                    [](const Tensor& a, const Tensor& b) { return trunc(a / b); })};
      })
      .samples(division_samples);
}

}  // namespace tenon::ops
