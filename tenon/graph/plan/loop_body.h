#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tenon/graph/plan/plan.h"

namespace tenon::graph {

/// What a loop step runs in each round: a plan whose memory and launches are readied once for all
/// rounds.
class LoopBody {
 public:
  explicit LoopBody(const Graph& body);

  /// What it needs beside the external slots.
  size_t arena_bytes() const { return instance_->arena_bytes; }
  /// `memory`: of the external slots, in their order.
  void run(int64_t rounds, std::span<void* const> memory, void* arena);

 private:
  Plan plan_;
  std::vector<Slot> slots_;
  Numbers numbers_;
  Instance* instance_;
};

/// A loop step of an instance.
struct LoopStep {
  explicit LoopStep(const Graph& graph) : body(graph) {}

  LoopBody body;
  std::vector<uint32_t> slots;  ///< of the instance, for the body's external ones
  std::vector<void*> memory;    ///< of these, while it runs
  void* arena = nullptr;
};

}  // namespace tenon::graph
