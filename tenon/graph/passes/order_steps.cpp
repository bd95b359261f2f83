#include <algorithm>
#include <queue>
#include <utility>
#include <vector>

#include "tenon/graph/passes/dependencies.h"
#include "tenon/graph/passes/liveness.h"
#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

/// Steps that touch small buffers only stay as they are: what runs side by side runs at once.
constexpr size_t kWorthwhile = size_t{1} << 20;

/// Runs, of the steps that can, always the one that leaves the least memory in use; and of those
/// the first.
class Scheduler {
 public:
  explicit Scheduler(const Graph& graph)
      : graph_(graph),
        dependencies_(graph),
        bytes_(bytes_in_arena(graph)),
        users_(graph.slots.size()),
        left_(graph.slots.size()),
        exists_(graph.slots.size()),
        waits_(graph.steps.size()),
        score_(graph.steps.size()) {
    for (size_t i = 0; i < graph.steps.size(); ++i) {
      for (const uint32_t slot : slots_of(i)) users_[slot].push_back(i);
      for (const size_t after : dependencies_.waiting_for(i)) ++waits_[after];
    }
    for (size_t slot = 0; slot < left_.size(); ++slot) {
      left_[slot] = users_[slot].size();
    }
  }

  std::vector<size_t> run() {
    for (size_t i = 0; i < waits_.size(); ++i) {
      if (waits_[i] == 0) offer(i);
    }
    std::vector<size_t> order;
    std::vector<bool> done(waits_.size());
    while (!ready_.empty()) {
      const auto [score, i] = ready_.top();
      ready_.pop();
      if (done[i] || score != score_[i]) continue;  // offered again at another score
      done[i] = true;
      order.push_back(i);
      for (const size_t after : dependencies_.waiting_for(i)) --waits_[after];
      for (const uint32_t slot : slots_of(i)) {
        const bool is_new = !exists_[slot];
        exists_[slot] = true;
        --left_[slot];
        // Others that write it need no memory any more; the last one to read it gives it back.
        if (!is_new && left_[slot] != 1) continue;
        for (const size_t user : users_[slot]) {
          if (!done[user] && waits_[user] == 0) offer(user);
        }
      }
      for (const size_t after : dependencies_.waiting_for(i)) {
        if (waits_[after] == 0 && !done[after]) offer(after);
      }
    }
    return order;
  }

 private:
  /// All that the step touches, each once.
  std::vector<uint32_t> slots_of(size_t i) const {
    std::vector<uint32_t> slots;
    for (const Operand& input : graph_.steps[i].inputs) {
      if (input.value != kNoValue) slots.push_back(input.slot);
    }
    for (const Operand& output : graph_.steps[i].outputs) slots.push_back(output.slot);
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
    return slots;
  }

  /// By how much memory in use grows when the step has run.
  void offer(size_t i) {
    int64_t growth = 0;
    for (const uint32_t slot : slots_of(i)) {
      const auto bytes = static_cast<int64_t>(bytes_[slot]);
      if (bytes_[slot] < kWorthwhile) continue;
      if (!exists_[slot]) growth += bytes;
      if (left_[slot] == 1) growth -= bytes;
    }
    score_[i] = growth;
    ready_.emplace(growth, i);
  }

  using Entry = std::pair<int64_t, size_t>;

  const Graph& graph_;
  const Dependencies dependencies_;
  const std::vector<size_t> bytes_;
  std::vector<std::vector<size_t>> users_;  ///< of each slot: steps
  std::vector<size_t> left_;                ///< of each slot: users that haven't run
  std::vector<bool> exists_;
  std::vector<size_t> waits_;  ///< of each step: for how many others
  std::vector<int64_t> score_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready_;
};

}  // namespace

void order_for_memory(Graph& graph) {
  const size_t before = Liveness(graph).peak;
  if (before < kWorthwhile) return;
  const std::vector<size_t> order = Scheduler(graph).run();
  std::vector<Step> old = graph.steps;
  for (size_t i = 0; i < order.size(); ++i) graph.steps[i] = old[order[i]];
  if (Liveness(graph).peak + kWorthwhile > before) graph.steps = std::move(old);
}

}  // namespace tenon::graph
