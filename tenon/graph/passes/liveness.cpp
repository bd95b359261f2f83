#include "tenon/graph/passes/liveness.h"

#include <algorithm>

namespace tenon::graph {

std::vector<size_t> bytes_in_arena(const Graph& graph) {
  std::vector<size_t> bytes;
  for (const GraphSlot& slot : graph.slots) {
    size_t count = slot.external || slot.live ? 0 : size_of(slot.dtype);
    for (const int64_t size : graph.sizes_of(slot)) count *= static_cast<size_t>(size);
    bytes.push_back(count);
  }
  return bytes;
}

Liveness::Liveness(const Graph& graph)
    : bytes(bytes_in_arena(graph)),
      first(graph.slots.size(), -1),
      last(graph.slots.size(), -1),
      in_use(graph.steps.size()) {
  const int count = static_cast<int>(graph.steps.size());
  for (int i = 0; i < count; ++i) {
    const Step& step = graph.steps[static_cast<size_t>(i)];
    for (const std::vector<Operand>* operands : {&step.inputs, &step.outputs}) {
      for (const Operand& operand : *operands) {
        if (operand.value == kNoValue) continue;
        if (first[operand.slot] < 0) first[operand.slot] = i;
        last[operand.slot] = i;
      }
    }
  }
  std::vector<int64_t> change(graph.steps.size() + 1);
  for (size_t slot = 0; slot < bytes.size(); ++slot) {
    if (first[slot] < 0) continue;
    change[static_cast<size_t>(first[slot])] += static_cast<int64_t>(bytes[slot]);
    change[static_cast<size_t>(last[slot]) + 1] -= static_cast<int64_t>(bytes[slot]);
  }
  int64_t now = 0;
  for (size_t i = 0; i < in_use.size(); ++i) {
    now += change[i];
    in_use[i] = static_cast<size_t>(now);
    // What is written over an input that is read for the last time takes no more.
    const Step& step = graph.steps[i];
    if (step.kind == Record::Kind::kTile && !step.reversed_rows) {
      for (const Operand& output : step.outputs) {
        if (first[output.slot] != static_cast<int>(i) || !output.natural) continue;
        const auto covered = std::find_if(step.inputs.begin(), step.inputs.end(), [&](auto& input) {
          return input.value != kNoValue && last[input.slot] == static_cast<int>(i) &&
                 bytes[input.slot] == bytes[output.slot] &&
                 reads_in_order(step, input.slot, output, graph.dims);
        });
        if (covered != step.inputs.end()) in_use[i] -= bytes[output.slot];
      }
    }
    peak = std::max(peak, in_use[i]);
  }
}

}  // namespace tenon::graph
