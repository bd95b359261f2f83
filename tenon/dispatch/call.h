#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tenon/core/tensor.h"
#include "tenon/dispatch/attribute.h"

namespace tenon {

struct OpDef;

/// One use of an op: borrowed inputs and attributes, in the order of the signature. A tensor
/// argument that was left out is an undefined tensor; a `Tensor[]` argument takes as many inputs as
/// it has.
struct Call {
  const OpDef& op;
  std::span<const Tensor* const> inputs;
  std::span<const Attribute> attributes;

  const Tensor& input(size_t i) const { return *inputs[i]; }
  bool has(size_t i) const { return i < inputs.size() && inputs[i]->defined(); }
  const Attribute& attribute(size_t i) const { return attributes[i]; }
  template <class T>
  T get(size_t attribute) const {
    return attributes[attribute].as<T>();
  }
};

/// Collects the inputs of an op that takes a list of tensors.
class InputList {
 public:
  void add(const Tensor& tensor) { inputs_.push_back(&tensor); }
  void add(TensorList tensors) {
    for (const Tensor& tensor : tensors) inputs_.push_back(&tensor);
  }
  operator std::span<const Tensor* const>() const { return inputs_; }

 private:
  std::vector<const Tensor*> inputs_;
};

/// dtype and sizes of one result, before it exists.
struct Spec {
  DType dtype = kFloat32;
  Shape sizes;
};

/// The results of a call, before they exist; at most four.
struct Specs {
  Spec values[4];
  size_t count = 0;

  Specs() = default;
  Specs(Spec first) : values{std::move(first)}, count(1) {}
  Specs(Spec first, Spec second) : values{std::move(first), std::move(second)}, count(2) {}
  Specs(Spec first, Spec second, Spec third)
      : values{std::move(first), std::move(second), std::move(third)}, count(3) {}
};

/// How a view reads its base's storage; `offset` in elements from the storage's start. Elements are
/// the base's unless `dtype` says otherwise: complex numbers seen as their parts, or parts as
/// complex numbers.
struct ViewSpec {
  Shape sizes;
  Shape strides;
  int64_t offset = 0;
  std::optional<DType> dtype = {};
};

/// Gradients with respect to the inputs, in their order; undefined where none flows.
class Grads {
 public:
  template <class... T>
  requires(std::is_convertible_v<T, Tensor>&&...) Grads(T&&... grads) : count_(sizeof...(T)) {
    static_assert(sizeof...(T) <= kInline);
    size_t i = 0;
    ((inline_[i++] = std::forward<T>(grads)), ...);
  }
  Grads(std::vector<Tensor> grads) : count_(grads.size()), list_(std::move(grads)) {}

  size_t size() const { return count_; }
  Tensor& operator[](size_t i) { return list_.empty() ? inline_[i] : list_[i]; }

 private:
  static constexpr size_t kInline = 6;
  Tensor inline_[kInline];
  size_t count_;
  std::vector<Tensor> list_;
};

/// What a gradient rule sees of the forward call. `input` and `output` hold what the op's
/// definition says it saves; sizes and dtypes of inputs are there when it saves those.
struct Saved {
  const OpDef& op;
  std::span<const Tensor> inputs;
  std::span<const Tensor> outputs;
  std::span<const Attribute> attributes;
  std::span<const Spec> input_specs;
  /// Gradients of all results; undefined where none arrived.
  std::span<const Tensor> grads;
  /// Bit i: input i needs a gradient.
  uint64_t needed = ~uint64_t{0};

  const Tensor& input(size_t i) const { return inputs[i]; }
  const Tensor& output(size_t i = 0) const { return outputs[i]; }
  const Shape& input_sizes(size_t i) const { return input_specs[i].sizes; }
  DType input_dtype(size_t i) const { return input_specs[i].dtype; }
  bool needs(size_t i) const { return (needed >> i & 1) != 0; }
};

/// A forward call with concrete arguments, for the tests and the reference pages.
struct Sample {
  std::vector<Tensor> inputs;
  std::vector<Attribute> attributes;
  /// Whether finite differences make sense here (no kinks or ties near the inputs).
  bool differentiable = true;
};

}  // namespace tenon
