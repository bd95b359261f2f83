#include "tenon/autograd/post_hooks.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "tenon/autograd/leaf.h"

namespace tenon::autograd {
namespace {

/// A walk over all that a pass may reach.
class Search {
 public:
  /// Follows an edge of a node of this order.
  void follow(const Edge& edge, uint64_t order) {
    if (const auto* node = static_cast<const Node*>(edge.node.get())) {
      if (seen_.insert(node).second) waiting_.push_back(node);
    } else if (edge.leaf) {
      meet(edge.leaf, order);
    }
  }

  std::vector<WatchedLeaf> run() {
    while (!waiting_.empty()) {
      const Node* const node = waiting_.back();
      waiting_.pop_back();
      for (const Edge& edge : node->edges) follow(edge, node->order);
    }
    std::stable_sort(found_.begin(), found_.end(), [](const WatchedLeaf& a, const WatchedLeaf& b) {
      return a.last_order < b.last_order;
    });
    return std::move(found_);
  }

 private:
  void meet(const Intrusive<TensorImpl>& leaf, uint64_t order) {
    const LeafExtras* const extras = find_extras(leaf.get());
    if (!extras || extras->post_hooks.empty()) return;
    const auto [place, is_new] = places_.emplace(leaf.get(), found_.size());
    if (is_new) found_.push_back({leaf, order});
    uint64_t& last = found_[place->second].last_order;
    last = std::min(last, order);
  }

  std::unordered_set<const Node*> seen_;
  std::vector<const Node*> waiting_;
  std::vector<WatchedLeaf> found_;
  std::unordered_map<const TensorImpl*, size_t> places_;
};

}  // namespace

std::vector<WatchedLeaf> leaves_with_post_hooks(std::span<const Tensor> roots) {
  Search search;
  // A root's own gradient is there before any node runs.
  for (const Tensor& root : roots) {
    search.follow(edge_of(root), std::numeric_limits<uint64_t>::max());
  }
  return search.run();
}

}  // namespace tenon::autograd
