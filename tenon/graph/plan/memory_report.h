#pragma once

#include <string>

#include "tenon/graph/ir/graph.h"
#include "tenon/graph/plan/instance.h"

namespace tenon::graph {

/// What a run of a plan allocates, and which buffers make its peak, as lines of text.
std::string memory_report(const Graph& graph, const Instance& instance);
/// The largest buffers at the peak, as a list: "%12 of conv2d, float32[64, 32, 26, 26], 5.3 MiB".
std::string largest_buffers(const Graph& graph, const Instance& instance);
/// "5.3 MiB".
std::string bytes_text(size_t bytes);

}  // namespace tenon::graph
