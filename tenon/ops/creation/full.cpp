// Tensors of one number: zeros, ones, full, and the same like another tensor.

#include "tenon/ops/creation/filled_internal.h"

namespace tenon::ops {
namespace {

Spec like(const Tensor& x, std::optional<DType> dtype) {
  return {dtype.value_or(x.dtype()), x.sizes()};
}

std::vector<Sample> size_samples(std::vector<Attribute> rest) {
  std::vector<Sample> samples;
  for (const Shape& sizes : {Shape{2, 3}, Shape{4}, Shape{}}) {
    Sample sample{{}, {Attribute(sizes)}, false};
    for (const Attribute& attribute : rest) sample.attributes.push_back(attribute);
    samples.push_back(sample);
  }
  return samples;
}

}  // namespace

void define_zeros(OpDef& op) {
  op.doc("A tensor of `sizes` whose elements are all 0.")
      .shape([](IntList sizes, DType dtype, Device) -> Spec {
        return {dtype, Shape(sizes)};
      })
      .tile([](TileBuilder& t) { t.store(0, t.constant(0)); })
      .not_differentiable()
      .samples([] {
        return size_samples({Attribute(kFloat32), Attribute(kCpu)});
      });
}

void define_ones(OpDef& op) {
  op.doc("A tensor of `sizes` whose elements are all 1.")
      .shape([](IntList sizes, DType dtype, Device) -> Spec {
        return {dtype, Shape(sizes)};
      })
      .tile([](TileBuilder& t) { t.store(0, t.constant(1)); })
      .not_differentiable()
      .samples([] {
        return size_samples({Attribute(kInt64), Attribute(kCpu)});
      });
}

void define_full(OpDef& op) {
  op.doc(
        "A tensor of `sizes` whose elements are all `value`; its dtype follows the kind of the "
        "value (bool, int64, float32, complex64) unless given. ValueError where the dtype can't "
        "hold the value: 300 in uint8, 1e9 in several elements of float16; -1 is the largest "
        "number of unsigned ones.")
      .shape([](IntList sizes, Scalar value, std::optional<DType> dtype, Device) -> Spec {
        return {dtype.value_or(value.default_dtype()), Shape(sizes)};
      })
      .variant([](IntList sizes, Scalar value, std::optional<DType> dtype, Device) {
        return filled_variant("full", sizes, dtype.value_or(value.default_dtype()), value);
      })
      .tile([](TileBuilder& t, int variant) { store_filled(t, variant); })
      .not_differentiable()
      .samples([] {
        return size_samples({Attribute(Scalar(2.5)), Attribute(kFloat64), Attribute(kCpu)});
      });
}

void define_zeros_like(OpDef& op) {
  op.doc("Zeros of the sizes of `x`, and its dtype unless `dtype` is given.")
      .accepts(kAnySet)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, std::optional<DType> dtype) { return like(x, dtype); })
      .tile([](TileBuilder& t) { t.store(0, t.constant(0)); })
      .not_differentiable()
      .samples([] { return not_differentiable(unary_samples(-2, 2, {Attribute()})); });
}

void define_ones_like(OpDef& op) {
  op.doc("Ones of the sizes of `x`, and its dtype unless `dtype` is given.")
      .accepts(kAnySet)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, std::optional<DType> dtype) { return like(x, dtype); })
      .tile([](TileBuilder& t) { t.store(0, t.constant(1)); })
      .not_differentiable()
      .samples([] { return not_differentiable(unary_samples(-2, 2, {Attribute()})); });
}

void define_full_like(OpDef& op) {
  op.doc("`value` in the sizes of `x`, and its dtype unless `dtype` is given. ValueError as full.")
      .accepts(kAnySet)
      .computes_in(ComputedIn::kResult)
      .shape([](const Tensor& x, Scalar, std::optional<DType> dtype) { return like(x, dtype); })
      .variant([](const Tensor& x, Scalar value, std::optional<DType> dtype) {
        return filled_variant("full_like", x.sizes(), dtype.value_or(x.dtype()), value);
      })
      .tile([](TileBuilder& t, int variant) { store_filled(t, variant); })
      .not_differentiable()
      .samples([] {
        return not_differentiable(unary_samples(-2, 2, {Attribute(Scalar(1.0)), Attribute()}));
      });
}

void define_zero(OpDef& op) {
  op.doc("Zeros of the sizes and dtype of `x`; `x.zero_()` writes them into `x`.")
      .accepts(kAnySet)
      .shape([](const Tensor& x) { return like(x, {}); })
      .tile([](TileBuilder& t) { t.store(0, t.constant(0)); })
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] { return unary_samples(); });
}

}  // namespace tenon::ops
