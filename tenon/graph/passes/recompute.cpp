#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "tenon/graph/passes/dependencies.h"
#include "tenon/graph/passes/liveness.h"
#include "tenon/graph/passes/passes.h"
#include "tenon/graph/plan/memory_report.h"

namespace tenon::graph {
namespace {

using tile::Instruction;

/// The program's instructions that its store `number` needs, and that one, as store 0.
tile::Program only_store(const tile::Program& program, size_t number) {
  const auto all = program.instructions();
  std::vector<bool> needed(all.size());
  for (size_t i = all.size(); i-- > 0;) {
    needed[i] = needed[i] || (all[i].op == tile::Op::kStore && all[i].slot == number);
    if (!needed[i]) continue;
    const int arity = tile::info_of(all[i].op).arity;
    if (arity > 0) needed[all[i].a] = true;
    if (arity > 1) needed[all[i].b] = true;
    if (arity > 2) needed[all[i].c] = true;
  }
  std::vector<Instruction> code;
  std::vector<uint16_t> places(all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    if (!needed[i]) continue;
    Instruction instruction = all[i];
    const int arity = tile::info_of(instruction.op).arity;
    if (arity > 0) instruction.a = places[instruction.a];
    if (arity > 1) instruction.b = places[instruction.b];
    if (arity > 2) instruction.c = places[instruction.c];
    if (instruction.op == tile::Op::kStore) instruction.slot = 0;
    places[i] = static_cast<uint16_t>(code.size());
    code.push_back(instruction);
  }
  return tile::Program::from_instructions(std::move(code));
}

/// Leaves inputs out that the program doesn't read.
void leave_unread_inputs_out(Step& step) {
  std::vector<Instruction> code(step.program.instructions().begin(),
                                step.program.instructions().end());
  std::vector<Operand> inputs;
  std::vector<bool> lack_rows;
  std::vector<std::optional<uint16_t>> places(step.inputs.size());
  for (Instruction& i : code) {
    if (i.op != tile::Op::kLoad && i.op != tile::Op::kLoadIndex && i.op != tile::Op::kLoadRow &&
        i.op != tile::Op::kPick) {
      continue;
    }
    std::optional<uint16_t>& place = places[i.slot];
    if (!place) {
      place = static_cast<uint16_t>(inputs.size());
      inputs.push_back(step.inputs[i.slot]);
      lack_rows.push_back(step.inputs_lack_rows[i.slot]);
    }
    i.slot = *place;
  }
  step.program = tile::Program::from_instructions(std::move(code));
  step.inputs = std::move(inputs);
  step.inputs_lack_rows = std::move(lack_rows);
}

/// A value that could be made again before step `use`, which reads it, rather than be kept from
/// its last use before.
struct Candidate {
  uint32_t slot = 0;
  size_t use = 0;
  std::vector<std::pair<size_t, size_t>> makers;  ///< steps that make it, each with the output
  double worth = 0;                               ///< bytes times steps they are free, per cost
};

class Recomputer {
 public:
  Recomputer(Graph& graph, size_t most) : graph_(graph), most_(most) {}

  /// Until no more than `most` bytes are in use, or nothing helps.
  void run() {
    constexpr int kMostRounds = 256;
    for (int round = 0; round < kMostRounds; ++round) {
      const Liveness now(graph_);
      if (now.peak <= most_ || !improve(now)) return;
    }
  }
  const std::vector<std::string>& made_again() const { return made_again_; }

 private:
  static constexpr size_t kMostTried = 8;
  static constexpr size_t kMostMakers = 4;

  /// Takes the first of the best candidates that lowers what is above the limit.
  bool improve(const Liveness& now) {
    find_uses();
    std::vector<Candidate> candidates = this->candidates(now);
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const auto& a, const auto& b) { return a.worth > b.worth; });
    candidates.resize(std::min(candidates.size(), kMostTried));
    for (const Candidate& candidate : candidates) {
      Graph trial = with(candidate);
      if (excess(Liveness(trial)) >= excess(now)) continue;
      made_again_.push_back(fmt::format(
          "%{} of {} ({})",
          graph_.steps[candidate.makers.back().first].outputs[candidate.makers.back().second].value,
          title_of(graph_.steps[candidate.makers.back().first]),
          bytes_text(now.bytes[candidate.slot])));
      graph_ = std::move(trial);
      return true;
    }
    return false;
  }

