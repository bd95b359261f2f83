#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace tenon::graph {

/// What needs memory, and when: from the first step that touches it to the last.
struct Lifetime {
  size_t bytes = 0;
  int first = 0, last = 0;
  /// Has memory of its own, in which others may lie at other times.
  bool lends = false;
  /// Not 0: begins in a chain of a fork (see `Step::fork`), whose others run at the same time.
  uint32_t fork = 0, chain = 0;
};

/// Where each of them lies, in bytes from the start of its home, and how large the arena is.
struct Placement {
  static constexpr uint32_t kArena = ~uint32_t{0};

  std::vector<size_t> places;
  std::vector<uint32_t> homes;  ///< whose memory it is: the number of one that lends, or kArena
  size_t bytes = 0;
};

/// Those that live at one time, by their steps or as they begin in different chains of one fork,
/// get places of their own; but for the pairs of `in_place`, of which the first may lie exactly
/// where the second does, as that one's last step writes it element by element. The largest ones
/// first, each at the lowest place that is free while it lives: of lent memory, the smallest that
/// has one; else of the arena.
Placement place(std::span<const Lifetime> all,
                std::span<const std::pair<uint32_t, uint32_t>> in_place);

}  // namespace tenon::graph
