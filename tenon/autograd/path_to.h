#pragma once

#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tenon/autograd/engine.h"

namespace tenon::autograd {

/// What of a backward graph leads to the gradients that a pass is asked for: `grad(y, x)` runs
/// nothing else, calls no other hooks and frees no other nodes.
class PathTo {
 public:
  /// What `captures`, or those of a pass around it, ask for, from `roots` on.
  PathTo(std::span<const Edge> roots, const Captures& captures);

  /// Whether a gradient that goes there is asked for, or leads to one that is.
  bool leads(const Edge& edge) const {
    if (!edge.node) return edge.leaf && leaves_.contains(edge.leaf.get());
    const auto found = places_.find(edge.node.get());
    return found != places_.end() && (found->second.is_wanted || found->second.goes_on);
  }
  /// Whether the gradients of the node's inputs lead on.
  bool goes_on(const Node& node) const { return places_.at(&node).goes_on; }

 private:
  struct Place {
    bool is_wanted = false, goes_on = false;
  };

  /// All nodes that `roots` lead to, each after those that it leads to.
  static std::vector<const Node*> nodes_from(std::span<const Edge> roots);

  std::unordered_map<const GradNode*, Place> places_;
  std::unordered_set<const TensorImpl*> leaves_;  ///< that are asked for
};

}  // namespace tenon::autograd
