#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tenon/graph/ir/graph.h"
#include "tenon/graph/plan/instance.h"

namespace tenon::graph {

/// An external slot that only the runner holds, and what owns its memory.
struct Donation {
  uint32_t slot;
  Storage* memory;
};

/// How the records of one segment run. Made for their structure; for each combination of sizes that
/// comes along it readies an instance (memory, strides), and keeps the last few.
///
/// Every slot has one piece of memory for all its values: an external's own; what a live tensor
/// keeps; or, where nobody can read it afterwards, a part of one arena in which slots whose lives
/// don't meet share places. Steps that write externals stay in the order in which the records came,
/// so that an error in the middle leaves what eager would have left.
class Plan {
 public:
  explicit Plan(Graph graph);
  ~Plan();
  Plan(const Plan&) = delete;

  /// A bit per slot, as a trace has them.
  const std::vector<uint64_t>& live_bits() const { return live_bits_; }
  /// Runs it; false, having done nothing, where there is no room for it. `kept`, empty before: for
  /// each slot that is alive and not external, in their order, its memory; when a kernel throws,
  /// null for those that nothing was written to by then. `donations`, of those that the instance
  /// says are donatable: their memory is the run's from their last use on, and may be `kept`.
  [[nodiscard]] bool run(Instance& instance, std::span<const Slot> slots, const Numbers& numbers,
                         std::vector<Intrusive<Storage>>& kept,
                         std::span<const Donation> donations = {});
  /// The same where there is no room for all memory at once: each slot's is had when a step first
  /// needs it, and given back after the last. Throws OutOfMemoryError at the step that gets none.
  void run_apart(Instance& instance, std::span<const Slot> slots, const Numbers& numbers,
                 std::vector<Intrusive<Storage>>& kept);
  /// Runs its steps several times over, with the memory that the instance points to already.
  void run_rounds(int64_t rounds, Instance& instance, const Numbers& numbers) const;
  /// The plan for these sizes; null where it was made for others in a way that doesn't fit.
  /// `name`: a number by which the caller knows the sizes and offsets but for `moved`, for
  /// `last_instance`.
  Instance* instance_for(std::span<const Slot> slots, const Numbers& numbers, uint64_t name = 0,
                         std::span<const MovedNumber> moved = {});
  /// The instance that ran last if that is how it was asked for last, else null.
  Instance* last_instance(uint64_t name, std::span<const MovedNumber> moved) const {
    if (instances_.empty()) return nullptr;
    Instance& last = *instances_.front();
    const bool is_it = last.name == name &&
                       std::equal(moved.begin(), moved.end(), last.moved.begin(), last.moved.end());
    return is_it ? &last : nullptr;
  }
  /// As the passes left it.
  const Graph& graph() const { return graph_; }
  /// What runs in place of that many ops, and what the instance that ran last allocates, as text.
  std::string explain(size_t ops) const;

 private:
  Instance& with_donations(Instance& instance, std::span<const Slot> slots,
                           std::span<const Donation> donations) const;
  std::vector<Slot> all_slots(std::span<const Slot> slots) const;
  bool fits(std::span<const int64_t> dims) const;
  bool same_sizes(std::span<const int64_t> a, std::span<const int64_t> b) const;
  void run_steps(size_t first, Instance& instance, const Numbers& numbers) const;
  void run_unprofiled(size_t first, Instance& instance, const Numbers& numbers) const;
  void run_kernels(size_t first, Instance& instance, const Numbers& numbers) const;
  void run_tiles(size_t first, Instance& instance, const Numbers& numbers) const;
  void launch_tiles(size_t first, Instance& instance, const Numbers& numbers) const;

  Graph graph_;
  std::vector<uint64_t> live_bits_;
  size_t first_write_;           ///< the first step that writes what is there before the graph runs
  std::vector<bool> is_offset_;  ///< of each number of the dims vector
  std::vector<std::unique_ptr<Instance>> instances_;  ///< the last one used first
};

}  // namespace tenon::graph
