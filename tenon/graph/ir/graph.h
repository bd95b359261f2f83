#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/base/export.h"
#include "tenon/graph/ir/step.h"
#include "tenon/graph/ir/symbols.h"

namespace tenon::graph {

/// A storage whose versions are a graph's values.
struct GraphSlot {
  /// What an external one is to a program: given in each run, or kept with it.
  enum class Role : uint8_t { kUnknown, kInput, kWeight };

  uint32_t value = kNoValue;  ///< of an external: what it holds before the graph runs
  uint32_t dims = 0;          ///< where its natural sizes are, then strides and offset
  uint8_t rank = 0;
  DType dtype = kFloat32;
  bool external = false;  ///< there before the graph runs
  /// The natural sizes are all of it, row-major. Of externals that were first seen through a view
  /// that isn't so, they are that view's.
  bool natural = true;
  bool live = false;  ///< external, or still read after the graph has run
  Role role = Role::kUnknown;
  std::string name = {};  ///< of inputs and weights
  bool added = false;     ///< by a pass; these are the last ones, and no record names them
};

/// What runs between two looks at results, as values that are each written once: a program in SSA
/// form. Values are typed: a dtype, and sizes, whose numbers are those of one run; other runs have
/// other ones in the same places. Every value is a version of a storage; steps read and write it
/// through a layout (sizes, strides, offset), so that views are no steps.
///
/// As text (`to_text`), a write of a parameter, in place, after a product with its transpose:
///
///     %0: float32[64, 784] = external
///     %1: float32[128, 784] = external
///     %3: float32[64, 128] = matmul(%0, %1[784, 128; 1, 784; 0])
///     %4 in %1: float32[128, 784] = square(%1) in float32 over [128, 784]
///     keep %3
///
/// and ten updates of a parameter, whose body is a graph of its own:
///
///     %9 in %0: float32[4] = loop(%0, %1) 10 times {
///       %0: float32[4] = external
///       %1: float32[4] = external
///       %2 in %0: float32[4] = add(%0, %1) in float32 over [4]
///     }
///
/// A program's says `input "x"` and `weight "fc.weight"` in place of `external`, and ends in
/// `return %3 as "y"`. Where sizes have names it begins with `dims batch = 64`, what they were, and
/// has formulas of them: `float32[batch, 784]`.
struct Graph {
  std::vector<GraphSlot> slots;
  std::vector<Step> steps;
  std::vector<int64_t> dims;
  std::vector<tile::Scalar64> scalars;
  std::vector<Attribute> attributes;
  std::vector<Operand> results;           ///< what a program returns
  std::vector<std::string> result_names;  ///< of them; or empty
  Symbols symbols;                        ///< which numbers follow from named sizes
  /// What passes took for granted about the numbers.
  std::vector<EqualDims> assumed;
  std::vector<std::pair<uint32_t, Attribute>> assumed_attributes;
  /// Passes took all numbers for granted.
  bool fixed = false;
  /// Bytes that a run may take for intermediate results and what it keeps; 0: any number.
  size_t memory_limit = 0;
  size_t memory_needed = 0;  ///< where that can't be met: how many it takes
  std::string remarks;       ///< of passes, for people

  /// The records of a segment. `live`: a bit per slot.
  static Graph of(std::span<const Record* const> records, std::span<const Slot> slots,
                  std::span<const uint64_t> live, const Numbers& numbers,
                  std::vector<Operand> results = {});

  TENON_API std::string to_text() const;
  /// The inverse: `parse(text).to_text() == text` for texts of `to_text`. Throws ValueError that
  /// names the line, for graphs that aren't right, too (see `verify`).
  TENON_API static Graph parse(std::string_view text);
  /// A drawing for Graphviz: boxes are steps, arrows values with their types.
  TENON_API std::string to_dot() const;

  /// The same with numbers for named sizes of these values. Throws ValueError where a number leaves
  /// int64.
  Graph at(std::span<const int64_t> sizes) const;

  std::span<const int64_t> sizes_of(const GraphSlot& slot) const {
    return std::span(dims).subspan(slot.dims, slot.rank);
  }
  std::span<const int64_t> sizes_of(const Operand& operand) const {
    return std::span(dims).subspan(operand.dims, operand.rank);
  }
  std::span<const int64_t> strides_of(const Operand& operand) const {
    return std::span(dims).subspan(operand.dims + operand.rank, operand.rank);
  }
  int64_t offset_of(const Operand& operand) const { return dims[operand.dims + 2u * operand.rank]; }
  std::vector<bool> live_slots() const;
  /// As a run takes them.
  Numbers numbers() const;
};

/// The slot as a run takes it, without a storage.
Slot run_slot(const GraphSlot& slot);

/// Throws ValueError that names the step where the graph isn't one: a value read that isn't the
/// last of its storage, layouts that leave their storage, sizes that the op doesn't give, programs
/// that don't fit their operands. Whatever passes it runs without harm.
TENON_API void verify(const Graph& graph);

/// What a step is called: its op's name, or its members' ("mul+add"); "update" outside any op;
/// "loop".
std::string title_of(const Step& step);

}  // namespace tenon::graph
