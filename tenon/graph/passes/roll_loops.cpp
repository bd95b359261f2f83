#include <algorithm>
#include <map>

#include "tenon/graph/passes/passes.h"
#include "tenon/graph/passes/rounds.h"
#include "tenon/tile/builder.h"

namespace tenon::graph {
namespace {

const tile::Program& copy_program() {
  static const tile::Program program = [] {
    tile::TileBuilder t;
    t.store(0, t.load(0));
    return t.finish();
  }();
  return program;
}

/// Writes all of one slot into another of the same sizes.
Step copy_step(const Graph& graph, const Operand& from, const Operand& to) {
  const GraphSlot& slot = graph.slots[to.slot];
  Step step;
  step.kind = Record::Kind::kTile;
  step.computed = slot.dtype;
  step.program = copy_program();
  step.space_rank = slot.rank;
  step.space = slot.dims;
  step.inputs = {from};
  step.outputs = {to};
  step.inputs_lack_rows = step.outputs_lack_rows = {false};
  return step;
}

/// All of the slot, holding `value`.
Operand whole(const Graph& graph, uint32_t slot, uint32_t value) {
  const GraphSlot& from = graph.slots[slot];
  Operand operand;
  operand.value = value;
  operand.slot = slot;
  operand.dims = from.dims;
  operand.dtype = from.dtype;
  operand.rank = from.rank;
  operand.natural = from.natural;
  return operand;
}

/// The graph of one round: its last. What it hands on to a next one is made in a slot of its own
/// and copied, at the end of the round, to where the next one finds it.
class Body {
 public:
  Body(const Graph& graph, const RoundFlow& flow, const Rounds& rounds)
      : graph_(graph), flow_(flow), rounds_(rounds) {}

  Graph make() {
    for (size_t i = rounds_.last(); i < rounds_.end(); ++i) add(graph_.steps[i]);
    for (const auto& [slot, inside] : handed_on_) {
      const uint32_t own = own_.at(slot);
      body_.steps.push_back(
          copy_step(body_, whole(body_, own, now_[own]), whole(body_, inside, next_value_++)));
      now_[inside] = body_.steps.back().outputs[0].value;
    }
    return std::move(body_);
  }

  /// The graph's slots that the body's external ones are, in their order.
  const std::vector<uint32_t>& outside() const { return outside_; }

 private:
  void add(const Step& from) {
    Step& step = body_.steps.emplace_back(from);
    for (Operand& input : step.inputs) {
      if (input.value != kNoValue) move(input, slot_read(input));
    }
    for (Operand& output : step.outputs) {
      move(output, slot_written(output.slot));
      output.value = now_[output.slot] = next_value_++;
    }
    if (step.kind == Record::Kind::kTile) {
      step.space = append_dims(from.space, from.space_rank);
    }
    for (uint32_t& scalar : step.scalars) {
      body_.scalars.push_back(graph_.scalars[scalar]);
      scalar = static_cast<uint32_t>(body_.scalars.size() - 1);
    }
    step.attributes = static_cast<uint32_t>(body_.attributes.size());
    for (uint32_t i = 0; i < from.attribute_count; ++i) {
      body_.attributes.push_back(graph_.attributes[from.attributes + i]);
    }
  }

  /// The body's slot for what a step reads. What the round before left is in the slot that this
  /// round will leave it in, too.
  uint32_t slot_read(const Operand& input) {
    const Source source = *flow_.source_of(input, rounds_, rounds_.count - 1);
    const bool is_own = flow_.is_born(input.slot, rounds_.last(), rounds_.end());
    if (is_own) return own_.at(input.slot);
    if (source.kind != Source::Kind::kBefore ||
        !flow_.is_born(input.slot, rounds_.begin, rounds_.end())) {
      return external(fixed_, input.slot);
    }
    const Step& maker = graph_.steps[rounds_.last() + source.step];
    return external(handed_on_, maker.outputs[source.output].slot);
  }

  uint32_t slot_written(uint32_t slot) {
    if (!flow_.is_born(slot, rounds_.last(), rounds_.end())) return external(fixed_, slot);
    const auto known = own_.find(slot);
    return known != own_.end() ? known->second : own_[slot] = add_slot(slot, false);
  }

  uint32_t external(std::map<uint32_t, uint32_t>& known, uint32_t slot) {
    const auto found = known.find(slot);
    if (found != known.end()) return found->second;
    const uint32_t added = known[slot] = add_slot(slot, true);
    outside_.push_back(slot);
    body_.slots[added].value = now_[added] = next_value_++;
    return added;
  }

  uint32_t add_slot(uint32_t from, bool external) {
    GraphSlot slot = graph_.slots[from];
    slot.dims = append_dims(slot.dims, 2u * slot.rank + 1);
    slot.value = kNoValue;
    slot.external = slot.live = external;
    slot.role = GraphSlot::Role::kUnknown;
    slot.name = {};
    body_.slots.push_back(std::move(slot));
    now_.push_back(kNoValue);
    return static_cast<uint32_t>(body_.slots.size() - 1);
  }

  void move(Operand& operand, uint32_t slot) {
    operand.slot = slot;
    operand.value = now_[slot];
    operand.dims =
        operand.natural ? body_.slots[slot].dims : append_dims(operand.dims, 2u * operand.rank + 1);
  }

