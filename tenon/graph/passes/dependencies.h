#pragma once

#include <vector>

#include "tenon/graph/ir/graph.h"

namespace tenon::graph {

/// Whether running the step can end in an error that depends on data (an index out of range).
bool may_throw(const Step& step);
/// Whether the step writes a slot of those that are marked.
bool writes_any(const Step& step, const std::vector<bool>& marked);

/// Which steps must wait for which: readers for the writer of what they read, writers for all that
/// used the slot before. And where one may throw and the other writes what can be seen afterwards,
/// they stay in order, so that an error leaves what eager would have left.
class Dependencies {
 public:
  explicit Dependencies(const Graph& graph);

  /// Makes one node of two; what waits for either waits for `a` now.
  void merge(size_t a, size_t b);
  /// Whether `to` waits for `from` by way of a third, or the reverse.
  bool has_detour(size_t from, size_t to) const;
  /// The nodes that are left, each after those that it waits for, otherwise in their old order.
  std::vector<size_t> order() const;

 private:
  void add(size_t before, size_t after);
  bool reaches(size_t from, size_t to, bool direct) const;

  std::vector<std::vector<size_t>> after_;  ///< of each node: those that wait for it
  std::vector<size_t> node_of_;             ///< where a merged step went
};

}  // namespace tenon::graph
