#pragma once

#include <map>
#include <vector>

#include "tenon/graph/ir/graph.h"

namespace tenon::graph {

/// What a graph's steps make of weights: of externals that it doesn't write, and that products and
/// convolutions read as their right operands, or fold into these.
class Weights {
 public:
  explicit Weights(const Graph& graph);

  /// The weight that is all that the step's result depends on (a cast that only right operands
  /// are read from), or whose layout a product may choose; or the filters and the numbers of a
  /// batch norm that a convolution makes its own of. Slots; none where there is nothing to keep.
  std::vector<uint32_t> of(size_t step) const;

 private:
  bool is_weight(const Operand& operand) const;
  bool is_cast(size_t step) const;
  std::vector<uint32_t> folded(const Step& step) const;

  const Graph& graph_;
  std::vector<int> writes_;                 ///< to each slot
  std::map<uint32_t, size_t> writer_;       ///< of each value
  std::map<uint32_t, bool> is_only_right_;  ///< of each value that is read
};

}  // namespace tenon::graph
