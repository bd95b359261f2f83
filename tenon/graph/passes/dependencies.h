#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tenon/graph/ir/graph.h"

namespace tenon::graph {

/// Whether running the step can end in an error that depends on data (an index out of range).
bool may_throw(const Step& step);
/// Whether the step writes a slot of those that are marked.
bool writes_any(const Step& step, const std::vector<bool>& marked);

/// Which steps must wait for which: readers for the writer of what they read, writers for all that
/// used the slot before. Those that may throw stay in order, also among those that write what can
/// be seen afterwards, so that an error is the one, and leaves what, eager would have.
///
/// Nodes, at first the steps, are numbered; and they are kept in an order in which each stands
/// after those that it waits for, so that looking for a way from one to another needs to look at
/// what stands between them only.
class Dependencies {
 public:
  explicit Dependencies(const Graph& graph);

  /// The node that a step is part of: the first of its steps.
  size_t node_of(size_t step) const;
  /// Whether one of two nodes waits for the other by way of a third. True as well where they are
  /// too far apart to tell in a bounded time.
  bool has_detour(size_t a, size_t b) const;
  /// Makes one node of two that have no detour; it is `a`.
  void merge(size_t a, size_t b);
  /// The nodes that are left, each after those that it waits for, otherwise in their old order.
  std::vector<size_t> order() const;
  /// Steps that wait for one of the node's.
  std::span<const size_t> waiting_for(size_t node) const { return after_[node]; }

 private:
  using Edges = std::vector<std::vector<size_t>>;  ///< of each node: steps

  void add(size_t before, size_t after);
  bool search(const Edges& edges, size_t from, size_t to, std::vector<size_t>& found) const;
  bool find_between(size_t first, size_t last, std::vector<size_t>& after,
                    std::vector<size_t>& before) const;

  Edges after_, before_;
  mutable std::vector<size_t> parent_;  ///< of each step, towards the node that it is part of
  std::vector<size_t> position_;        ///< of each node in the order that is kept
  mutable std::vector<uint32_t> seen_;  ///< of each node: the search that saw it last
  mutable uint32_t searches_ = 0;
};

}  // namespace tenon::graph
