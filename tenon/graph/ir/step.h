#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tenon/dispatch/backend.h"
#include "tenon/graph/ir/record.h"

namespace tenon::graph {

struct Graph;

/// Two ranges of the dims vector that a plan takes to be equal.
struct EqualDims {
  uint32_t a = 0, b = 0, count = 0;
};

/// What runs in place of one or more records.
struct Step {
  Record::Kind kind = Record::Kind::kTile;
  const OpDef* op = nullptr;          ///< of the first record, for people; null: an update
  std::vector<const OpDef*> members;  ///< where it is several records' step: their ops
  Kernel kernel = nullptr;            ///< of kKernel
  uint32_t attributes = 0, attribute_count = 0;
  /// Attributes of a pass's choice, behind the record's; and behind these, as floats, `scalars`.
  std::vector<Attribute> constants;
  // Of kTile.
  tile::Program program;
  DType computed = kFloat32;
  uint64_t row_mask = 0;
  uint8_t space_rank = 0;
  uint32_t space = 0;
  bool reversed_rows = false;
  bool random = false;
  /// Runs on each block of the result of the product right before it, as soon as that is there; see
  /// `can_run_by_blocks`.
  bool by_blocks = false;
  /// What it makes of a weight is kept from run to run while nobody writes to the weight; see
  /// `kept_weight`.
  bool keeps_weight = false;
  /// Not 0: part of a fork, a stretch of steps in chains that touch nothing another one writes, so
  /// that each chain may run on a thread of its own. Forks and their chains are numbered from 1 in
  /// the order of the steps, and the steps of a chain follow each other.
  uint32_t fork = 0, chain = 0;
  uint32_t draw = 0;              ///< where seed and offset are among the scalars
  std::vector<uint32_t> scalars;  ///< which of the segment's scalars are its own
  bool scalars_side_by_side = true;
  /// Of kLoop: what runs `rounds` times, each on what the last one left. Its external slots are the
  /// step's inputs, in their order; those that it writes are the step's outputs.
  std::shared_ptr<const Graph> body;
  int64_t rounds = 0;
  std::vector<Operand> inputs, outputs;
  std::vector<bool> inputs_lack_rows, outputs_lack_rows;
};

/// The host's kernel of the op; null where it has none.
Kernel kernel_of(const OpDef& op);
/// The step that runs one record as it is.
Step step_of(const Record& record);
/// Whether the step computes each element from those in the same place, wherever that is.
bool is_elementwise(const Step& step);
/// Of a tile step, whether it reads the slot only as a whole, in the layout of `output`, each
/// element where it belongs: so that `output` can be written over it.
bool reads_in_order(const Step& step, uint32_t slot, const Operand& output,
                    std::span<const int64_t> dims);

/// Whether `tile`, right behind `product`, may work on blocks of the product's result while others
/// aren't there yet: elementwise, and nothing that it writes is what the product reads.
bool can_run_by_blocks(const Step& product, const Step& tile);

}  // namespace tenon::graph
