#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tenon/graph/ir/graph.h"

namespace tenon::graph {

/// Steps of a graph that are the same steps several times over: `count` rounds of `length`.
struct Rounds {
  size_t begin = 0, length = 0, count = 0;

  size_t end() const { return begin + length * count; }
  size_t last() const { return end() - length; }  ///< where the last round begins
};

/// Where what a step of a round reads comes from, seen from the round.
struct Source {
  enum class Kind : uint8_t {
    kOutside,  ///< the same value for all rounds, or an argument that was left out
    kRound,    ///< made by an earlier step of the round
    kBefore,   ///< made in the round before; before the first one, somewhere else
  };

  Kind kind = Kind::kOutside;
  uint32_t value = kNoValue;  ///< of kOutside
  size_t step = 0;            ///< of the others: its number in the round, and which output
  size_t output = 0;
  friend bool operator==(const Source&, const Source&) = default;
};

/// How data flows through the steps of a graph, for those who ask about rounds of them.
class RoundFlow {
 public:
  explicit RoundFlow(const Graph& graph);

  /// The rounds that make up most of the steps from `begin` to `end`; nothing where there are too
  /// few to be worth it. Their steps are equal in all but the values that they name.
  std::optional<Rounds> find(size_t begin, size_t end) const;
  /// Whether each round does to what the round before left what that one did; and of what they
  /// make, only what the last one leaves to a next one is read afterwards.
  bool is_loop(const Rounds& rounds) const;

  /// Of an input of a step in round `round`; nothing where it comes from further back.
  std::optional<Source> source_of(const Operand& input, const Rounds& rounds, size_t round) const;
  /// Whether the slot is first used in these steps.
  bool is_born(uint32_t slot, size_t begin, size_t end) const {
    return born_[slot].step >= begin && born_[slot].step < end;
  }
  /// Whether the next round reads what is in the slot when this one, which begins at `begin`, ends.
  bool is_handed_on(uint32_t slot, const Rounds& rounds) const;

 private:
  struct Maker {
    size_t step = SIZE_MAX;
    size_t output = 0;
  };

  bool same_content(const Step& a, const Step& b) const;
  bool same_layout(const Operand& a, const Operand& b) const;
  bool flows_alike(const Rounds& rounds, size_t round) const;
  bool writes_alike(const Rounds& rounds, size_t round) const;
  bool begins_whole(const Rounds& rounds) const;
  bool ends_whole(const Rounds& rounds) const;

  const Graph& graph_;
  std::vector<uint64_t> prints_;  ///< of steps: different ones differ in content
  std::vector<Maker> makers_;     ///< of each value
  std::vector<Maker> born_;       ///< what first writes each slot; nothing: it is external
};

}  // namespace tenon::graph
