#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tenon/core/tensor.h"

namespace tenon::autograd {

/// A leaf that hooks wait for, in a backward pass.
struct WatchedLeaf {
  Intrusive<TensorImpl> leaf;
  /// The least order of the nodes that lead to it: where only lesser ones are left, it is complete.
  uint64_t last_order;
  bool has_grad = false;  ///< whether the pass has added to its gradient
};

/// The leaves that a pass from `roots` may reach and that have hooks for when their gradients were
/// added up; those that are complete first come last.
std::vector<WatchedLeaf> leaves_with_post_hooks(std::span<const Tensor> roots);

}  // namespace tenon::autograd
