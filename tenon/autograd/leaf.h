#pragma once

#include "tenon/autograd/node.h"

namespace tenon::autograd {

/// What tensors with gradients of their own have: leaves, and results that retain theirs.
struct LeafExtras final : GradExtras {
  struct PostHook {
    int64_t number;
    std::function<void(const Tensor&)> hook;
  };
  /// Shared with the node of a result that retains its gradient.
  std::shared_ptr<Tensor> grad = std::make_shared<Tensor>();
  std::vector<ResultExtras::Entry> hooks;
  std::vector<PostHook> post_hooks;  ///< called once `grad` has been added to
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

/// Whether the tensor is a result whose gradient is kept: `retain_grad()` asked for it.
TENON_API bool retains_grad(const Tensor& tensor);
/// Whether a tensor of this process ever had hooks for when its gradient was added up: passes look
/// for such leaves only then.
bool had_post_hooks();
/// Calls these hooks of a leaf, as after a pass that added to its `grad`.
TENON_API void run_post_hooks(const Tensor& leaf);

}  // namespace tenon::autograd
