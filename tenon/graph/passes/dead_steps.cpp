#include "tenon/graph/passes/dependencies.h"
#include "tenon/graph/passes/passes.h"

namespace tenon::graph {

void remove_dead_steps(Graph& graph) {
  std::vector<Step>& steps = graph.steps;
  // A slot is wanted while a later step or somebody after the segment reads it. A write of all of
  // it ends that; writes of a part keep it. Where a step may throw, somebody after the segment may
  // read any that is live.
  const std::vector<bool> live = graph.live_slots();
  std::vector<bool> wanted = live;
  std::vector<bool> kept(steps.size());
  for (size_t i = steps.size(); i-- > 0;) {
    const Step& step = steps[i];
    kept[i] = may_throw(step) || writes_any(step, wanted);
    if (!kept[i]) continue;
    for (const Operand& output : step.outputs) {
      if (output.natural && output.broadcast == 0) wanted[output.slot] = false;
    }
    for (const Operand& input : step.inputs) {
      if (input.value != kNoValue) wanted[input.slot] = true;
    }
    if (!may_throw(step)) continue;
    for (size_t slot = 0; slot < wanted.size(); ++slot) {
      wanted[slot] = wanted[slot] || live[slot];
    }
  }
  size_t at = 0;
  std::erase_if(steps, [&](const Step&) { return !kept[at++]; });
}

}  // namespace tenon::graph
