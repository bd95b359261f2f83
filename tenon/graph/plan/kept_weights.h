#pragma once

#include <span>
#include <vector>

#include "tenon/graph/ir/graph.h"
#include "tenon/graph/plan/instance.h"

namespace tenon::graph {

/// What a plan's steps make of weights, kept from run to run for as long as these stay the same:
/// the same storage, not written to since (it counts that), and nobody has its address who
/// could write there uncounted. It is made when a weight has come the same way in three runs, so
/// that training, whose weights change, keeps nothing.
class KeptWeights {
 public:
  KeptWeights(const Graph& graph, Instance& instance);

  bool empty() const { return all_.empty(); }
  /// Before a run, when the instance points to its memory: says in its steps what is there already.
  void begin(std::span<const Slot> slots, const Numbers& numbers, Instance& instance);
  /// The run came to its end.
  void end();
  /// Lets go of everything.
  void forget(Instance& instance);
  /// Bytes that are kept.
  size_t bytes() const;

 private:
  struct Weight {
    uint32_t slot;
    Intrusive<Storage> seen;  ///< held, so that no other can have its address
    uint32_t writes = 0;      ///< to it
  };

  struct Kept {
    const Step* plan;
    size_t step;
    size_t bytes;
    uint32_t result;  ///< of a cast, a slot; kNoValue: it is what a kernel packed
    std::vector<Weight> weights;
    std::vector<double> numbers;  ///< the step's own, such as a batch norm's eps
    int runs = 0;                 ///< with these
    Intrusive<Storage> memory;
    bool is_made = false;

    void forget();
  };

  static bool is_same(Kept& kept, std::span<const Slot> slots, const Numbers& numbers);
  static bool has_memory(Kept& kept);

  std::vector<Kept> all_;
};

}  // namespace tenon::graph