  uint32_t append_dims(uint32_t from, uint32_t count) {
    const auto place = static_cast<uint32_t>(body_.dims.size());
    const auto first = graph_.dims.begin() + from;
    body_.dims.insert(body_.dims.end(), first, first + count);
    return place;
  }

  const Graph& graph_;
  const RoundFlow& flow_;
  const Rounds& rounds_;
  Graph body_;
  uint32_t next_value_ = 0;
  std::vector<uint32_t> now_;  // value of each slot
  std::vector<uint32_t> outside_;
  // The body's slots for the graph's: from outside, made in the round, and left by the one before.
  std::map<uint32_t, uint32_t> fixed_, own_, handed_on_;
};

class Roller {
 public:
  explicit Roller(Graph& graph) : graph_(graph), flow_(graph), now_(graph.slots.size()) {
    for (size_t i = 0; i < graph.slots.size(); ++i) now_[i] = graph.slots[i].value;
    for (const Step& step : graph.steps) {
      for (const Operand& output : step.outputs) note_value(output.value);
    }
    for (const uint32_t value : now_) {
      if (value != kNoValue) note_value(value);
    }
  }

  void run() {
    roll(0, graph_.steps.size());
    if (graph_.fixed) graph_.steps = std::move(steps_);
  }

 private:
  void note_value(uint32_t value) { next_value_ = std::max(next_value_, value + 1); }

  /// Takes the steps over, the rounds among them as loops.
  void roll(size_t begin, size_t end) {
    const std::optional<Rounds> rounds = find_loop(begin, end);
    if (!rounds) {
      for (size_t i = begin; i < end; ++i) take(graph_.steps[i]);
      return;
    }
    roll(begin, rounds->begin);
    add_loop(*rounds);
    roll(rounds->end(), end);
  }

  /// The first and the last round of many are often special: they begin with something else, and
  /// what they make is read afterwards.
  std::optional<Rounds> find_loop(size_t begin, size_t end) const {
    const std::optional<Rounds> found = flow_.find(begin, end);
    if (!found) return {};
    for (const size_t left_out_first : {0, 1}) {
      for (const size_t left_out_last : {0, 1}) {
        const Rounds rounds{found->begin + left_out_first * found->length, found->length,
                            found->count - left_out_first - left_out_last};
        if (flow_.is_loop(rounds)) return rounds;
      }
    }
    return {};
  }

  void take(Step step) {
    for (const Operand& output : step.outputs) now_[output.slot] = output.value;
    steps_.push_back(std::move(step));
  }

  void add_loop(const Rounds& rounds) {
    put_first_values(rounds);
    Body body(graph_, flow_, rounds);
    Step loop;
    loop.kind = Record::Kind::kLoop;
    Graph made = body.make();
    std::vector<bool> written(graph_.slots.size());
    for (size_t i = rounds.last(); i < rounds.end(); ++i) {
      for (const Operand& output : graph_.steps[i].outputs) written[output.slot] = true;
    }
    for (const uint32_t slot : body.outside()) {
      loop.inputs.push_back(whole(graph_, slot, now_[slot]));
      if (written[slot]) loop.outputs.push_back(whole(graph_, slot, last_value(slot, rounds)));
    }
    loop.rounds = static_cast<int64_t>(rounds.count);
    loop.body = std::make_shared<Graph>(std::move(made));
    graph_.fixed = true;
    take(std::move(loop));
  }

  /// Copies what the first round reads in place of what a round before left to where later rounds
  /// find that.
  void put_first_values(const Rounds& rounds) {
    for (size_t i = 0; i < rounds.length; ++i) {
      const Step &first = graph_.steps[rounds.begin + i], &last = graph_.steps[rounds.last() + i];
      for (size_t k = 0; k < first.inputs.size(); ++k) {
        const Source source = *flow_.source_of(last.inputs[k], rounds, rounds.count - 1);
        if (source.kind != Source::Kind::kBefore ||
            !flow_.is_born(last.inputs[k].slot, rounds.begin, rounds.end())) {
          continue;
        }
        const Operand& made = graph_.steps[rounds.last() + source.step].outputs[source.output];
        if (now_[made.slot] != kNoValue) continue;  // it has been put there
        const uint32_t from = first.inputs[k].slot;
        take(copy_step(graph_, whole(graph_, from, now_[from]),
                       whole(graph_, made.slot, next_value_++)));
      }
    }
  }

  /// What the slot holds after the rounds.
  uint32_t last_value(uint32_t slot, const Rounds& rounds) const {
    for (size_t i = rounds.end(); i-- > rounds.last();) {
      for (const Operand& output : graph_.steps[i].outputs) {
        if (output.slot == slot) return output.value;
      }
    }
    return kNoValue;
  }

  Graph& graph_;
  const RoundFlow flow_;  // of the graph as it was
  std::vector<Step> steps_;
  std::vector<uint32_t> now_;  // value of each slot
  uint32_t next_value_ = 0;
};

}  // namespace

void roll_loops(Graph& graph) { Roller(graph).run(); }

}  // namespace tenon::graph
