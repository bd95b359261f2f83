#pragma once

#include "tenon/autograd/node.h"

namespace tenon::autograd {

/// What tensors with gradients of their own have: leaves, and results that retain theirs.
struct LeafExtras final : GradExtras {
  /// Shared with the node of a result that retains its gradient.
  std::shared_ptr<Tensor> grad = std::make_shared<Tensor>();
  std::vector<ResultExtras::Entry> hooks;
};

/// The extras of a tensor, or null.
inline LeafExtras* find_extras(const TensorImpl* impl) {
  return static_cast<LeafExtras*>(impl->extras.get());
}
/// The extras of a tensor, made where it has none.
inline LeafExtras& extras_of(TensorImpl* impl) {
  if (!impl->extras) impl->extras = std::make_unique<LeafExtras>();
  return static_cast<LeafExtras&>(*impl->extras);
}

}  // namespace tenon::autograd
