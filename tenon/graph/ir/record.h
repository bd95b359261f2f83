#pragma once

#include <cstdint>
#include <vector>

#include "tenon/dispatch/op_def.h"
#include "tenon/graph/ir/buffer.h"

// One op of a stream, as what stays the same from call to call. What changes (sizes, strides,
// numbers) lies in side vectors, which all records of a segment share; a record says where.
namespace tenon::graph {

inline constexpr uint32_t kNoValue = ~uint32_t{0};

/// One storage that a stream touches, while it runs.
struct Slot {
  Storage* storage = nullptr;  ///< deferred: not owned, and null once nobody can read it
  uint32_t value = 0;          ///< what was written last
  /// Where in the dims vector its natural sizes are, for `rank`, then strides and offset as an
  /// operand has them.
  uint32_t dims = 0;
  uint8_t rank = 0;
  DType dtype = kFloat32;
  bool external = false;  ///< there before the stream; owned
  bool natural = false;   ///< read in its natural sizes when it was first seen
};

/// How a record reads or writes a value. In the dims vector, from `dims`: `rank` sizes, `rank`
/// strides, the offset.
struct Operand {
  uint32_t value = kNoValue;  ///< kNoValue: an argument that was left out
  uint32_t slot = 0;          ///< the storage that the value is a version of
  uint32_t dims = 0;
  DType dtype = kFloat32;
  uint8_t rank = 0;
  /// Row-major and all of the storage, in the sizes that the storage was made with.
  bool natural = false;
  /// Bit i: dim i of the record's space is longer than 1, and the operand repeats along it.
  uint16_t broadcast = 0;
};

/// What a record has beside its program and operands.
struct RecordHead {
  /// Records are of the first two kinds; what passes make of many may be a loop.
  enum class Kind : uint8_t { kTile, kKernel, kLoop };

  Kind kind = Kind::kTile;
  DType computed = kFloat32;  ///< of kTile
  uint8_t space_rank = 0;     ///< of kTile; its sizes are in the dims vector, from `space`
  bool random = false;        ///< seed and offset follow the record's scalars
  uint32_t space = 0;
  const OpDef* op = nullptr;  ///< null: an update outside any op
  uint64_t row_mask = 0;      ///< of kTile
  uint32_t scalars = 0, scalar_count = 0;
  uint32_t attributes = 0, attribute_count = 0;  ///< of kKernel
};

struct Record : RecordHead {
  tile::Program program;  ///< of kTile
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;
};

/// A number of the dims vector that isn't what it was before.
struct MovedNumber {
  uint32_t place;
  int64_t value;
  friend bool operator==(const MovedNumber&, const MovedNumber&) = default;
};

/// The run-time side of a segment: what the records point into.
struct Numbers {
  Buffer<int64_t> dims;
  Buffer<tile::Scalar64> scalars;
  std::vector<Attribute> attributes;

  void clear() {
    dims.clear();
    scalars.clear();
    attributes.clear();
  }
};

}  // namespace tenon::graph
