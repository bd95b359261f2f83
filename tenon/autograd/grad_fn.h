#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tenon/core/tensor.h"

namespace tenon {

/// A place of the backward graph: the op that made a tensor, or a leaf. For drawing and looking at
/// graphs, and for hooks; backward itself follows them in C++.
class TENON_API GradFn {
 public:
  /// The op that made `tensor`; empty for leaves and where no gradient flows.
  static GradFn of(const Tensor& tensor);

  /// Which result of that op the tensor is; 0 of leaves.
  static uint32_t result_number(const Tensor& tensor);

  explicit operator bool() const { return node_ || leaf_; }
  /// "MulBackward0" for `mul`, "AccumulateGrad" for a leaf.
  std::string name() const;
  /// Where the gradients of its inputs go, in their order, and which result of that op each input
  /// was. Empty places are inputs without gradient.
  std::vector<std::pair<GradFn, int>> next_functions() const;
  /// The leaf that gradients are added up in; undefined for ops.
  Tensor variable() const { return leaf_ ? Tensor(leaf_) : Tensor(); }
  /// Gradients of an op's inputs and of its results, undefined where there is none; what the hook
  /// returns, one for each, takes the place of those of the inputs.
  using Hook = std::function<std::optional<std::vector<Tensor>>(std::span<const Tensor> inputs,
                                                                std::span<const Tensor> results)>;
  /// Calls `hook(inputs, results)` when a backward pass has run the op's gradient rule. Returns a
  /// number for `remove_hook`. Throws AutogradError for a leaf, whose tensor has hooks.
  int64_t register_hook(Hook hook) const;
  /// Calls `hook({}, results)` before the rule runs, on what it returns in place of the results'.
  int64_t register_prehook(Hook hook) const;
  void remove_hook(int64_t number) const;
  /// The same for the same place.
  const void* id() const;

 private:
  int64_t add_hook(const char* call, Hook hook, bool before) const;

  Intrusive<GradNode> node_;
  Intrusive<TensorImpl> leaf_;
};

}  // namespace tenon
