#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tenon/graph/passes/dependencies.h"
#include "tenon/graph/passes/liveness.h"
#include "tenon/graph/passes/passes.h"
#include "tenon/graph/plan/memory_report.h"

namespace tenon::graph {
namespace {

using tile::Instruction;

bool is_product(const Step& step) {
  return step.kind == Record::Kind::kKernel &&
         (step.op->id == OpId::kMatmul || step.op->id == OpId::kLinear);
}

/// The program's instructions that its store `number` needs, and that one, as store 0. Values that
/// have a number in `loads` are that input's instead.
tile::Program only_store(const tile::Program& program, size_t number,
                         std::span<const std::optional<uint16_t>> loads) {
  const auto all = program.instructions();
  std::vector<bool> needed(all.size());
  for (size_t i = all.size(); i-- > 0;) {
    needed[i] = needed[i] || (all[i].op == tile::Op::kStore && all[i].slot == number);
    if (!needed[i] || loads[i]) continue;
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
    if (loads[i]) instruction = {.op = tile::Op::kLoad, .slot = *loads[i]};
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

/// The tile step with this output alone. Of others that are `readable` it reads what they hold,
/// where its program computes just that.
Step with_one_output(Step step, size_t number, const std::vector<bool>& readable) {
  const auto all = step.program.instructions();
  std::vector<std::optional<uint16_t>> loads(all.size());
  for (const Instruction& store : all) {
    if (store.op != tile::Op::kStore || !readable[store.slot] || loads[store.a]) continue;
    if (step.program.schedule().kinds[store.a] != tile::Kind::kTile) continue;
    loads[store.a] = static_cast<uint16_t>(step.inputs.size());
    step.inputs.push_back(step.outputs[store.slot]);
    step.inputs_lack_rows.push_back(false);
  }
  step.program = only_store(step.program, number, loads);
  step.outputs = {step.outputs[number]};
  step.outputs_lack_rows = {step.outputs_lack_rows[number]};
  leave_unread_inputs_out(step);
  return step;
}

/// A value that could be made again before step `use`, which reads it, rather than be kept from
/// its last use before.
struct Candidate {
  uint32_t slot = 0;
  size_t use = 0;
  std::vector<Step> makers;  ///< each with one output
  double cost = 0;           ///< of these
  double worth = 0;          ///< bytes times steps they are free, per cost
};

/// Something like the time that the step takes, in bytes that could be moved meanwhile; nothing
/// where it isn't to run twice. Tile programs move what they read and write; products compute.
std::optional<double> cost_of(const Graph& graph, const Step& step) {
  constexpr double kProductsPerByte = 4;  // multiply-adds
  const auto bytes_of = [&](const Operand& operand) {
    auto bytes = static_cast<double>(size_of(operand.dtype));
    for (const int64_t size : graph.sizes_of(operand)) bytes *= static_cast<double>(size);
    return bytes;
  };
  if (may_throw(step) || (step.kind != Record::Kind::kTile && !is_product(step))) return {};
  double cost = 1;
  for (const std::vector<Operand>* operands : {&step.inputs, &step.outputs}) {
    for (const Operand& operand : *operands) {
      if (operand.value != kNoValue) cost += bytes_of(operand);
    }
  }
  if (!is_product(step)) return cost;
  const std::span<const int64_t> sizes = graph.sizes_of(step.inputs[0]);
  const double depth = sizes.empty() ? 1 : static_cast<double>(sizes.back());
  return cost + bytes_of(step.outputs[0]) / 4 * depth / kProductsPerByte;
}

class Recomputer {
 public:
  /// `budget`: what all that is made again may cost.
  Recomputer(Graph& graph, size_t most, double budget = std::numeric_limits<double>::infinity())
      : graph_(graph), most_(most), budget_(budget) {}

  /// Until no more than `most` bytes are in use, or nothing helps.
  void run() {
    constexpr int kMostRounds = 256;
    for (int round = 0; round < kMostRounds; ++round) {
      const Liveness now(graph_);
      if (now.peak <= most_ || !improve(now)) return;
    }
  }
  const std::vector<std::string>& made_again() const { return made_again_; }
  double budget_left() const { return budget_; }

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
      made_again_.push_back(fmt::format("%{} of {} ({})", candidate.makers.back().outputs[0].value,
                                        title_of(candidate.makers.back()),
                                        bytes_text(now.bytes[candidate.slot])));
      graph_ = std::move(trial);
      budget_ -= candidate.cost;
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
        if (!can_make(slot, now, candidate) || candidate.cost > budget_) continue;
        candidate.worth =
            static_cast<double>(now.bytes[slot]) * static_cast<double>(above) / candidate.cost;
        found.push_back(std::move(candidate));
      }
    }
    return found;
  }

