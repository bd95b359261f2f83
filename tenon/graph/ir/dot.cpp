#include <fmt/format.h>

#include <map>

#include "tenon/graph/ir/graph.h"

namespace tenon::graph {
namespace {

std::string type_of(const Graph& graph, const Operand& operand) {
  return fmt::format("{}[{}]", name_of(operand.dtype), fmt::join(graph.sizes_of(operand), ", "));
}

}  // namespace

std::string Graph::to_dot() const {
  std::string text = "digraph {\n  node [shape=box, fontname=\"sans-serif\"];\n";
  std::map<uint32_t, std::string> maker;  // of each value: the node that it comes from
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!slots[i].external) continue;
    maker[slots[i].value] = fmt::format("x{}", i);
    text += fmt::format("  x{} [label=\"%{}\\n{}[{}]\", shape=ellipse];\n", i, slots[i].value,
                        name_of(slots[i].dtype), fmt::join(sizes_of(slots[i]), ", "));
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    text += fmt::format("  s{} [label=\"{}\"];\n", i, title_of(step));
    for (const Operand& input : step.inputs) {
      if (input.value == kNoValue) continue;
      text += fmt::format("  {} -> s{} [label=\"%{}: {}\"];\n", maker[input.value], i, input.value,
                          type_of(*this, input));
    }
    for (const Operand& output : step.outputs) {
      maker[output.value] = fmt::format("s{}", i);
      if (!slots[output.slot].external) continue;
      text += fmt::format("  s{} -> x{} [style=dashed, label=\"%{}: {}\"];\n", i, output.slot,
                          output.value, type_of(*this, output));
    }
  }
  return text + "}\n";
}

}  // namespace tenon::graph
