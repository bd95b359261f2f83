#pragma once

#include <cstdint>
#include <span>

#include "tenon/graph/ir/record.h"

namespace tenon::graph {

/// Where a stream of ops that repeats itself is best cut, so that the pieces are the same however
/// often it does; 0 where it doesn't, or where pieces don't pay.
///
/// `records` are those of the stream so far. The answer counts records from its beginning, and is
/// never less than what there are. The stream repeats itself when its last ones are several rounds
/// of the same ops, whose operands move on evenly from round to round (`h`, then `h` of the round
/// before) or stay where they are (weights). Layers of a network do so, too, but each with weights
/// of its own; they are best planned as a whole, so rounds must have something in common: a tensor
/// from outside that a matrix product or the like reads, or all of them.
///
/// A cut lies at the beginning of a round, and where that is depends on the ops of a round alone:
/// a loop of any length has the same pieces, but for the ones around its two ends.
int64_t cut_of_loop(std::span<const Record* const> records, std::span<const Slot> slots);

}  // namespace tenon::graph
