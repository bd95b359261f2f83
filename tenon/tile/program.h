#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tenon/base/export.h"

namespace tenon::tile {

/// The arithmetic that one run of a program uses for all its values. Loads convert any real dtype
/// into it, stores convert to any real dtype: floating to integer truncates, saturates, and gives 0
/// for NaN; integer to a narrower integer wraps; to bool is `!= 0`; half types round once.
enum class Compute : uint8_t { kF32, kF64, kI64, kU64 };
inline constexpr int kComputeCount = 4;

/// Name as in texts and messages: "f32", "f64", "i64", "u64".
TENON_API std::string_view name_of(Compute compute);
constexpr size_t size_of(Compute compute) { return compute == Compute::kF32 ? 4 : 8; }
constexpr bool is_floating(Compute compute) { return compute <= Compute::kF64; }

/// What an instruction does. Comparisons give 0 or 1 in the compute class.
enum class Op : uint8_t {
  // Sources.
  kLoad,
  kLoadIndex,
  kLoadRow,
  kScalar,
  kConstant,
  kRowPosition,
  kRowLength,
  kLinearIndex,
  kRandomUniform,
  kRandomNormal,
  kRandomBits,
  // Of an index (a whole number per row).
  kIsAt,
  kPick,
  kIndexValue,
  // Elementwise, one operand.
  kNeg,
  kAbs,
  kSign,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kLog2,
  kLog10,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kSquare,
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kTanh,
  kSigmoid,
  kErf,
  kErfc,
  kFloor,
  kCeil,
  kRound,
  kTrunc,
  kIsNan,
  kIsInf,
  kIsFinite,
  kLogicalNot,
  kBitwiseNot,
  // Elementwise, two operands.
  kAdd,
  kSub,
  kMul,
  kDiv,
  kPow,
  kMinimum,
  kMaximum,
  kFmod,
  kRemainder,
  kFloorDivide,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kLogicalAnd,
  kLogicalOr,
  kLogicalXor,
  kBitwiseAnd,
  kBitwiseOr,
  kBitwiseXor,
  kShiftLeft,
  kShiftRight,
  // Elementwise, three operands.
  kMultiplyAdd,
  kSelect,
  // A tile to one value per row.
  kRowSum,
  kRowProd,
  kRowMax,
  kRowMin,
  kRowArgmax,
  kRowArgmin,
  kRowMean,      // of a one-pass Welford reduction
  kRowVariance,  // operand: the kRowMean; population variance
  // A tile to a tile, along the row.
  kRowCumsum,
  kRowCumprod,
  // Results.
  kStore,
};
inline constexpr int kOpCount = static_cast<int>(Op::kStore) + 1;

/// Families that executors treat alike.
enum class Family : uint8_t {
  kSource,
  kIndex,
  kUnary,
  kBinary,
  kTernary,
  kReduction,
  kScan,
  kStore
};

/// What is known about an op without a program.
struct OpInfo {
  std::string_view name;
  Family family;
  uint8_t arity;    ///< number of operands
  uint8_t classes;  ///< bit per Compute: where the op exists
};
TENON_API const OpInfo& info_of(Op op);
inline bool exists_in(Op op, Compute compute) {
  return (info_of(op).classes >> static_cast<int>(compute)) & 1;
}

/// One step of a program. Its value has the number of the instruction.
struct Instruction {
  Op op;
  bool keep = false;  ///< keep the tile in the row's scratch for later passes
  uint16_t a = 0, b = 0, c = 0;
  uint16_t slot = 0;  ///< input, output or scalar number; stream number of random numbers
  double constant = 0;
  int64_t integer = 0;

  friend bool operator==(const Instruction&, const Instruction&) = default;
};

/// Where a value lives: once per run, once per row (in the compute class, or as an int64 index), or
/// per element. Stores have no value.
enum class Kind : uint8_t { kUniform, kRow, kIndex, kTile, kNone };

/// One sweep over the row: what runs per tile, then what runs once at its end.
struct Pass {
  std::vector<uint16_t> tile_steps;  ///< loads stand right before their first use in the pass
  std::vector<uint16_t> stores;      ///< of tiles; run after the tile's other steps
  /// Per row, after the sweep: the values of reductions, row arithmetic, picks, stores.
  std::vector<uint16_t> row_steps;
};

/// What follows from a program's instructions and is the same for every run.
struct Schedule {
  static constexpr uint16_t kNoSlot = 0xffff;

  std::vector<Kind> kinds;              ///< of each value
  std::vector<int16_t> pass_of;         ///< of each instruction; -1: before the first pass
  std::vector<uint16_t> uniform_steps;  ///< once per run
  std::vector<uint16_t> row_prologue;   ///< per row, before the first pass
  std::vector<Pass> passes;
  std::vector<uint16_t> kept;         ///< values that later passes read from the row's scratch
  std::vector<uint16_t> keep_number;  ///< of each value: its place in `kept`, or kNoSlot
  std::vector<std::vector<uint16_t>> buffers;  ///< [pass][value]: tile buffer, or kNoSlot
  int buffer_count = 0;                        ///< tile buffers that the hungriest pass needs
  std::vector<uint16_t> row_numbers;    ///< row values and indices: place among them, or kNoSlot
  std::vector<bool> spread_rows;        ///< of each value: a row value that steps of tiles read
  std::vector<uint16_t> state_numbers;  ///< place among the reductions, or among the scans
  int row_count = 0;
  int reduction_count = 0;      ///< reductions with a state of their own
  std::vector<uint16_t> scans;  ///< in program order
  bool has_reductions = false;
  bool has_scans = false;
  bool needs_linear_index = false;  ///< linear_index or random numbers
  bool needs_row = false;           ///< anything that asks where in its row an element is
};

/// An immutable, verified list of instructions over tiles. Copies share it.
class TENON_API Program {
 public:
  Program() = default;

  std::span<const Instruction> instructions() const { return data_->instructions; }
  int inputs() const { return data_->inputs; }
  int outputs() const { return data_->outputs; }
  int scalars() const { return data_->scalars; }
  /// Hash of the instructions: equal programs have equal hashes.
  uint64_t hash() const { return data_->hash; }
  const Schedule& schedule() const { return data_->schedule; }
  bool empty() const { return data_ == nullptr; }
  /// Whether an output has one element per row (its strides along row dims are ignored).
  bool is_row_output(int output) const { return data_->row_outputs[static_cast<size_t>(output)]; }
  /// Whether every op exists in the compute class.
  bool exists_in(Compute compute) const {
    return (data_->classes >> static_cast<int>(compute)) & 1;
  }

  friend bool operator==(const Program& a, const Program& b);

  /// Verifies and schedules. Throws ValueError when the instructions make no program; see verify.h.
  static Program from_instructions(std::vector<Instruction> instructions);

 private:
  struct Data {
    std::vector<Instruction> instructions;
    int inputs = 0, outputs = 0, scalars = 0;
    uint64_t hash = 0;
    uint8_t classes = 0xf;
    std::vector<bool> row_outputs;
    Schedule schedule;
  };
  std::shared_ptr<const Data> data_;
};

}  // namespace tenon::tile
