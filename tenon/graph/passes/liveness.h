#pragma once

#include <cstddef>
#include <vector>

#include "tenon/graph/ir/graph.h"

namespace tenon::graph {

/// What memory for intermediate results a graph's steps take in their order, at the sizes that its
/// numbers are of: as a plan places them, but for gaps between buffers.
struct Liveness {
  explicit Liveness(const Graph& graph);

  std::vector<size_t> bytes;     ///< of each slot, as `bytes_in_arena` has them
  std::vector<int> first, last;  ///< steps that touch the slot; -1: none
  std::vector<size_t> in_use;    ///< while each step runs
  size_t peak = 0;
};

/// Of each slot; 0 of externals and of what lives on, whose memory is there from the beginning.
std::vector<size_t> bytes_in_arena(const Graph& graph);

}  // namespace tenon::graph
