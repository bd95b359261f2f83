#pragma once

#include <string>

#include "tenon/graph/ir/graph.h"
#include "tenon/graph/plan/instance.h"

namespace tenon::graph {

/// What the steps run as, and which of them at once, as a line of text: "runs: 3 kernels, 2 tile
/// programs, 1 of them over few elements, 1 of these as machine code; at once: %4 %6".
std::string run_report(const Graph& graph, const Instance& instance);

}  // namespace tenon::graph
