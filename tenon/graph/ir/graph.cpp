#include "tenon/graph/ir/graph.h"

#include <algorithm>

namespace tenon::graph {
namespace {

std::string_view name_of(const OpDef* op) { return op ? op->name : "update"; }

/// What external slots hold before the graph runs: what is read of them before they are written.
/// Where nothing is, a number that no step uses.
void find_first_values(Graph& graph) {
  uint32_t next = 0;
  std::vector<bool> written(graph.slots.size());
  for (const Step& step : graph.steps) {
    for (const Operand& input : step.inputs) {
      if (input.value == kNoValue) continue;
      next = std::max(next, input.value + 1);
      if (!written[input.slot]) graph.slots[input.slot].value = input.value;
    }
    for (const Operand& output : step.outputs) {
      next = std::max(next, output.value + 1);
      written[output.slot] = true;
    }
  }
  for (const Operand& result : graph.results) {
    next = std::max(next, result.value + 1);
    if (!written[result.slot]) graph.slots[result.slot].value = result.value;
  }
  for (GraphSlot& slot : graph.slots) {
    if (slot.external && slot.value == kNoValue) slot.value = next++;
  }
}

}  // namespace

Graph Graph::of(std::span<const Record* const> records, std::span<const Slot> slots,
                std::span<const uint64_t> live, const Numbers& numbers,
                std::vector<Operand> results) {
  Graph graph;
  graph.results = std::move(results);
  for (const Record* record : records) graph.steps.push_back(step_of(*record));
  for (size_t i = 0; i < slots.size(); ++i) {
    const Slot& slot = slots[i];
    graph.slots.push_back({kNoValue, slot.dims, slot.rank, slot.dtype, slot.external, slot.natural,
                           (live[i / 64] >> i % 64 & 1) != 0});
  }
  const std::span<const int64_t> dims = numbers.dims;
  const std::span<const tile::Scalar64> scalars = numbers.scalars;
  graph.dims.assign(dims.begin(), dims.end());
  graph.scalars.assign(scalars.begin(), scalars.end());
  graph.attributes = numbers.attributes;
  find_first_values(graph);
  return graph;
}

Graph Graph::at(std::span<const int64_t> sizes) const {
  Graph graph = *this;
  graph.symbols.sizes.assign(sizes.begin(), sizes.end());
  for (const auto& [place, formula] : symbols.dims) graph.dims[place] = formula.value(sizes);
  for (const auto& [place, formula] : symbols.scalars) {
    graph.scalars[place] = formula.reciprocal ? tile::Scalar64(formula.real(sizes))
                                              : tile::Scalar64(formula.value(sizes));
  }
  for (const auto& [place, formula] : symbols.attributes) {
    Attribute& attribute = graph.attributes[place.first];
    if (attribute.is_number()) {
      attribute = Attribute(formula.value(sizes));
    } else {
      Shape list(attribute.as<IntList>());
      list[place.second] = formula.value(sizes);
      attribute = Attribute(list);
    }
  }
  return graph;
}

std::vector<bool> Graph::live_slots() const {
  std::vector<bool> marked;
  for (const GraphSlot& slot : slots) marked.push_back(slot.live);
  return marked;
}

Numbers Graph::numbers() const {
  Numbers numbers;
  std::copy(dims.begin(), dims.end(), numbers.dims.extend(dims.size()));
  std::copy(scalars.begin(), scalars.end(), numbers.scalars.extend(scalars.size()));
  numbers.attributes = attributes;
  return numbers;
}

Slot run_slot(const GraphSlot& slot) {
  return {nullptr, 0, slot.dims, slot.rank, slot.dtype, slot.external, slot.natural};
}

std::string title_of(const Step& step) {
  if (step.kind == Record::Kind::kLoop) return "loop";
  if (step.members.empty()) return std::string(name_of(step.op));
  std::string title;
  for (const OpDef* op : step.members) {
    if (!title.empty()) title += '+';
    title += name_of(op);
  }
  return title;
}

}  // namespace tenon::graph
