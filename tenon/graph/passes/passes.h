#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tenon/graph/plan/plan.h"

// What a plan's steps go through before they run. Each pass has a file of its own.
namespace tenon::graph {

/// What passes know of the segment.
struct SegmentFacts {
  std::span<const int64_t> dims;  ///< of the run that the plan is made for
  std::vector<bool> external;     ///< of each slot
  std::vector<bool> live;         ///< external, or still read after the segment
};

/// The plan of a segment, by way of all passes. `live`: a bit per slot.
std::unique_ptr<Plan> make_plan(std::span<const Record* const> records, std::span<const Slot> slots,
                                std::span<const uint64_t> live, std::span<const int64_t> dims);

/// Leaves steps out whose results nobody reads.
void remove_dead_steps(std::vector<Step>& steps, const SegmentFacts& facts);

/// Joins tile steps that hand values to one another over the same space into one program, so that
/// these values never leave the cache, and orders the steps anew. What has to hold of other sizes
/// for the joined programs to be right is added to `assumed`.
void fuse_tile_steps(std::vector<Step>& steps, const SegmentFacts& facts,
                     std::vector<EqualDims>& assumed);

}  // namespace tenon::graph
