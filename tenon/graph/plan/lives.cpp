// When the slots of a plan are in use; with forks, by several threads at once.

#include <algorithm>

#include "tenon/graph/plan/instance.h"

namespace tenon::graph {

/// Other sizes may not be worth what the passes made of those that they saw.
void Instance::find_forks(std::span<const Step> plan) {
  forks = forks_of(plan);
  std::erase_if(forks, [&](const Fork& fork) {
    std::vector<double> costs;
    for (size_t chain = 0; chain < fork.count(); ++chain) {
      double& cost = costs.emplace_back();
      for (size_t i = fork.chains[chain]; i < fork.chains[chain + 1]; ++i) {
        const std::optional<double> own = chain_cost(plan[i], dims);
        if (!own) return true;
        cost += *own;
      }
    }
    return saved_by_forking(std::move(costs)) < kLeastSaved;
  });
  for (const Fork& fork : forks) {
    steps[fork.begin()].fork = &fork;
    for (size_t i = fork.begin(); i < fork.end(); ++i) steps[i].chain = plan[i].chain;
  }
}

void Instance::find_lives(std::span<const Step> plan, const std::vector<bool>& live) {
  first_step.assign(slot_count, -1);
  last_step.assign(slot_count, -1);
  is_of_chain.assign(slot_count, false);
  for (size_t first = 0; first < plan.size(); first += steps[first].batch) {
    const auto touch = [&](const Operand& operand) {
      if (operand.value == kNoValue) return;
      if (first_step[operand.slot] < 0) first_step[operand.slot] = static_cast<int>(first);
      last_step[operand.slot] = static_cast<int>(first);
    };
    for (size_t i = first; i < first + steps[first].batch; ++i) {
      for (const Operand& input : plan[i].inputs) touch(input);
      for (const Operand& output : plan[i].outputs) touch(output);
    }
  }
  for (const Fork& fork : forks) widen_lives(fork, live);
}

void Instance::widen_lives(const Fork& fork, const std::vector<bool>& live) {
  const auto begin = static_cast<int>(fork.begin()), end = static_cast<int>(fork.end());
  int last_batch = begin;
  while (last_batch + static_cast<int>(steps[static_cast<size_t>(last_batch)].batch) < end) {
    last_batch += static_cast<int>(steps[static_cast<size_t>(last_batch)].batch);
  }
  const auto is_within = [&](int step) { return begin <= step && step < end; };
  const auto chain_at = [&](int step) { return steps[static_cast<size_t>(step)].chain; };
  for (size_t slot = 0; slot < slot_count; ++slot) {
    const int first = first_step[slot];
    int& last = last_step[slot];
    if (!is_within(last)) continue;
    is_of_chain[slot] = !live[slot] && is_within(first) && chain_at(first) == chain_at(last);
    if (!is_of_chain[slot]) last = last_batch;
  }
}

}  // namespace tenon::graph
