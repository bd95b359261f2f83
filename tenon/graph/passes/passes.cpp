#include "tenon/graph/passes/passes.h"

#include <algorithm>

namespace tenon::graph {
namespace {

constexpr Pass kPasses[] = {
    {"dead-steps", remove_dead_steps},
    {"common-steps", merge_common_steps},
    {"roll-loops", roll_loops, Pass::Numbers::kFixed},
    {"dim-order", keep_dim_order},
    {"convolutions", join_convolutions},
    {"fuse", fuse_tile_steps},
    {"simplify", simplify_programs},
    {"order", order_for_memory},
    {"recompute", recompute},
    {"side-by-side", bring_products_together},
    {"epilogues", take_in_epilogues},
    {"chains", fork_chains},
    {"weights", keep_weights},
};

void verify_in_debug_builds([[maybe_unused]] const Graph& graph) {
#ifndef NDEBUG
  verify(graph);
#endif
}

}  // namespace

std::span<const Pass> all_passes() { return kPasses; }

void run_passes(Graph& graph, std::span<const std::string> without, Pass::Numbers numbers) {
  verify_in_debug_builds(graph);
  // Of an earlier run, in a text: the passes may move what these are behind of.
  for (Step& step : graph.steps) {
    step.by_blocks = step.keeps_weight = false;
    step.fork = step.chain = 0;
  }
  for (const Pass& pass : kPasses) {
    if (std::find(without.begin(), without.end(), pass.name) != without.end()) continue;
    if (pass.numbers == Pass::Numbers::kFixed && numbers == Pass::Numbers::kAny) continue;
    for (Step& step : graph.steps) {
      if (step.kind != Record::Kind::kLoop) continue;
      Graph body = *step.body;
      pass.run(body);
      step.body = std::make_shared<Graph>(std::move(body));
    }
    pass.run(graph);
    verify_in_debug_builds(graph);
  }
}

}  // namespace tenon::graph
