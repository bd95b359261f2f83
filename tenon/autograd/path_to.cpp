#include "tenon/autograd/path_to.h"

#include <algorithm>

namespace tenon::autograd {

PathTo::PathTo(std::span<const Edge> roots, const Captures& captures) {
  for (const Captures* c = &captures; c; c = c->outer) {
    for (const Edge& edge : c->edges) {
      if (edge.node) {
        places_[edge.node.get()].is_wanted = true;
      } else if (edge.leaf) {
        leaves_.insert(edge.leaf.get());
      }
    }
  }
  for (const Node* node : nodes_from(roots)) {
    const bool goes_on = (node->rule && node->rule->reaches_others()) ||
                         std::any_of(node->edges.begin(), node->edges.end(),
                                     [&](const Edge& edge) { return leads(edge); });
    places_[node].goes_on = goes_on;
  }
}

std::vector<const Node*> PathTo::nodes_from(std::span<const Edge> roots) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> nodes;
  const auto visit = [&](const Edge& edge) {
    const auto* const node = static_cast<const Node*>(edge.node.get());
    if (node && seen.insert(node).second) nodes.push_back(node);
  };
  for (const Edge& root : roots) visit(root);
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const Edge& edge : nodes[i]->edges) visit(edge);
  }
  std::sort(nodes.begin(), nodes.end(),
            [](const Node* a, const Node* b) { return a->order < b->order; });
  return nodes;
}

}  // namespace tenon::autograd
