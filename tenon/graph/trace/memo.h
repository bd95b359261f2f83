#pragma once

#include <utility>
#include <vector>

#include "tenon/graph/ir/record.h"

namespace tenon::graph {

/// What a record was when its node was followed last, beyond what all calls of the node have in
/// common: sizes, strides, attributes. A call that is the same in these, too, makes the same record
/// again, which needs no typing and no writing down.
///
/// That holds where the stream before it was the same in these respects as well: a memo is numbered
/// and knows the number of the one before it. The stamps of its results count on from its number.
struct Memo {
  static constexpr uint32_t kNoSlot = ~uint32_t{0};

  /// A tensor that the call read or wrote in place.
  struct Operand {
    uint64_t stamp = 0;       ///< a body that has it needs no comparison
    uint32_t slot = kNoSlot;  ///< kNoSlot: an argument that was left out
    bool first = false;       ///< the record was the first to touch that storage, of `bytes`
    bool contiguous = true;
    DType dtype = kFloat32;
    int64_t numel = 0;
    int64_t offset = 0;
    size_t bytes = 0;
    Shape sizes, strides;
  };
  /// A tensor that the call made.
  struct Result {
    DType dtype = kFloat32;
    int64_t numel = 0;
    size_t bytes = 0;
    Shape sizes, strides;
  };

  uint64_t number = 0;    ///< 0: there is none
  uint64_t previous = 0;  ///< number of the memo before it; at the root, where numbers began
  size_t inputs = 0;      ///< how many of the operands; the others were written in place
  uint64_t draws = 0;     ///< how many random numbers
  std::vector<Operand> operands;
  std::vector<Result> results;
  std::vector<Attribute> attributes;    ///< where typing looks at them
  std::vector<tile::Scalar64> scalars;  ///< which also makes them these
  std::vector<Slot> slots;              ///< new ones: of storages from outside, then of results
  size_t from_outside = 0;              ///< how many of these
  std::vector<std::pair<uint32_t, uint32_t>> written;  ///< slots written in place, their values
  std::vector<int64_t> dims;                           ///< what it added to the dims vector
  uint32_t values = 0;                                 ///< in the stream up to and with it
};

/// Whether sizes and dtypes of the op's results may depend on its attributes, or its program may.
inline bool typing_looks_at_attributes(const OpDef& op) {
  return op.kind != OpKind::kTile || op.shape_rule || op.variant_rule || op.row_dims;
}

}  // namespace tenon::graph
