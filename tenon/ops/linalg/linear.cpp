#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"
#include "tenon/ops/linalg/matmul.h"

namespace tenon::ops {
namespace {

Spec linear_spec(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (x.dim() == 0 || weight.dim() != 2 || x.sizes().back() != weight.sizes()[1]) {
    fail<ShapeError>("linear", fmt::format("expected x [..., in] and weight [out, in], got {} and "
                                           "{}",
                                           to_string(x.sizes()), to_string(weight.sizes())));
  }
  Spec spec{x.dtype(), x.sizes()};
  spec.sizes.back() = weight.sizes()[0];
  if (weight.dtype() != spec.dtype) spec.dtype = promote(spec.dtype, weight.dtype());
  if (bias.defined()) {
    if (bias.dim() != 1 || bias.sizes()[0] != weight.sizes()[0]) {
      fail<ShapeError>("linear", fmt::format("expected a bias of [{}], got {}", weight.sizes()[0],
                                             to_string(bias.sizes())));
    }
    if (bias.dtype() != spec.dtype) spec.dtype = promote(spec.dtype, bias.dtype());
  }
  return spec;
}

}  // namespace

void define_linear(OpDef& op) {
  op.doc(
        "y = x weight^T + bias for `x` [..., in], `weight` [out, in] and `bias` [out]; one kernel. "
        "ShapeError where the sizes don't go together.")
      .accepts(kNumberSet)
      .autocast(CastPolicy::kLower)
      .shape([](const Tensor& x, const Tensor& weight, const Tensor& bias) {
        return linear_spec(x, weight, bias);
      })
      .kernel()
      .saves_input_for(0, {1})
      .saves_input_for(1, {0})
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor &x = saved.input(0), &weight = saved.input(1);
        Tensor dx, dweight, dbias;
        if (saved.needs(0)) dx = matmul(dy, conjugate(weight));
        if (saved.needs(1)) dweight = sum_over_rows(rows_of(dy), conjugate(rows_of(x)));
        // The bias broadcasts: its gradient is summed by the engine.
        if (saved.needs(2)) dbias = dy;
        return {dx, dweight, dbias};
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor weight = sample_tensor({2, 3}, -1, 1, 2), bias = sample_tensor({2}, -1, 1, 3);
        return {{{sample_tensor({4, 3}), weight, bias}, {}},
                {{sample_tensor({4, 3}), weight, Tensor()}, {}},
                {{sample_tensor({2, 2, 3}), weight, bias}, {}},
                {{sample_tensor({3}), weight, bias}, {}}};
      });
}

}  // namespace tenon::ops
