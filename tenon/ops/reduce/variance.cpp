#include <algorithm>

#include "tenon/core/default_dtype.h"
#include "tenon/ops/define.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {
namespace {

std::vector<Attribute> attributes(IntList dims, bool keepdim) {
  return {Attribute(dims), Attribute(keepdim ? 0.0 : 1.0), Attribute(keepdim)};
}

std::vector<Sample> samples_of_several() {
  std::vector<Sample> samples = reduction_samples(attributes);
  // One element has no spread: its gradient is NaN, or the root's kink.
  std::erase_if(samples, [](const Sample& sample) { return sample.inputs[0].numel() < 2; });
  return samples;
}

/// max(n - correction, 0), where n is the number of elements in a row and scalar 0 the correction.
Value degrees_of_freedom(TileBuilder& t) {
  return t.maximum(t.sub(t.row_length(), t.scalar(0)), t.constant(0));
}

Value unbiased_variance(TileBuilder& t) {
  const Value variance = t.row_welford(t.load(0)).variance;
  return t.mul(variance, t.div(t.row_length(), degrees_of_freedom(t)));
}

Spec spec(std::string_view call, const Tensor& x, IntList dims, bool keepdim) {
  return {real_of(computed_floating(x.dtype())), reduced_sizes(call, x, dims, keepdim)};
}

double freedom_of(const Tensor& x, IntList dims, double correction) {
  return std::max(static_cast<double>(reduced_count("var", x, dims)) - correction, 0.0);
}

/// var_backward, of complex numbers too.
Tensor slope(const Tensor& dy, const Tensor& x, IntList dims, double correction) {
  if (!x.is_complex()) return var_backward(dy, x, dims, correction);
  return dy * ((x - mean(x, dims, true)) * (2 / freedom_of(x, dims, correction)));
}

}  // namespace

void define_var(OpDef& op) {
  op.doc(
        "Variance over `dims` (none given: all): sum(|x - mean|^2) / max(n - correction, 0) of n "
        "elements; correction=1 is the unbiased estimate, 0 the population's. Integers become "
        "float32. Computed in one sweep after Welford and Chan.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& x, IntList dims, double, bool keepdim) -> Spec {
        return spec("var", x, dims, keepdim);
      })
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) { t.store(0, unbiased_variance(t)); })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, IntList dims, double correction,
              bool keepdim) -> Grads {
        const Tensor& x = saved.input(0);
        return {slope(spread(dy, x.sizes(), dims, keepdim), x, dims, correction)};
      })
      .samples(samples_of_several);
}

void define_std(OpDef& op) {
  op.doc("Standard deviation over `dims`: the square root of var(), with the same arguments.")
      .accepts(kAnySet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& x, IntList dims, double, bool keepdim) -> Spec {
        return spec("std", x, dims, keepdim);
      })
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) { t.store(0, t.sqrt(unbiased_variance(t))); })
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, IntList dims, double correction,
              bool keepdim) -> Grads {
        const Tensor& x = saved.input(0);
        const Tensor& y = saved.output();
        const Tensor scale = where(y == 0, 0, dy / (y * 2));
        return {slope(spread(scale, x.sizes(), dims, keepdim), x, dims, correction)};
      })
      .samples(samples_of_several);
}

void define_var_backward(OpDef& op) {
  op.doc(
        "The gradient of var: dy 2 (x - mean(x)) / max(n - correction, 0); `dy` is constant "
        "along the row.")
      .accepts(kFloatSet)
      .rows(rows_of_dims<0>)
      .tile([](TileBuilder& t) {
        const Value x = t.load(1);
        const Value centered = t.sub(x, t.row_welford(x).mean);
        const Value scale = t.div(t.constant(2), degrees_of_freedom(t));
        t.store(0, t.mul(t.load(0), t.mul(centered, scale)));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v, IntList dims, double correction) -> Grads {
        const Tensor& x = saved.input(1);
        Tensor dx;
        if (saved.needs(1)) {
          const Tensor weighted = v * saved.input(0);
          dx = (weighted - mean(weighted, dims, true)) * (2 / freedom_of(x, dims, correction));
        }
        return {var_backward(v, x, dims, correction), dx};
      })
      .samples([] {
        return std::vector<Sample>{{{sample_tensor({3, 1}), sample_tensor({3, 5}, -2, 2, 2)},
                                    {Attribute(IntList{1}), Attribute(1.0)}}};
      });
}

}  // namespace tenon::ops
