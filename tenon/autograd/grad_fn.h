#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tenon/core/tensor.h"

namespace tenon {

/// A place of the backward graph: the op that made a tensor, or a leaf. For drawing and looking at
/// graphs; backward itself follows them in C++.
class TENON_API GradFn {
 public:
  /// The op that made `tensor`; empty for leaves and where no gradient flows.
  static GradFn of(const Tensor& tensor);

  /// Which result of that op the tensor is; 0 of leaves.
  static uint32_t result_number(const Tensor& tensor);

  explicit operator bool() const { return node_ || leaf_; }
  /// "MulBackward" for `mul`, "AccumulateGrad" for a leaf.
  std::string name() const;
  /// Where the gradients of its inputs go, in their order, and which result of that op each input
  /// was. Empty places are inputs without gradient.
  std::vector<std::pair<GradFn, int>> next_functions() const;
  /// The leaf that gradients are added up in; undefined for ops.
  Tensor variable() const { return leaf_ ? Tensor(leaf_) : Tensor(); }
  /// The same for the same place.
  const void* id() const;

 private:
  Intrusive<GradNode> node_;
  Intrusive<TensorImpl> leaf_;
};

}  // namespace tenon
