#include "tenon/graph/plan/placement.h"

#include <algorithm>
#include <limits>

namespace tenon::graph {
namespace {

constexpr size_t kAlignment = 64;

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

class Placer {
 public:
  Placer(std::span<const Lifetime> all, std::span<const std::pair<uint32_t, uint32_t>> in_place)
      : all_(all), partners_(all.size()), room_of_(all.size(), kNowhere) {
    result_.places.resize(all.size());
    result_.homes.resize(all.size(), Placement::kArena);
    for (const auto& [a, b] : in_place) {
      partners_[a].push_back(b);
      partners_[b].push_back(a);
    }
  }

  Placement run() {
    std::vector<uint32_t> order, lenders;
    for (uint32_t i = 0; i < all_.size(); ++i) {
      if (all_[i].bytes != 0) (all_[i].lends ? lenders : order).push_back(i);
    }
    const auto larger = [&](uint32_t a, uint32_t b) { return all_[a].bytes > all_[b].bytes; };
    std::stable_sort(lenders.rbegin(), lenders.rend(), larger);
    std::stable_sort(order.begin(), order.end(), larger);
    rooms_.resize(lenders.size() + 1);
    for (size_t i = 0; i < lenders.size(); ++i) {
      rooms_[i].home = lenders[i];
      rooms_[i].bytes = aligned(all_[lenders[i]].bytes);
      put(lenders[i], i, 0);
    }
    for (const uint32_t slot : order) place_one(slot);
    return std::move(result_);
  }

 private:
  static constexpr size_t kNowhere = std::numeric_limits<size_t>::max();

  /// Memory that buffers share: of one that lends, or the arena's, which is as large as need be.
  struct Room {
    uint32_t home = Placement::kArena;
    size_t bytes = kNowhere;
    std::vector<uint32_t> placed;  ///< by place
  };

  void place_one(uint32_t slot) {
    const size_t size = aligned(all_[slot].bytes);
    size_t room = 0, at = 0;
    for (;; ++room) {  // the last is the arena
      if (rooms_[room].bytes < size) continue;
      at = lowest(slot, rooms_[room]);
      if (at <= rooms_[room].bytes - size) break;
    }
    for (const uint32_t partner : partners_[slot]) {
      if (room_of_[partner] == kNowhere || !is_free_beside(slot, partner)) continue;
      at = result_.places[partner];
      room = room_of_[partner];
    }
    put(slot, room, at);
  }

  void put(uint32_t slot, size_t room, size_t at) {
    result_.places[slot] = at;
    result_.homes[slot] = rooms_[room].home;
    room_of_[slot] = room;
    std::vector<uint32_t>& placed = rooms_[room].placed;
    placed.insert(std::upper_bound(placed.begin(), placed.end(), slot,
                                   [&](uint32_t a, uint32_t b) {
                                     return result_.places[a] < result_.places[b];
                                   }),
                  slot);
    if (rooms_[room].home == Placement::kArena) {
      result_.bytes = std::max(result_.bytes, at + aligned(all_[slot].bytes));
    }
  }

  bool meet(uint32_t a, uint32_t b) const {
    if (all_[a].fork != 0 && all_[a].fork == all_[b].fork && all_[a].chain != all_[b].chain) {
      return true;
    }
    return all_[a].last >= all_[b].first && all_[b].last >= all_[a].first;
  }

  size_t lowest(uint32_t slot, const Room& room) const {
    size_t at = 0;
    for (const uint32_t other : room.placed) {
      if (!meet(slot, other)) continue;
      if (result_.places[other] >= at + aligned(all_[slot].bytes)) break;
      at = std::max(at, result_.places[other] + aligned(all_[other].bytes));
    }
    return at;
  }

  /// Whether the slot can lie where its partner does.
  bool is_free_beside(uint32_t slot, uint32_t partner) const {
    const Room& room = rooms_[room_of_[partner]];
    const size_t begin = result_.places[partner], end = begin + aligned(all_[slot].bytes);
    if (end > room.bytes) return false;
    return std::none_of(room.placed.begin(), room.placed.end(), [&](uint32_t other) {
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
  std::vector<size_t> room_of_;  ///< of those that have a place
  std::vector<Room> rooms_;      ///< those that are lent, the smallest first; the arena
  Placement result_;
};

}  // namespace

Placement place(std::span<const Lifetime> all,
                std::span<const std::pair<uint32_t, uint32_t>> in_place) {
  return Placer(all, in_place).run();
}

}  // namespace tenon::graph
