#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "tenon/graph/ir/fork.h"
#include "tenon/graph/passes/dependencies.h"
#include "tenon/graph/passes/liveness.h"
#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

/// Of each step, by its number: nanoseconds in a chain, or nothing.
using Costs = std::vector<std::optional<double>>;

/// What a step is part of.
struct Mark {
  uint32_t fork = 0, chain = 0;
};

/// The steps from one on, sorted: chains, what goes before them and what goes behind.
class Window {
 public:
  Window(const Costs& costs, const std::vector<std::vector<size_t>>& before)
      : costs_(costs), before_(before), place_(costs.size(), kOutside), chain_(costs.size()) {}

  /// Chains of less than `light` nanoseconds become part of what they meet; others end there.
  void clear(double light) {
    light_ = light;
    for (const size_t step : seen_) place_[step] = kOutside;
    seen_.clear();
    roots_.clear();
    total_ = 0;
  }

  /// The next step in the order. False where chains are long enough.
  bool add(size_t step) {
    constexpr size_t kMostSteps = 2048;
    constexpr double kMostNanoseconds = 20e6;  // nothing stops a chain that has begun
    if (seen_.size() == kMostSteps || total_ >= kMostNanoseconds) return false;
    place_[step] = place_of(step);
    if (place_[step] == kChains) join(step);
    seen_.push_back(step);
    return true;
  }

  /// What each takes that waits for no other. One step is no chain: plans run those at once anyway.
  std::vector<double> chain_costs() const {
    std::vector<double> costs;
    for (const Root& root : roots_) {
      if (root.parent == kNone && root.steps > 1) costs.push_back(root.cost);
    }
    return costs;
  }

  /// Puts the steps in their new order, behind what is in `order`; marks those in chains.
  void take(uint32_t fork, std::vector<size_t>& order, std::vector<Mark>& marks) const {
    put(kBefore, order);
    const std::vector<uint32_t> lanes = lanes_of_roots();
    const uint32_t count = *std::max_element(lanes.begin(), lanes.end());
    for (uint32_t lane = 1; lane <= count; ++lane) {
      for (const size_t step : seen_) {
        if (place_[step] != kChains || lanes[root_of(chain_[step])] != lane) continue;
        marks[step] = {fork, lane};
        order.push_back(step);
      }
    }
  }

  /// Those that go behind the chains, in their order.
  std::vector<size_t> behind() const {
    std::vector<size_t> steps;
    put(kBehind, steps);
    return steps;
  }

  size_t size() const { return seen_.size(); }

 private:
  enum Place : uint8_t { kOutside, kBefore, kChains, kBehind };
  static constexpr uint32_t kNone = ~uint32_t{0};
  /// Steps that hang together so far. Those that became part of another one say which.
  struct Root {
    double cost = 0;
    size_t steps = 0;
    uint32_t parent = kNone;
  };

  Place place_of(size_t step) const {
    bool waits_for_chain = false;
    uint32_t heavy = kNone;
    for (const size_t earlier : before_[step]) {
      if (place_[earlier] == kBehind) return kBehind;
      if (place_[earlier] != kChains) continue;
      waits_for_chain = true;
      const uint32_t root = root_of(chain_[earlier]);
      if (roots_[root].cost < light_ || root == heavy) continue;
      if (heavy != kNone) return kBehind;  // chains end where they meet
      heavy = root;
    }
    if (costs_[step]) return kChains;
    return waits_for_chain ? kBehind : kBefore;
  }

  void join(size_t step) {
    uint32_t own = kNone;
    for (const size_t earlier : before_[step]) {
      if (place_[earlier] != kChains) continue;
      const uint32_t root = root_of(chain_[earlier]);
      if (own == kNone) own = root;
      if (root == own) continue;
      roots_[own].cost += roots_[root].cost;
      roots_[own].steps += roots_[root].steps;
      roots_[root].parent = own;
    }
    if (own == kNone) {
      own = static_cast<uint32_t>(roots_.size());
      roots_.emplace_back();
    }
    chain_[step] = own;
    roots_[own].cost += *costs_[step];
    ++roots_[own].steps;
    total_ += *costs_[step];
  }

  uint32_t root_of(uint32_t root) const {
    while (roots_[root].parent != kNone) root = roots_[root].parent;
    return root;
  }

  /// Of each root, the chain that its steps run in, from 1: each of the largest by itself, others
  /// with the one that has least to do.
  std::vector<uint32_t> lanes_of_roots() const {
    constexpr size_t kMostChains = 8;
    constexpr double kWorthAThread = 2'000;
    std::vector<uint32_t> roots;
    for (uint32_t i = 0; i < roots_.size(); ++i) {
      if (roots_[i].parent == kNone) roots.push_back(i);
    }
    std::stable_sort(roots.begin(), roots.end(),
                     [&](uint32_t a, uint32_t b) { return roots_[a].cost > roots_[b].cost; });
    std::vector<double> costs;
    std::vector<uint32_t> lanes(roots_.size());
    for (const uint32_t root : roots) {
      const bool is_own =
          costs.size() < 2 || (costs.size() < kMostChains && roots_[root].cost >= kWorthAThread);
      if (is_own) costs.push_back(0);
      const auto lane = is_own ? costs.end() - 1 : std::min_element(costs.begin(), costs.end());
      *lane += roots_[root].cost;
      lanes[root] = static_cast<uint32_t>(lane - costs.begin()) + 1;
    }
    return lanes;
  }

