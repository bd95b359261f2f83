#include "tenon/graph/passes/rounds.h"

#include <algorithm>
#include <bit>
#include <map>

#include "tenon/graph/passes/dependencies.h"

namespace tenon::graph {
namespace {

constexpr size_t kFewestRounds = 8;
constexpr size_t kLongestRound = 1024;

/// What a hash is made of, number by number.
class Print {
 public:
  void add(uint64_t number) {
    hash_ = (hash_ ^ number) * 0x9e3779b97f4a7c15u;
    hash_ ^= hash_ >> 29;
  }
  void add(std::span<const int64_t> numbers) {
    for (const int64_t number : numbers) add(static_cast<uint64_t>(number));
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0;
};

bool same_number(const tile::Scalar64& a, const tile::Scalar64& b) {
  return a.integer == b.integer &&
         std::bit_cast<uint64_t>(a.real) == std::bit_cast<uint64_t>(b.real);
}

bool can_repeat(const Step& step) {
  return step.kind != Record::Kind::kLoop && !step.random && !may_throw(step);
}

uint64_t print_of(const Graph& graph, const Step& step) {
  Print print;
  print.add(reinterpret_cast<uintptr_t>(step.op));
  const bool is_tile = step.kind == Record::Kind::kTile;
  print.add(is_tile ? step.program.hash() : 0);
  if (is_tile) print.add(std::span(graph.dims).subspan(step.space, step.space_rank));
  for (const uint32_t scalar : step.scalars) {
    print.add(std::bit_cast<uint64_t>(graph.scalars[scalar].real));
  }
  for (const std::vector<Operand>* operands : {&step.inputs, &step.outputs}) {
    for (const Operand& operand : *operands) {
      print.add(operand.rank);
      if (operand.value == kNoValue) continue;
      print.add(std::span(graph.dims).subspan(operand.dims, 2u * operand.rank + 1));
    }
  }
  return print.value();
}

}  // namespace

RoundFlow::RoundFlow(const Graph& graph) : graph_(graph), born_(graph.slots.size()) {
  for (size_t i = 0; i < graph.steps.size(); ++i) {
    const Step& step = graph.steps[i];
    prints_.push_back(print_of(graph, step));
    for (size_t k = 0; k < step.outputs.size(); ++k) {
      const Operand& output = step.outputs[k];
      if (makers_.size() <= output.value) makers_.resize(output.value + 1);
      makers_[output.value] = {i, k};
      const bool is_new = !graph.slots[output.slot].external && born_[output.slot].step == SIZE_MAX;
      if (is_new) born_[output.slot] = {i, k};
    }
  }
}

std::optional<Rounds> RoundFlow::find(size_t begin, size_t end) const {
  Rounds best;
  const size_t longest = std::min(kLongestRound, (end - begin) / kFewestRounds);
  for (size_t length = 1; length <= longest; ++length) {
    size_t alike = 0;  // steps up to here that are like those a round before
    for (size_t i = begin + length; i <= end; ++i) {
      if (i < end && prints_[i] == prints_[i - length]) {
        ++alike;
        continue;
      }
      const Rounds rounds{i - alike - length, length, alike / length + 1};
      alike = 0;
      if (rounds.count < kFewestRounds) continue;
      if (rounds.length * rounds.count > best.length * best.count) best = rounds;
    }
  }
  return best.count == 0 ? std::nullopt : std::optional(best);
}

bool RoundFlow::is_loop(const Rounds& rounds) const {
  for (size_t i = rounds.begin; i < rounds.end(); ++i) {
    const Step& step = graph_.steps[i];
    if (!can_repeat(step)) return false;
    if (i >= rounds.begin + rounds.length && !same_content(step, graph_.steps[i - rounds.length])) {
      return false;
    }
  }
  for (size_t round = 0; round < rounds.count; ++round) {
    if (!writes_alike(rounds, round)) return false;
    if (round > 0 && !flows_alike(rounds, round)) return false;
  }
  return begins_whole(rounds) && ends_whole(rounds);
}

std::optional<Source> RoundFlow::source_of(const Operand& input, const Rounds& rounds,
                                           size_t round) const {
  const Maker maker = input.value < makers_.size() ? makers_[input.value] : Maker{};
  if (maker.step == SIZE_MAX || maker.step < rounds.begin) return Source{.value = input.value};
  const size_t made = (maker.step - rounds.begin) / rounds.length;
  if (made != round && made + 1 != round) return std::nullopt;
  return Source{made == round ? Source::Kind::kRound : Source::Kind::kBefore, kNoValue,
                (maker.step - rounds.begin) % rounds.length, maker.output};
}

bool RoundFlow::is_handed_on(uint32_t slot, const Rounds& rounds) const {
  const size_t last = rounds.last();
  if (!is_born(slot, last, rounds.end())) return false;
  // What the last round hands on is where the one before it did so.
  const Maker born = born_[slot];
  const uint32_t before = graph_.steps[born.step - rounds.length].outputs[born.output].slot;
  for (size_t i = last; i < rounds.end(); ++i) {
    for (const Operand& input : graph_.steps[i].inputs) {
      if (input.value != kNoValue && input.slot == before) return true;
    }
  }
  return false;
}

/// Whether the round reads what the last one does.
bool RoundFlow::flows_alike(const Rounds& rounds, size_t round) const {
  for (size_t i = 0; i < rounds.length; ++i) {
    const Step& step = graph_.steps[rounds.begin + round * rounds.length + i];
    const Step& last = graph_.steps[rounds.last() + i];
    for (size_t k = 0; k < step.inputs.size(); ++k) {
      const auto source = source_of(step.inputs[k], rounds, round);
      if (!source || source != source_of(last.inputs[k], rounds, rounds.count - 1)) return false;
    }
  }
  return true;
}

/// Whether the round writes what the last one does: storages from outside, or ones of its own.
bool RoundFlow::writes_alike(const Rounds& rounds, size_t round) const {
  const size_t begin = rounds.begin + round * rounds.length;
  for (size_t i = 0; i < rounds.length; ++i) {
    const Step &step = graph_.steps[begin + i], &last = graph_.steps[rounds.last() + i];
    for (size_t k = 0; k < step.outputs.size(); ++k) {
      const uint32_t slot = step.outputs[k].slot, wanted = last.outputs[k].slot;
      if (slot == wanted && !is_born(slot, rounds.begin, rounds.end())) continue;
      if (!is_born(slot, begin, begin + rounds.length) ||
          born_[slot].step - begin != born_[wanted].step - rounds.last() ||
          born_[slot].output != born_[wanted].output) {
        return false;
      }
    }
  }
  return true;
}

/// Whether the first round gets, wherever later ones read what the round before left, one value
/// that can be put there.
bool RoundFlow::begins_whole(const Rounds& rounds) const {
  std::map<uint32_t, uint32_t> first_value;  // of what later rounds read of each slot
  for (size_t i = 0; i < rounds.length; ++i) {
    const Step &first = graph_.steps[rounds.begin + i], &last = graph_.steps[rounds.last() + i];
    for (size_t k = 0; k < first.inputs.size(); ++k) {
      const auto source = source_of(first.inputs[k], rounds, 0);
      const auto wanted = source_of(last.inputs[k], rounds, rounds.count - 1);
      if (wanted->kind != Source::Kind::kBefore) {
        if (source != wanted) return false;
        continue;
      }
      if (!source || source->kind != Source::Kind::kOutside || source->value == kNoValue) {
        return false;
      }
      const uint32_t from = first.inputs[k].slot, to = last.inputs[k].slot;
      if (!is_born(to, rounds.begin, rounds.end())) {
        if (from != to) return false;
        continue;
      }
      if (first_value.emplace(to, source->value).first->second != source->value) return false;
      const GraphSlot &a = graph_.slots[from], &b = graph_.slots[to];
      const auto x = graph_.sizes_of(a), y = graph_.sizes_of(b);
      if (!a.natural || a.dtype != b.dtype || is_complex(a.dtype) ||
          !std::equal(x.begin(), x.end(), y.begin(), y.end())) {
        return false;
      }
    }
  }
  return true;
}

/// Whether nobody reads afterwards what rounds made for themselves.
bool RoundFlow::ends_whole(const Rounds& rounds) const {
  const auto is_lost = [&](uint32_t slot) {
    return is_born(slot, rounds.begin, rounds.end()) && !is_handed_on(slot, rounds);
  };
  for (size_t i = rounds.end(); i < graph_.steps.size(); ++i) {
    for (const std::vector<Operand>* operands :
         {&graph_.steps[i].inputs, &graph_.steps[i].outputs}) {
      for (const Operand& operand : *operands) {
        if (operand.value != kNoValue && is_lost(operand.slot)) return false;
      }
    }
  }
  for (uint32_t slot = 0; slot < graph_.slots.size(); ++slot) {
    if (graph_.slots[slot].live && is_lost(slot)) return false;
  }
  return true;
}

bool RoundFlow::same_layout(const Operand& a, const Operand& b) const {
  if ((a.value == kNoValue) != (b.value == kNoValue)) return false;
  if (a.value == kNoValue) return true;
  const int64_t* const dims = graph_.dims.data();
  return a.dtype == b.dtype && a.rank == b.rank && a.natural == b.natural &&
         std::equal(dims + a.dims, dims + a.dims + 2 * a.rank + 1, dims + b.dims);
}

bool RoundFlow::same_content(const Step& a, const Step& b) const {
  const int64_t* const dims = graph_.dims.data();
  const auto scalar = [&](uint32_t place) { return graph_.scalars[place]; };
  const auto attributes = [&](const Step& step) {
    return std::span(graph_.attributes).subspan(step.attributes, step.attribute_count);
  };
  const auto same_layouts = [&](const std::vector<Operand>& x, const std::vector<Operand>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                      [&](const Operand& p, const Operand& q) { return same_layout(p, q); });
  };
  const auto x = attributes(a), y = attributes(b);
  return a.kind == b.kind && a.op == b.op && a.computed == b.computed && a.row_mask == b.row_mask &&
         a.reversed_rows == b.reversed_rows && a.inputs_lack_rows == b.inputs_lack_rows &&
         a.outputs_lack_rows == b.outputs_lack_rows &&
         (a.kind != Record::Kind::kTile || a.program == b.program) &&
         a.space_rank == b.space_rank &&
         std::equal(dims + a.space, dims + a.space + a.space_rank, dims + b.space) &&
         std::equal(a.scalars.begin(), a.scalars.end(), b.scalars.begin(), b.scalars.end(),
                    [&](uint32_t p, uint32_t q) { return same_number(scalar(p), scalar(q)); }) &&
         std::equal(x.begin(), x.end(), y.begin(), y.end()) && same_layouts(a.inputs, b.inputs) &&
         same_layouts(a.outputs, b.outputs);
}

}  // namespace tenon::graph
