#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "tenon/graph/ir/graph.h"
#include "tenon/graph/ir/lexer.h"
#include "tenon/tile/text.h"

namespace tenon::graph {
namespace {

/// Both sides of a number: `0.5` and `3i` stand for those that follow from one another.
std::string literal(const tile::Scalar64& scalar) {
  const auto same = [&](const tile::Scalar64& other) {
    return std::bit_cast<uint64_t>(other.real) == std::bit_cast<uint64_t>(scalar.real) &&
           other.integer == scalar.integer;
  };
  if (same(tile::Scalar64(scalar.real))) return fmt::format("{}", scalar.real);
  if (same(tile::Scalar64(scalar.integer))) return fmt::format("{}i", scalar.integer);
  return fmt::format("{}:{}", scalar.real, scalar.integer);
}

class Writer {
 public:
  explicit Writer(const Graph& graph) : graph_(graph), first_of_(graph.slots.size(), kNoValue) {
    for (size_t i = 0; i < graph.slots.size(); ++i) first_of_[i] = graph.slots[i].value;
  }

  std::string all() {
    write_names();
    for (const GraphSlot& slot : graph_.slots) {
      if (slot.external) write_external(slot);
    }
    for (const Step& step : graph_.steps) write(step);
    write_kept();
    write_results();
    return std::move(text_);
  }

 private:
  void write_names() {
    const Symbols& symbols = graph_.symbols;
    for (size_t i = 0; i < symbols.names.size(); ++i) {
      text_ +=
          fmt::format("{}{} = {}", i == 0 ? "dims " : ", ", symbols.names[i], symbols.sizes[i]);
    }
    if (!symbols.names.empty()) text_ += "\n";
  }

  void write_external(const GraphSlot& slot) {
    text_ +=
        fmt::format("%{}: {}{} = ", slot.value, name_of(slot.dtype), list(slot.dims, slot.rank));
    switch (slot.role) {
      case GraphSlot::Role::kUnknown:
        text_ += "external";
        break;
      case GraphSlot::Role::kInput:
        text_ += "input " + Attribute(slot.name).to_string();
        break;
      case GraphSlot::Role::kWeight:
        text_ += "weight " + Attribute(slot.name).to_string();
    }
    text_ += slot.natural ? "\n" : " part\n";
  }

  void write(const Step& step) {
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      if (i != 0) text_ += ", ";
      write_output(step.outputs[i], !step.outputs_lack_rows.empty() && step.outputs_lack_rows[i]);
    }
    text_ += fmt::format(" = {}(", title_of(step));
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      if (i != 0) text_ += ", ";
      write_input(step.inputs[i], !step.inputs_lack_rows.empty() && step.inputs_lack_rows[i]);
    }
    text_ += ")";
    if (step.kind == Record::Kind::kLoop) {
      text_ += fmt::format(" {} times", step.rounds);
      write_block(step.body->to_text());
    } else if (step.kind == Record::Kind::kTile) {
      write_tile(step);
    } else if (step.attribute_count + step.constants.size() + step.scalars.size() != 0) {
      std::vector<std::string> attributes;
      for (uint32_t i = 0; i < step.attribute_count; ++i) {
        attributes.push_back(attribute(step.attributes + i));
      }
      for (const Attribute& constant : step.constants) attributes.push_back(constant.to_string());
      for (const uint32_t scalar : step.scalars) {
        attributes.push_back(Attribute(graph_.scalars[scalar].real).to_string());
      }
      text_ += fmt::format(" with ({})", fmt::join(attributes, ", "));
    }
    if (step.kind == Record::Kind::kKernel) write_marks(step);
    text_ += "\n";
  }

  void write_marks(const Step& step) {
    if (step.keeps_weight) text_ += " keeping its weight";
    if (step.fork != 0) text_ += fmt::format(" chain {} of fork {}", step.chain, step.fork);
  }

  void write_output(const Operand& output, bool lacks_rows) {
    text_ += fmt::format("%{}", output.value);
    uint32_t& first = first_of_[output.slot];
    if (first == kNoValue) {
      first = output.value;
    } else {
      text_ += fmt::format(" in %{}", first);
    }
    text_ += fmt::format(": {}{}{}", name_of(output.dtype), layout(output),
                         lacks_rows ? " per row" : "");
  }

  void write_input(const Operand& input, bool lacks_rows) {
    if (input.value == kNoValue) {
      text_ += "none";
      return;
    }
    text_ += fmt::format("%{}", input.value);
    if (!input.natural) {
      if (input.dtype != graph_.slots[input.slot].dtype) {
        text_ += fmt::format(": {}", name_of(input.dtype));
      }
      text_ += layout(input);
    }
    if (lacks_rows) text_ += " per row";
  }

