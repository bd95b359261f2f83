#include "tenon/graph/passes/passes.h"

namespace tenon::graph {

std::unique_ptr<Plan> make_plan(std::span<const Record* const> records, std::span<const Slot> slots,
                                std::span<const uint64_t> live, std::span<const int64_t> dims) {
  std::vector<Step> steps;
  for (const Record* record : records) steps.push_back(step_of(*record));
  SegmentFacts facts{dims, {}, {}};
  for (size_t i = 0; i < slots.size(); ++i) {
    facts.external.push_back(slots[i].external);
    facts.live.push_back(live[i / 64] >> i % 64 & 1);
  }
  std::vector<EqualDims> assumed;
  remove_dead_steps(steps, facts);
  fuse_tile_steps(steps, facts, assumed);
  return std::make_unique<Plan>(std::move(steps), std::move(facts.live), std::move(assumed));
}

}  // namespace tenon::graph
