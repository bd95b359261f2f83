#include "tenon/graph/passes/uses.h"

#include <algorithm>

namespace tenon::graph {

Uses::Uses(const Graph& graph) : graph_(&graph), writes_(graph.slots.size()) {
  for (size_t i = 0; i < graph.steps.size(); ++i) {
    const Step& step = graph.steps[i];
    for (size_t k = 0; k < step.inputs.size(); ++k) {
      if (step.inputs[k].value != kNoValue) readers_[step.inputs[k].value].push_back({i, k});
    }
    for (const Operand& output : step.outputs) {
      ++writes_[output.slot];
      writer_[output.value] = i;
    }
  }
}

std::optional<size_t> Uses::writer_of(const Operand& value) const {
  const auto found = writer_.find(value.value);
  return found == writer_.end() ? std::nullopt : std::optional(found->second);
}

const std::vector<Reader>& Uses::readers_of(const Operand& value) const {
  static const std::vector<Reader> none;
  const auto found = readers_.find(value.value);
  return found == readers_.end() ? none : found->second;
}

bool Uses::is_read_by(const Operand& value, size_t step) const {
  const std::vector<Reader>& readers = readers_of(value);
  return readers.size() == 1 && readers[0].step == step;
}

bool Uses::is_read_whole(const Operand& value) const {
  const std::vector<Reader>& readers = readers_of(value);
  return std::all_of(readers.begin(), readers.end(), [&](const Reader& reader) {
    return graph_->steps[reader.step].inputs[reader.input].natural;
  });
}

bool Uses::is_only_value(const Operand& value) const {
  return value.natural && !graph_->slots[value.slot].external && writes_[value.slot] == 1;
}

bool Uses::is_inner(const Operand& value) const {
  return is_only_value(value) && !graph_->slots[value.slot].live;
}

bool Uses::is_constant(const Operand& value) const {
  return writes_[value.slot] == (graph_->slots[value.slot].external ? 0 : 1);
}

}  // namespace tenon::graph
