#include "tenon/graph/passes/passes.h"

#include <algorithm>

namespace tenon::graph {
namespace {

constexpr Pass kPasses[] = {
    {"dead-steps", remove_dead_steps},
    {"common-steps", merge_common_steps},
    {"fuse", fuse_tile_steps},
    {"simplify", simplify_programs},
};

void verify_in_debug_builds([[maybe_unused]] const Graph& graph) {
#ifndef NDEBUG
  verify(graph);
#endif
}

}  // namespace

std::span<const Pass> all_passes() { return kPasses; }

void run_passes(Graph& graph, std::span<const std::string> without) {
  verify_in_debug_builds(graph);
  for (const Pass& pass : kPasses) {
    if (std::find(without.begin(), without.end(), pass.name) != without.end()) continue;
    pass.run(graph);
    verify_in_debug_builds(graph);
  }
}

}  // namespace tenon::graph
