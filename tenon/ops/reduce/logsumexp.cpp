#include <limits>

#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {

void define_logsumexp(OpDef& op) {
  op.doc(
        "ln(sum(e^x)) over `dims`, without overflow: m + ln(sum(e^(x - m))), where m is the "
        "largest element (of complex ones the largest real part). Of no elements, -inf. Integers "
        "become float32.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& x, IntList dims, bool keepdim) -> Spec {
        return {computed_floating(x.dtype()), reduced_sizes("logsumexp", x, dims, keepdim)};
      })
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        const Value largest = t.row_max(x);
        // inf - inf would be NaN: rows whose largest element is infinite are not shifted.
        const Value shift = t.select(t.isinf(largest), t.constant(0), largest);
        t.store(0, t.add(t.log(t.row_sum(t.exp(t.sub(x, shift)))), shift));
      })
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, IntList dims, bool keepdim) -> Grads {
        const Tensor& x = saved.input(0);
        const auto wide = [&](const Tensor& row) { return spread(row, x.sizes(), dims, keepdim); };
        if (x.is_complex()) {
          return {times_conjugate(wide(dy), exp(x - wide(saved.output())))};
        }
        return {logsumexp_backward(wide(dy), x, wide(saved.output()))};
      })
      .samples([] {
        return reduction_samples([](IntList dims, bool keepdim) -> std::vector<Attribute> {
          return {Attribute(dims), Attribute(keepdim)};
        });
      });
}

void define_logsumexp_backward(OpDef& op) {
  op.doc("The gradient of logsumexp: dy e^(x - y), where `y` is its result, repeated.")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value y = t.load(2), nothing = t.constant(-std::numeric_limits<double>::infinity());
        // Where all elements are -inf, the difference of two would be NaN.
        const Value shift = t.select(t.eq(y, nothing), t.constant(0), y);
        t.store(0, t.mul(t.load(0), t.exp(t.sub(t.load(1), shift))));
      })
      .saves_input(0, 1, 2)
      .vjp([](const Saved& saved, const Tensor& v) -> Grads {
        const Tensor& x = saved.input(1);
        const Tensor& y = saved.input(2);
        const Tensor dx = logsumexp_backward(v * saved.input(0), x, y);
        return {logsumexp_backward(v, x, y), dx, -dx};
      })
      .samples([] {
        return std::vector<Sample>{
            {{sample_tensor({3, 5}), sample_tensor({3, 5}, -2, 2, 2), sample_tensor({3, 1}, 2, 3)},
             {}}};
      });
}

}  // namespace tenon::ops