  /// Adds the steps that make the slot's value again before the candidate's use to its makers,
  /// each after those that make what it reads.
  bool can_make(uint32_t slot, const Liveness& now, Candidate& candidate) const {
    if (writes_[slot].size() != 1 || graph_.slots[slot].external) return false;
    const size_t i = writes_[slot][0];
    const Step step = again(i, slot, now, candidate.use);
    const std::optional<double> own = cost_of(graph_, step);
    if (!own || !step.outputs[0].natural || candidate.makers.size() == kMostMakers) return false;
    candidate.cost += *own;
    for (const Operand& input : step.inputs) {
      if (input.value == kNoValue || makes(graph_.steps[i], input.value)) continue;
      const bool overwritten =
          std::any_of(writes_[input.slot].begin(), writes_[input.slot].end(),
                      [&](size_t write) { return write >= i && write < candidate.use; });
      if (overwritten) return false;
      const bool there = now.bytes[input.slot] == 0 ||
                         now.last[input.slot] >= static_cast<int>(candidate.use) ||
                         4 * now.bytes[input.slot] <= now.bytes[candidate.slot];
      if (!there && !can_make(input.slot, now, candidate)) return false;
    }
    candidate.makers.push_back(step);
    return true;
  }

  static bool makes(const Step& step, uint32_t value) {
    return std::any_of(step.outputs.begin(), step.outputs.end(),
                       [&](const Operand& output) { return output.value == value; });
  }

  /// Step `i` as it makes the slot's value before step `use`.
  Step again(size_t i, uint32_t slot, const Liveness& now, size_t use) const {
    const Step& step = graph_.steps[i];
    if (step.kind != Record::Kind::kTile || step.outputs.size() == 1) return step;
    std::vector<bool> readable;
    size_t number = 0;
    for (size_t k = 0; k < step.outputs.size(); ++k) {
      const Operand& output = step.outputs[k];
      if (output.slot == slot) number = k;
      const bool is_there =
          now.bytes[output.slot] != 0 && now.last[output.slot] >= static_cast<int>(use);
      // Stored as it was computed, so that reading it gives the same bits.
      readable.push_back(is_there && output.slot != slot && output.natural &&
                         output.dtype == step.computed && writes_[output.slot].size() == 1);
    }
    return with_one_output(step, number, readable);
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
    for (const Step& maker : candidate.makers) {
      Step step = maker;
      const Operand old = step.outputs[0];
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
  double budget_;
  std::vector<std::vector<size_t>> uses_, writes_;  ///< of each slot: steps
  std::vector<std::string> made_again_;
};

/// Without a limit: while that costs next to nothing, and each time lowers a large peak by enough
/// to show. Such are the scores of attention: large, and short sums make them.
void recompute_what_is_cheap(Graph& graph) {
  constexpr size_t kLarge = size_t{16} << 20, kMostSteps = 2000;
  constexpr double kMostCost = 1.0 / 50;  // of all steps
  const size_t before = Liveness(graph).peak;
  if (before < kLarge || graph.steps.size() > kMostSteps) return;
  double budget = 0;
  for (const Step& step : graph.steps) budget += kMostCost * cost_of(graph, step).value_or(0);
  std::vector<std::string> made_again;
  size_t peak = before;
  for (;;) {
    const size_t most = peak - peak / 16;
    Graph trial = graph;
    Recomputer recomputer(trial, most, budget);
    recomputer.run();
    peak = Liveness(trial).peak;
    if (peak > most) break;
    graph = std::move(trial);
    budget = recomputer.budget_left();
    made_again.insert(made_again.end(), recomputer.made_again().begin(),
                      recomputer.made_again().end());
  }
  if (made_again.empty()) return;
  graph.remarks += fmt::format("made again rather than kept: {}; {} at the peak before, {} after\n",
                               fmt::join(made_again, ", "), bytes_text(before),
                               bytes_text(Liveness(graph).peak));
}

}  // namespace

void recompute(Graph& graph) {
  if (graph.memory_limit == 0) return recompute_what_is_cheap(graph);
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
