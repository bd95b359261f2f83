#include "tenon/graph/plan/placement.h"

#include <algorithm>

namespace tenon::graph {
namespace {

constexpr size_t kAlignment = 64;

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

class Placer {
 public:
  Placer(std::span<const Lifetime> all, std::span<const std::pair<uint32_t, uint32_t>> in_place)
      : all_(all), partners_(all.size()) {
    result_.places.resize(all.size());
    for (const auto& [a, b] : in_place) {
      partners_[a].push_back(b);
      partners_[b].push_back(a);
    }
  }

  Placement run() {
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < all_.size(); ++i) {
      if (all_[i].bytes != 0) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return all_[a].bytes > all_[b].bytes; });
    for (const uint32_t slot : order) place_one(slot);
    return std::move(result_);
  }

 private:
  void place_one(uint32_t slot) {
    size_t at = lowest(slot);
    for (const uint32_t partner : partners_[slot]) {
      const bool is_placed = std::find(placed_.begin(), placed_.end(), partner) != placed_.end();
      if (is_placed && is_free_beside(slot, partner)) at = result_.places[partner];
    }
    result_.places[slot] = at;
    result_.bytes = std::max(result_.bytes, at + aligned(all_[slot].bytes));
    placed_.insert(std::upper_bound(placed_.begin(), placed_.end(), slot,
                                    [&](uint32_t a, uint32_t b) {
                                      return result_.places[a] < result_.places[b];
                                    }),
                   slot);
  }

  bool meet(uint32_t a, uint32_t b) const {
    return all_[a].last >= all_[b].first && all_[b].last >= all_[a].first;
  }

  size_t lowest(uint32_t slot) const {
    size_t at = 0;
    for (const uint32_t other : placed_) {
      if (!meet(slot, other)) continue;
      if (result_.places[other] >= at + aligned(all_[slot].bytes)) break;
      at = std::max(at, result_.places[other] + aligned(all_[other].bytes));
    }
    return at;
  }

  /// Whether the slot can lie where its partner does.
  bool is_free_beside(uint32_t slot, uint32_t partner) const {
    const size_t begin = result_.places[partner], end = begin + aligned(all_[slot].bytes);
    return std::none_of(placed_.begin(), placed_.end(), [&](uint32_t other) {
      const size_t place = result_.places[other];
      if (other == partner || !meet(slot, other)) return false;
      const bool shares =
          place == begin &&
          std::find(partners_[slot].begin(), partners_[slot].end(), other) != partners_[slot].end();
      return !shares && place < end && begin < place + aligned(all_[other].bytes);
    });
  }

  std::span<const Lifetime> all_;
  std::vector<std::vector<uint32_t>> partners_;
  std::vector<uint32_t> placed_;  // by place
  Placement result_;
};

}  // namespace

Placement place(std::span<const Lifetime> all,
                std::span<const std::pair<uint32_t, uint32_t>> in_place) {
  return Placer(all, in_place).run();
}

}  // namespace tenon::graph
