#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "tenon/graph/plan/plan.h"

namespace tenon::graph {

class Trace;

/// A graph that runs without the code that it was made of, on tensors like those that the code had:
/// what a pure compiled function replays. One thread at a time.
class TENON_API Program {
 public:
  /// Of the trace's pending ops, which made `results` of `arguments` and of tensors that the
  /// program keeps. Throws ValueError where replays would mean something else than the code.
  Program(Trace& trace, std::span<const Tensor* const> arguments,
          std::span<const Tensor* const> results, std::span<const std::string> without_passes);
  /// Of a graph whose inputs are named "0", "1", ... and all used; `weights` are in the order of
  /// its slots. Throws ValueError where the graph isn't right for the sizes that it names.
  Program(Graph graph, std::span<const Tensor> weights);
  Program(const Program&) = delete;

  /// Whether the arguments are like the first ones: dtypes, sizes, strides, which of them share
  /// memory, and none that shares memory with what the program keeps.
  bool takes(std::span<const Tensor* const> arguments) const;
  /// Of a graph with named sizes: from now on it runs for these, which its arguments then have.
  /// Throws ValueError where the graph isn't right for them.
  void set_sizes(std::span<const int64_t> sizes);
  /// Runs it on arguments that it takes. Results have no gradient history. The memory of those that
  /// are `moved` in as well, and that nobody else holds, may become the results': they are for the
  /// caller to drop.
  void run(std::span<const Tensor* const> arguments, std::vector<Tensor>& results,
           std::span<const Tensor* const> moved = {});

  /// Throws ValueError naming the place where the code, which `trace` holds a later call of, does
  /// something else than this program.
  void check_same(Trace& trace, std::span<const Tensor* const> arguments,
                  std::span<const Tensor* const> results) const;

  /// As captured, before any pass.
  const Graph& graph() const { return graph_; }
  /// What runs.
  const Plan& plan() const { return *plan_; }

  /// The trace's pending ops as a graph whose externals are inputs, named by the number of the
  /// argument, and weights, named by their order. Throws as the constructor.
  static Graph capture(Trace& trace, std::span<const Tensor* const> arguments,
                       std::span<const Tensor* const> results);

 private:
  /// One argument as the first call had it.
  struct Argument {
    DType dtype;
    Shape sizes, strides;
    int64_t offset;
    size_t shares;             ///< number of the first argument with the same storage
    uint32_t slot;             ///< kNoSlot: the program doesn't use it
    bool is_recorded = false;  ///< it required a gradient, and gradients were recorded
  };
  static constexpr uint32_t kNoSlot = ~uint32_t{0};

  void make_slots(std::span<Storage* const> storages);
  /// Throws ValueError where the code writes into one of `made_`.
  void check_made() const;
  void make_plan();
  void draw_anew();
  void find_donations(std::span<const Tensor* const> arguments,
                      std::span<const Tensor* const> moved);
  Tensor make_result(const Operand& result) const;

  Graph graph_;  ///< with the numbers of the sizes that it runs for
  std::vector<std::string> without_passes_;
  std::vector<std::unique_ptr<Plan>> plans_;  ///< most graphs need one for all sizes
  bool has_warned_of_memory_ = false;
  Plan* plan_ = nullptr;
  std::vector<Argument> arguments_;
  std::vector<Intrusive<Storage>> weights_;
  std::unordered_set<const Storage*> weight_set_;
  std::vector<uint32_t> written_;  ///< external slots
  /// Weights that the code made of data, as nobody else held them: each call makes its own.
  std::unordered_set<uint32_t> made_;
  std::vector<Slot> slots_;  ///< as a trace has them, for the run
  Numbers numbers_;
  Instance* instance_ = nullptr;
  std::vector<Intrusive<Storage>> kept_;
  std::vector<Donation> donations_;
  std::vector<uint32_t> kept_slots_;
  // Random numbers: where offsets are among the numbers, and how far they are from the generator's
  // own at the start of the first call.
  struct Drawn {
    uint32_t place;
    uint64_t distance;
  };
  std::vector<Drawn> draws_;
  uint64_t drawn_ = 0;  ///< how far a call moves the generator on
};

}  // namespace tenon::graph
