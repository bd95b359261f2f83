#include "tenon/graph/passes/dependencies.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

namespace tenon::graph {
namespace {

constexpr size_t kNobody = SIZE_MAX;

/// Which is an error where the divisor is 0.
bool divides_integers(const Step& step) {
  if (is_floating(step.computed)) return false;
  const auto& code = step.program.instructions();
  return std::any_of(code.begin(), code.end(), [](const tile::Instruction& instruction) {
    return instruction.op == tile::Op::kFmod || instruction.op == tile::Op::kRemainder ||
           instruction.op == tile::Op::kFloorDivide;
  });
}

}  // namespace

bool may_throw(const Step& step) {
  if (step.kind == Record::Kind::kLoop) {
    return std::any_of(step.body->steps.begin(), step.body->steps.end(), may_throw);
  }
  if (step.kind == Record::Kind::kTile) return divides_integers(step);
  if (static_cast<int>(step.op->id) >= kOpCount || step.op->may_fail_on_numbers) return true;
  return std::any_of(step.inputs.begin(), step.inputs.end(), [](const Operand& input) {
    return input.value != kNoValue && !is_floating(input.dtype) && input.dtype != kBool;
  });
}

bool writes_any(const Step& step, const std::vector<bool>& marked) {
  return std::any_of(step.outputs.begin(), step.outputs.end(),
                     [&](const Operand& output) { return marked[output.slot]; });
}

Dependencies::Dependencies(const Graph& graph)
    : after_(graph.steps.size()),
      before_(graph.steps.size()),
      parent_(graph.steps.size()),
      position_(graph.steps.size()),
      seen_(graph.steps.size()) {
  std::iota(parent_.begin(), parent_.end(), size_t{0});
  std::iota(position_.begin(), position_.end(), size_t{0});
  const std::vector<Step>& steps = graph.steps;
  const size_t slots = graph.slots.size();
  const std::vector<bool> live = graph.live_slots();
  std::vector<size_t> writer(slots, kNobody);
  std::vector<std::vector<size_t>> readers(slots);
  size_t throwing = kNobody;
  std::vector<size_t> writing;  // since the last one that may throw
  for (size_t i = 0; i < steps.size(); ++i) {
    for (const Operand& input : steps[i].inputs) {
      if (input.value == kNoValue) continue;
      if (writer[input.slot] != kNobody) add(writer[input.slot], i);
      readers[input.slot].push_back(i);
    }
    for (const Operand& output : steps[i].outputs) {
      if (writer[output.slot] != kNobody) add(writer[output.slot], i);
      for (const size_t reader : readers[output.slot]) add(reader, i);
      writer[output.slot] = i;
      readers[output.slot].clear();
    }
    const bool throws = may_throw(steps[i]), writes = writes_any(steps[i], live);
    if ((throws || writes) && throwing != kNobody) add(throwing, i);
    if (throws) {
      for (const size_t earlier : writing) add(earlier, i);
      writing.clear();
      throwing = i;
    } else if (writes) {
      writing.push_back(i);
    }
  }
}

void Dependencies::add(size_t before, size_t after) {
  if (before == after) return;
  std::vector<size_t>& list = after_[before];
  if (!list.empty() && list.back() == after) return;
  list.push_back(after);
  before_[after].push_back(before);
}

size_t Dependencies::node_of(size_t step) const {
  while (parent_[step] != step) step = parent_[step] = parent_[parent_[step]];
  return step;
}

/// Follows the edges from one node to all that stand between it and `to`; false where that ends at
/// `to` by way of another node, or takes too long.
bool Dependencies::search(const Edges& edges, size_t from, size_t to,
                          std::vector<size_t>& found) const {
  constexpr size_t kMostEdges = 4096;
  ++searches_;
  const bool forward = position_[from] < position_[to];
  size_t looked_at = 0;
  found = {from};
  for (size_t next = 0; next < found.size(); ++next) {
    const size_t at = found[next];
    looked_at += edges[at].size();
    if (looked_at > kMostEdges) return false;
    for (const size_t step : edges[at]) {
      const size_t node = node_of(step);
      if (node == at || seen_[node] == searches_) continue;
      if (node == to && at == from) continue;
      if (node == to) return false;
      if ((position_[node] < position_[to]) != forward) continue;
      seen_[node] = searches_;
      found.push_back(node);
    }
  }
  found.erase(found.begin());
  return true;
}

/// What stands between two nodes and waits for the first, and what the last waits for; false where
/// there is a detour.
bool Dependencies::find_between(size_t first, size_t last, std::vector<size_t>& after,
                                std::vector<size_t>& before) const {
  return search(after_, first, last, after) && search(before_, last, first, before);
}

bool Dependencies::has_detour(size_t a, size_t b) const {
  if (position_[a] > position_[b]) std::swap(a, b);
  std::vector<size_t> after, before;
  return !find_between(a, b, after, before);
}

void Dependencies::merge(size_t a, size_t b) {
  const bool in_order = position_[a] < position_[b];
  const size_t first = in_order ? a : b, last = in_order ? b : a;
  std::vector<size_t> after, before;
  find_between(first, last, after, before);
  // What the last waits for goes in front of the merged node, what waits for the first behind it:
  // in the places that these have now, which leaves one free.
  std::vector<size_t> nodes = before, places = {position_[first], position_[last]};
  const auto earlier = [&](size_t x, size_t y) { return position_[x] < position_[y]; };
  std::sort(nodes.begin(), nodes.end(), earlier);
  std::sort(after.begin(), after.end(), earlier);
  nodes.push_back(a);
  nodes.insert(nodes.end(), after.begin(), after.end());
  for (const size_t node : before) places.push_back(position_[node]);
  for (const size_t node : after) places.push_back(position_[node]);
  std::sort(places.begin(), places.end());
  // The free one is the merged node's second: those behind it take the last places.
  for (size_t i = 0; i < nodes.size(); ++i) {
    position_[nodes[i]] = places[i <= before.size() ? i : i + 1];
  }
  parent_[b] = a;
  for (Edges* const edges : {&after_, &before_}) {
    std::vector<size_t>&mine = (*edges)[a], &theirs = (*edges)[b];
    if (mine.size() < theirs.size()) mine.swap(theirs);
    mine.insert(mine.end(), theirs.begin(), theirs.end());
    theirs = {};
  }
}

std::vector<size_t> Dependencies::order() const {
  std::vector<size_t> waits(after_.size());
  for (size_t i = 0; i < after_.size(); ++i) {
    for (const size_t step : after_[i]) waits[node_of(step)] += node_of(step) != i;
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < after_.size(); ++i) {
    if (node_of(i) == i && waits[i] == 0) ready.push(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    const size_t node = ready.top();
    ready.pop();
    order.push_back(node);
    for (const size_t step : after_[node]) {
      const size_t next = node_of(step);
      if (next != node && --waits[next] == 0) ready.push(next);
    }
  }
  return order;
}

}  // namespace tenon::graph