  void put(Place place, std::vector<size_t>& steps) const {
    for (const size_t step : seen_) {
      if (place_[step] == place) steps.push_back(step);
    }
  }

  const Costs& costs_;
  const std::vector<std::vector<size_t>>& before_;
  std::vector<Place> place_;     ///< of each step
  std::vector<uint32_t> chain_;  ///< of each step in chains: the root that it was added to
  std::vector<size_t> seen_;
  std::vector<Root> roots_;
  double total_ = 0, light_ = 0;
};

/// Finds forks from the first step on.
class Forker {
 public:
  Forker(Graph& graph, Costs costs)
      : graph_(graph),
        dependencies_(graph),
        costs_(std::move(costs)),
        before_(graph.steps.size()),
        window_(costs_, before_),
        marks_(graph.steps.size()) {
    for (size_t i = 0; i < graph.steps.size(); ++i) {
      for (const size_t after : dependencies_.waiting_for(i)) before_[after].push_back(i);
      left_.push_back(i);
    }
  }

  void run() {
    uint32_t forks = 0;
    for (size_t at = 0; at < left_.size();) {
      if (!may_begin(at) || !find(at)) {
        order_.push_back(left_[at++]);
        continue;
      }
      window_.take(++forks, order_, marks_);
      std::vector<size_t> rest = window_.behind();
      rest.insert(rest.end(), left_.begin() + static_cast<ptrdiff_t>(at + window_.size()),
                  left_.end());
      left_ = std::move(rest);
      at = 0;
    }
    if (forks == 0) return;
    const size_t peak = Liveness(graph_).peak;
    std::vector<Step> old = graph_.steps;
    for (size_t i = 0; i < order_.size(); ++i) {
      graph_.steps[i] = old[order_[i]];
      graph_.steps[i].fork = marks_[order_[i]].fork;
      graph_.steps[i].chain = marks_[order_[i]].chain;
    }
    if (Liveness(graph_).peak > peak + kMostBytes) graph_.steps = std::move(old);
  }

 private:
  /// Where a fork could begin that begins no earlier: at first, and behind what several wait for.
  bool may_begin(size_t at) const {
    if (!costs_[left_[at]]) return false;
    if (at == 0 || order_.empty()) return true;
    const auto after = dependencies_.waiting_for(order_.back());
    return std::any_of(after.begin(), after.end(),
                       [&](size_t step) { return step != after.front(); });
  }

  /// Whether a fork begins there; it is in the window then. Chains begin with several steps that
  /// meet soon, and end where long ones do: what is long is what saves most.
  bool find(size_t at) {
    constexpr double kLights[] = {1'000, 10'000, 100'000, 1'000'000};
    double best = 0, best_light = 0;
    for (const double light : kLights) {
      fill(at, light);
      const double saved = saved_by_forking(window_.chain_costs());
      if (saved <= best) continue;
      best = saved;
      best_light = light;
    }
    if (best < kLeastSaved) return false;
    fill(at, best_light);
    return true;
  }

  void fill(size_t at, double light) {
    constexpr size_t kMostLooks = size_t{1} << 22;
    window_.clear(light);
    if (looks_ >= kMostLooks) return;
    for (size_t i = at; i < left_.size() && window_.add(left_[i]); ++i) ++looks_;
  }

  // By which what is in use at a time may grow.
  static constexpr size_t kMostBytes = size_t{1} << 20;

  Graph& graph_;
  const Dependencies dependencies_;
  const Costs costs_;
  std::vector<std::vector<size_t>> before_;  ///< of each step: those that it waits for
  Window window_;
  std::vector<Mark> marks_;           ///< of each step
  std::vector<size_t> left_, order_;  ///< steps that have no place yet, and that have one
  size_t looks_ = 0;
};

}  // namespace

void fork_chains(Graph& graph) {
  // Buffers of all chains are in use at once.
  if (graph.memory_limit != 0) return;
  Costs costs;
  std::vector<double> all;
  for (const Step& step : graph.steps) {
    if (step.by_blocks) return;  // nothing may come between such a step and its product
    costs.push_back(may_throw(step) ? std::nullopt : chain_cost(step, graph.dims));
    if (costs.back()) all.push_back(*costs.back());
  }
  if (saved_by_forking(std::move(all)) < kLeastSaved) return;
  Forker(graph, std::move(costs)).run();
}

}  // namespace tenon::graph