  /// Bytes above the limit, over all steps.
  double excess(const Liveness& now) const {
    double sum = 0;
    for (const size_t bytes : now.in_use) {
      if (bytes > most_) sum += static_cast<double>(bytes - most_);
    }
    return sum;
  }

  void find_uses() {
    uses_.assign(graph_.slots.size(), {});
    writes_.assign(graph_.slots.size(), {});
    for (size_t i = 0; i < graph_.steps.size(); ++i) {
      for (const Operand& input : graph_.steps[i].inputs) {
        if (input.value == kNoValue) continue;
        std::vector<size_t>& uses = uses_[input.slot];
        if (uses.empty() || uses.back() != i) uses.push_back(i);
      }
      for (const Operand& output : graph_.steps[i].outputs) writes_[output.slot].push_back(i);
    }
  }

  std::vector<Candidate> candidates(const Liveness& now) const {
    std::vector<Candidate> found;
    for (uint32_t slot = 0; slot < uses_.size(); ++slot) {
      if (now.bytes[slot] == 0 || writes_[slot].size() != 1) continue;
      size_t before = writes_[slot][0];
      for (const size_t use : uses_[slot]) {
        size_t above = 0;  // steps in between that are above the limit
        for (size_t i = before + 1; i < use; ++i) above += now.in_use[i] > most_;
        before = use;
        if (above == 0) continue;
        Candidate candidate{.slot = slot, .use = use};
        double cost = 0;
        if (!can_make(slot, now, candidate, cost)) continue;
        candidate.worth = static_cast<double>(now.bytes[slot]) * static_cast<double>(above) / cost;
        found.push_back(std::move(candidate));
      }
    }
    return found;
  }

  /// Adds the steps that make the slot's value again before the candidate's use to its makers,
  /// each after those that make what it reads.
  bool can_make(uint32_t slot, const Liveness& now, Candidate& candidate, double& cost) const {
    if (writes_[slot].size() != 1 || graph_.slots[slot].external) return false;
    const size_t i = writes_[slot][0];
    const Step& step = graph_.steps[i];
    const std::optional<double> own = cost_of(step);
    const auto output = std::find_if(step.outputs.begin(), step.outputs.end(),
                                     [&](const Operand& o) { return o.slot == slot; });
    if (!own || !output->natural || candidate.makers.size() == kMostMakers) return false;
    cost += *own;
    for (const Operand& input : step.inputs) {
      if (input.value == kNoValue) continue;
      const bool overwritten =
          std::any_of(writes_[input.slot].begin(), writes_[input.slot].end(),
                      [&](size_t write) { return write >= i && write < candidate.use; });
      if (overwritten) return false;
      const bool there = now.bytes[input.slot] == 0 ||
                         now.last[input.slot] >= static_cast<int>(candidate.use) ||
                         4 * now.bytes[input.slot] <= now.bytes[candidate.slot];
      if (!there && !can_make(input.slot, now, candidate, cost)) return false;
    }
    const std::pair maker(i, static_cast<size_t>(output - step.outputs.begin()));
    candidate.makers.push_back(maker);
    return true;
  }

  /// Something like the time that the step takes, in bytes that could be moved meanwhile; nothing
  /// where it isn't to run twice. Tile programs move what they read and write; products compute.
  std::optional<double> cost_of(const Step& step) const {
    constexpr double kProductsPerByte = 4;  // multiply-adds
    const bool is_product = step.kind == Record::Kind::kKernel &&
                            (step.op->id == OpId::kMatmul || step.op->id == OpId::kLinear);
    if (may_throw(step) || (step.kind != Record::Kind::kTile && !is_product)) return {};
    double cost = 1;
    for (const std::vector<Operand>* operands : {&step.inputs, &step.outputs}) {
      for (const Operand& operand : *operands) {
        if (operand.value != kNoValue) cost += bytes_of(operand);
      }
    }
    if (!is_product) return cost;
    const std::span<const int64_t> sizes = graph_.sizes_of(step.inputs[0]);
    const double depth = sizes.empty() ? 1 : static_cast<double>(sizes.back());
    return cost + bytes_of(step.outputs[0]) / 4 * depth / kProductsPerByte;
  }

