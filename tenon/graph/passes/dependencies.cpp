#include "tenon/graph/passes/dependencies.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace tenon::graph {

bool may_throw(const Step& step) {
  if (step.kind == Record::Kind::kLoop) {
    return std::any_of(step.body->steps.begin(), step.body->steps.end(), may_throw);
  }
  if (step.kind == Record::Kind::kTile) return false;
  if (static_cast<int>(step.op->id) >= kOpCount) return true;
  return std::any_of(step.inputs.begin(), step.inputs.end(), [](const Operand& input) {
    return input.value != kNoValue && !is_floating(input.dtype) && input.dtype != kBool;
  });
}

bool writes_any(const Step& step, const std::vector<bool>& marked) {
  return std::any_of(step.outputs.begin(), step.outputs.end(),
                     [&](const Operand& output) { return marked[output.slot]; });
}

Dependencies::Dependencies(const Graph& graph)
    : after_(graph.steps.size()), node_of_(graph.steps.size()) {
  constexpr size_t kNobody = SIZE_MAX;
  const std::vector<Step>& steps = graph.steps;
  const size_t slots = graph.slots.size();
  const std::vector<bool> live = graph.live_slots();
  std::vector<size_t> writer(slots, kNobody);
  std::vector<std::vector<size_t>> readers(slots);
  std::vector<size_t> throwing, writing;
  for (size_t i = 0; i < steps.size(); ++i) {
    node_of_[i] = i;
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
    if (may_throw(steps[i])) {
      for (const size_t earlier : writing) add(earlier, i);
      throwing.push_back(i);
    }
    if (writes_any(steps[i], live)) {
      for (const size_t earlier : throwing) add(earlier, i);
      writing.push_back(i);
    }
  }
}

void Dependencies::add(size_t before, size_t after) {
  if (before == after) return;
  std::vector<size_t>& list = after_[before];
  if (list.empty() || list.back() != after) list.push_back(after);
}

void Dependencies::merge(size_t a, size_t b) {
  after_[a].insert(after_[a].end(), after_[b].begin(), after_[b].end());
  after_[b].clear();
  for (size_t& node : node_of_) {
    if (node == b) node = a;
  }
}

bool Dependencies::reaches(size_t from, size_t to, bool direct) const {
  std::vector<bool> seen(after_.size());
  std::vector<size_t> open;
  const auto visit = [&](size_t node, bool first) {
    for (const size_t step : after_[node]) {
      const size_t next = node_of_[step];
      if (next == node || seen[next] || (first && next == to && !direct)) continue;
      seen[next] = true;
      open.push_back(next);
    }
  };
  visit(from, true);
  while (!open.empty()) {
    const size_t node = open.back();
    open.pop_back();
    if (node == to) return true;
    visit(node, false);
  }
  return false;
}

bool Dependencies::has_detour(size_t from, size_t to) const {
  return reaches(from, to, false) || reaches(to, from, true);
}

std::vector<size_t> Dependencies::order() const {
  std::vector<size_t> waits(after_.size());
  for (size_t i = 0; i < after_.size(); ++i) {
    for (const size_t step : after_[i]) waits[node_of_[step]] += node_of_[step] != i;
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < after_.size(); ++i) {
    if (node_of_[i] == i && waits[i] == 0) ready.push(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    const size_t node = ready.top();
    ready.pop();
    order.push_back(node);
    for (const size_t step : after_[node]) {
      const size_t next = node_of_[step];
      if (next != node && --waits[next] == 0) ready.push(next);
    }
  }
  return order;
}

}  // namespace tenon::graph