  void write_tile(const Step& step) {
    text_ +=
        fmt::format(" in {} over {}", name_of(step.computed), list(step.space, step.space_rank));
    if (step.row_mask != 0) {
      std::vector<int64_t> rows;
      for (int64_t i = 0; i < step.space_rank; ++i) {
        if (step.row_mask >> i & 1) rows.push_back(i);
      }
      text_ += fmt::format(" rows [{}]", fmt::join(rows, ", "));
    }
    if (step.reversed_rows) text_ += " reversed";
    if (step.by_blocks) text_ += " by blocks";
    write_marks(step);
    if (!step.scalars.empty()) {
      text_ += " scalars (";
      for (size_t i = 0; i < step.scalars.size(); ++i) {
        if (i != 0) text_ += ", ";
        text_ += scalar(step.scalars[i]);
      }
      text_ += ")";
    }
    if (step.random) {
      text_ += fmt::format(" draw ({}, {})", graph_.scalars[step.draw].integer,
                           graph_.scalars[step.draw + 1].integer);
    }
    write_program(step);
  }

  /// By the number of the op's variant where it is one.
  void write_program(const Step& step) {
    if (step.members.empty() && step.op) {
      for (int variant = 0; variant < 16; ++variant) {
        const tile::Program* known = step.op->programs[variant].load(std::memory_order_acquire);
        if (!known || known->empty() || !(*known == step.program)) continue;
        if (variant != 0) text_ += fmt::format(" variant {}", variant);
        return;
      }
    }
    write_block(tile::to_text(step.program));
  }

  void write_block(const std::string& block) {
    text_ += " {\n";
    for (const std::string& line : lines_of(block)) text_ += fmt::format("  {}\n", line);
    text_ += "}";
  }

  void write_kept() {
    std::vector<uint32_t> last = first_of_;
    for (const Step& step : graph_.steps) {
      for (const Operand& output : step.outputs) last[output.slot] = output.value;
    }
    std::vector<uint32_t> kept;
    for (size_t i = 0; i < graph_.slots.size(); ++i) {
      const GraphSlot& slot = graph_.slots[i];
      const bool is_result = std::any_of(graph_.results.begin(), graph_.results.end(),
                                         [&](const Operand& result) { return result.slot == i; });
      if (!slot.live || slot.external || is_result || last[i] == kNoValue) continue;
      kept.push_back(last[i]);
    }
    std::sort(kept.begin(), kept.end());
    for (const uint32_t& value : kept) {
      text_ += fmt::format("{}%{}", &value == kept.data() ? "keep " : ", ", value);
    }
    if (!kept.empty()) text_ += "\n";
  }

  void write_results() {
    for (size_t i = 0; i < graph_.results.size(); ++i) {
      text_ += i == 0 ? "return " : ", ";
      write_input(graph_.results[i], false);
      if (i < graph_.result_names.size()) {
        text_ += " as " + Attribute(graph_.result_names[i]).to_string();
      }
    }
    if (!graph_.results.empty()) text_ += "\n";
  }

  /// Sizes; where they aren't all of the storage, row-major: strides and offset, too.
  std::string layout(const Operand& operand) const {
    if (operand.natural) return list(operand.dims, operand.rank);
    return fmt::format("[{}; {}; {}]", numbers(operand.dims, operand.rank),
                       numbers(operand.dims + operand.rank, operand.rank),
                       number(operand.dims + 2u * operand.rank));
  }
  std::string list(uint32_t place, size_t count) const {
    return fmt::format("[{}]", numbers(place, count));
  }
  std::string numbers(uint32_t place, size_t count) const {
    std::string text;
    for (uint32_t i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + number(place + i);
    return text;
  }
  std::string number(uint32_t place) const {
    const auto formula = graph_.symbols.dims.find(place);
    return formula == graph_.symbols.dims.end() ? std::to_string(graph_.dims[place])
                                                : text_of(formula->second);
  }
  std::string scalar(uint32_t place) const {
    const auto formula = graph_.symbols.scalars.find(place);
    return formula == graph_.symbols.scalars.end() ? literal(graph_.scalars[place])
                                                   : braced(formula->second);
  }
  std::string attribute(uint32_t place) const {
    const auto& formulas = graph_.symbols.attributes;
    const auto first = formulas.lower_bound({place, 0});
    const Attribute& attribute = graph_.attributes[place];
    if (first == formulas.end() || first->first.first != place) return attribute.to_string();
    if (attribute.is_number()) return braced(first->second);
    const Shape list(attribute.as<IntList>());
    std::string text;
    for (uint32_t i = 0; i < list.size(); ++i) {
      const auto formula = formulas.find({place, i});
      text += i == 0 ? "" : ", ";
      text += formula == formulas.end() ? std::to_string(list[i]) : text_of(formula->second);
    }
    return "[" + text + "]";
  }
  /// Where other numbers could stand, too.
  std::string braced(const Formula& formula) const {
    return fmt::format("{{{}{}}}", formula.reciprocal ? "over " : "", text_of(formula));
  }
  std::string text_of(const Formula& formula) const {
    return formula.to_text(graph_.symbols.names);
  }

  const Graph& graph_;
  std::vector<uint32_t> first_of_;  // value of each slot
  std::string text_;
};

}  // namespace

std::string Graph::to_text() const { return Writer(*this).all(); }

}  // namespace tenon::graph
