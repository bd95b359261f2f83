#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tenon/core/tensor.h"
#include "tenon/dispatch/backend.h"
#include "tenon/graph/ir/fork.h"
#include "tenon/graph/ir/step.h"

namespace tenon::graph {

struct LoopStep;
class KeptWeights;

/// A plan readied for one combination of sizes: launches and calls set up but for the memory that
/// they point to, and where in the arena each slot lies.
struct Instance {
  struct ReadyStep {
    // Of tile steps.
    std::vector<tile::Operand> operands;  ///< inputs, then outputs
    std::vector<uint32_t> slots;          ///< of the operands
    std::vector<ptrdiff_t> offsets;       ///< of the operands in their slots' memory, in bytes
    std::vector<tile::Scalar64> scalars;  ///< for the run, where they don't lie side by side
    bool empty = false;
    /// Few elements in one piece: runs without set-up, to the same bits.
    bool is_small = false;
    std::vector<tile::SmallLaunch::Input> small_inputs;
    std::vector<tile::SmallLaunch::Output> small_outputs;
    tile::SmallCode small_code;
    /// How many steps from this one on run at once, as none of them waits for another; 0 of a
    /// kernel that runs with an earlier one.
    size_t batch = 1;
    const Fork* fork = nullptr;  ///< that begins with this step
    uint32_t chain = 0;          ///< of a fork, that the step is part of; 0: of none
    // Of kernel steps.
    std::vector<Tensor> inputs, outputs;
    std::vector<const Tensor*> input_list;
    bool gains_by_company = false;
    std::vector<KernelRun> together;  ///< the kernels of the batch, where it has several
    bool has_epilogue = false;        ///< the batch is a product and a step by its blocks
    std::shared_ptr<LoopStep> loop;   ///< of loop steps
    // Of what is made of weights; see kept_weights.h.
    bool is_made = false;    ///< by an earlier run
    void* packed = nullptr;  ///< the right operand as the kernel wants it
    bool packs = false;      ///< which has to be written first
  };

  /// `donated`: external slots that nobody reads after the run, whose memory is the run's from
  /// their last use on.
  Instance(std::span<const Step> steps, const std::vector<bool>& live, std::span<const Slot> slots,
           std::span<const int64_t> dims, std::span<const uint32_t> donated = {});
  Instance(const Instance&) = delete;
  ~Instance();

  /// Memory for a run: externals' own, `kept` for those that outlive it (in the order of
  /// `kept_slots`), the arena's for the others.
  void point_to(std::span<const Slot> slots, std::span<const Intrusive<Storage>> kept, void* arena);
  /// The same where nothing is kept; `externals`: in the order of `external_slots`.
  void point_to(std::span<void* const> externals, void* arena);
  void run_loop(size_t step, int64_t rounds);
  /// Of this and those with donated slots, the one that ran last.
  const Instance& last_run() const { return ran_last ? *ran_last : *this; }
  /// From now on operands lie at the offsets that these numbers have; all else in them is the same.
  void set_offsets(std::span<const Step> plan, std::span<const int64_t> numbers);
  /// Whether the batch at this step is all that touches the slot's memory, and nobody does later.
  bool is_read_once(uint32_t slot, size_t step) const;
  /// Where what begins at the step ends: a fork, or a batch.
  size_t end_of(size_t step) const {
    const ReadyStep& ready = steps[step];
    return ready.fork ? ready.fork->end() : step + ready.batch;
  }
  /// Of step `i`, a kernel that runs by itself: what its right operand takes as the kernel wants
  /// it; 0 where that is as it lies.
  size_t packed_bytes(const Step& step, size_t i);
  /// Of a step without attributes.
  static KernelRun kernel_run(const Step& step, ReadyStep& ready);
  /// Readies what step `i` runs for memory and numbers of a run.
  void update_launch(const Step& step, size_t i, const Numbers& numbers);

  std::vector<int64_t> dims;
  uint64_t name = 0;  ///< by which it was asked for last, but for `moved`
  std::vector<MovedNumber> moved;
  std::vector<Attribute> attributes;  ///< as of then
  size_t slot_count;
  std::unique_ptr<Storage[]> memory;  ///< of each slot; tensors of kernel steps read it
  std::vector<size_t> bytes;          ///< of each slot
  std::vector<size_t> places;         ///< in the arena, of slots that are not live
  std::vector<uint32_t> external_slots, kept_slots, arena_slots;
  std::vector<size_t> loops;  ///< steps that are; their arenas' places follow those of the slots
  std::vector<Fork> forks;    ///< those that are worth it at these sizes
  /// That touch the slot (a batch is one); -1: none. What is there before a fork and last used in
  /// it is there until the fork ends.
  std::vector<int> first_step, last_step;
  std::vector<bool> is_of_chain;  ///< of each slot: one chain alone uses it
  size_t arena_bytes = 0;
  bool is_long = false;  ///< may run for more than a few microseconds
  int64_t elements = 0;  ///< that kernels read and write, and of each op's result in tile steps
  // Donated memory.
  struct Guest {
    size_t number;  ///< of the slot, or behind these the loop
    uint32_t home;  ///< the external slot whose memory it is in
    size_t place;
  };
  std::vector<uint32_t> donatable;   ///< external slots whose memory a run could use
  std::vector<uint32_t> donated;     ///< those whose memory this one uses
  std::vector<uint32_t> kept_homes;  ///< of kept slots: whose memory; kNoValue: one of their own
  std::vector<Guest> guests;         ///< those that would else lie in the arena
  std::vector<std::unique_ptr<Instance>> donating;  ///< the same with donated slots
  const Instance* ran_last = nullptr;               ///< of these and this; null: none had a choice
  std::vector<ReadyStep> steps;
  std::vector<tile::Launch> launches;  ///< of each step; side by side, as batches want them
  std::vector<tile::SmallLaunch> small_launches;  ///< of small ones, likewise
  std::vector<tile::LaunchPlan> launch_plans;     ///< that these keep
  std::unique_ptr<KeptWeights> kept_weights;      ///< or null

 private:
  Tensor tensor_of(const Operand& operand);
  void ready_tile(const Step& step, ReadyStep& ready, tile::Launch& launch);
  void ready_small(const Step& step, size_t number);
  void ready_kernel(const Step& step, ReadyStep& ready);
  void find_forks(std::span<const Step> plan);
  void find_batches(std::span<const Step> plan);
  bool can_follow(std::span<const Step> plan, size_t i, size_t first) const;
  bool is_same_work(std::span<const Step> plan, size_t i, size_t first) const;
  bool has_epilogue(std::span<const Step> plan, size_t product);
  using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;

  void find_lives(std::span<const Step> plan, const std::vector<bool>& live);
  void widen_lives(const Fork& fork, const std::vector<bool>& live);
  Pairs in_place(std::span<const Step> plan) const;
  void point_to_arena(void* arena);
  void find_donatable(std::span<const Slot> slots);
  void find_homes(const Pairs& pairs);
  void place_slots(std::span<const Step> plan, const std::vector<bool>& live);
};

}  // namespace tenon::graph