  double bytes_of(const Operand& operand) const {
    auto bytes = static_cast<double>(size_of(operand.dtype));
    for (const int64_t size : graph_.sizes_of(operand)) bytes *= static_cast<double>(size);
    return bytes;
  }

  /// The graph in which the candidate is made again, into slots of its own.
  Graph with(const Candidate& candidate) const {
    Graph graph = graph_;
    uint32_t next = 0;
    for (const GraphSlot& slot : graph.slots) {
      if (slot.value != kNoValue) next = std::max(next, slot.value + 1);
    }
    for (const Step& step : graph.steps) {
      for (const Operand& output : step.outputs) next = std::max(next, output.value + 1);
    }
    std::vector<std::pair<Operand, Operand>> replaced;  // what stands for which
    std::vector<Step> again;
    const auto redirect = [&](Step& step) {
      for (Operand& input : step.inputs) {
        for (const auto& [old, now] : replaced) {
          if (input.value == kNoValue || input.value != old.value) continue;
          input.value = now.value;
          input.slot = now.slot;
        }
      }
    };
    for (const auto& [i, number] : candidate.makers) {
      Step step = graph.steps[i];
      if (step.kind == Record::Kind::kTile && step.outputs.size() > 1) {
        step.program = only_store(step.program, number);
        step.outputs_lack_rows = {step.outputs_lack_rows[number]};
        leave_unread_inputs_out(step);
      }
      const Operand old = step.outputs[number];
      Operand output = old;
      output.slot = static_cast<uint32_t>(graph.slots.size());
      output.value = next++;
      graph.slots.push_back(GraphSlot(graph.slots[old.slot]));
      graph.slots.back().added = true;
      step.outputs = {output};
      redirect(step);
      replaced.emplace_back(old, output);
      again.push_back(std::move(step));
    }
    // Only the value itself is read from there on; what it was made of has readers of its own.
    replaced = {replaced.back()};
    for (size_t i = candidate.use; i < graph.steps.size(); ++i) redirect(graph.steps[i]);
    graph.steps.insert(graph.steps.begin() + static_cast<ptrdiff_t>(candidate.use),
                       std::make_move_iterator(again.begin()),
                       std::make_move_iterator(again.end()));
    remove_dead_steps(graph);
    return graph;
  }

  Graph& graph_;
  const size_t most_;
  std::vector<std::vector<size_t>> uses_, writes_;  ///< of each slot: steps
  std::vector<std::string> made_again_;
};

}  // namespace

void recompute_under_limit(Graph& graph) {
  if (graph.memory_limit == 0) return;
  size_t kept = 0;
  for (const GraphSlot& slot : graph.slots) {
    if (!slot.live || slot.external) continue;
    size_t bytes = size_of(slot.dtype);
    for (const int64_t size : graph.sizes_of(slot)) bytes *= static_cast<size_t>(size);
    kept += bytes;
  }
  const size_t before = kept + Liveness(graph).peak;
  if (before <= graph.memory_limit) return;
  Recomputer recomputer(graph, graph.memory_limit - std::min(kept, graph.memory_limit));
  recomputer.run();
  const size_t after = kept + Liveness(graph).peak;
  const std::vector<std::string>& names = recomputer.made_again();
  graph.remarks +=
      fmt::format("memory limit {}: {} at the peak before, {} after; made again: {}\n",
                  bytes_text(graph.memory_limit), bytes_text(before), bytes_text(after),
                  names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", ")));
  if (after > graph.memory_limit) graph.memory_needed = after;
}

void warn_of_memory(const Graph& graph, bool& warned) {
  if (graph.memory_needed == 0 || std::exchange(warned, true)) return;
  fmt::print(stderr,
             "tenon: a plan of a compiled function needs {} of memory, more than its limit of {}; "
             "use smaller batches or a larger memory_limit\n",
             bytes_text(graph.memory_needed), bytes_text(graph.memory_limit));
}

}  // namespace tenon::graph
