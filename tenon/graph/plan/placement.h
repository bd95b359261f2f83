#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace tenon::graph {

/// What needs memory of an arena, and when: from the first step that touches it to the last.
struct Lifetime {
  size_t bytes = 0;
  int first = 0, last = 0;
};

/// Where each of them lies, in bytes from the arena's start, and how large the arena is.
struct Placement {
  std::vector<size_t> places;
  size_t bytes = 0;
};

/// Those that live at one time get places of their own; but for the pairs of `in_place`, of which
/// the first may lie exactly where the second does, as that one's last step writes it element by
/// element. The largest ones first, each at the lowest place that is free while it lives.
Placement place(std::span<const Lifetime> all,
                std::span<const std::pair<uint32_t, uint32_t>> in_place);

}  // namespace tenon::graph
