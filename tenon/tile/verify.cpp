#include "tenon/tile/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"

namespace tenon::tile {
namespace {

constexpr size_t kMostInstructions = 4096;

[[noreturn]] void fail_at(size_t i, const Instruction& instruction, std::string_view what) {
  fail<ValueError>("tile program",
                   fmt::format("instruction {} ({}): {}", i, info_of(instruction.op).name, what));
}

uint16_t operand(const Instruction& i, int k) { return k == 0 ? i.a : k == 1 ? i.b : i.c; }

Kind kind_of_source(Op op) {
  switch (op) {
    case Op::kLoadIndex:
      return Kind::kIndex;
    case Op::kLoadRow:
      return Kind::kRow;
    case Op::kScalar:
    case Op::kConstant:
    case Op::kRowLength:
      return Kind::kUniform;
    default:
      return Kind::kTile;
  }
}

Kind kind_of_reduction(const Instruction& instruction, size_t i, Kind operand_kind,
                       const Instruction& source) {
  if (instruction.op == Op::kRowVariance) {
    if (source.op != Op::kRowMean) fail_at(i, instruction, "expected the value of a row_mean");
    return Kind::kRow;
  }
  if (operand_kind != Kind::kTile) fail_at(i, instruction, "expected a tile to reduce");
  return instruction.op == Op::kRowArgmax || instruction.op == Op::kRowArgmin ? Kind::kIndex
                                                                              : Kind::kRow;
}

Kind kind_of(std::span<const Instruction> code, size_t i, const std::vector<Kind>& kinds) {
  const Instruction& instruction = code[i];
  const OpInfo& info = info_of(instruction.op);
  bool tile = false, row = false;
  for (int k = 0; k < info.arity; ++k) {
    const uint16_t v = operand(instruction, k);
    if (v >= i) fail_at(i, instruction, fmt::format("operand {} doesn't come before it", v));
    if (kinds[v] == Kind::kNone) fail_at(i, instruction, fmt::format("operand {} is a store", v));
    const bool index = kinds[v] == Kind::kIndex;
    if (info.family == Family::kIndex && !index) {
      fail_at(i, instruction, "expected an index (load_index, row_argmax, row_argmin)");
    }
    if (info.family != Family::kIndex && info.family != Family::kStore && index) {
      fail_at(i, instruction, "got an index; make a number of it with index_value");
    }
    tile |= kinds[v] == Kind::kTile;
    row |= kinds[v] == Kind::kRow;
  }
  switch (info.family) {
    case Family::kSource:
      return kind_of_source(instruction.op);
    case Family::kIndex:
      return instruction.op == Op::kIsAt ? Kind::kTile : Kind::kRow;
    case Family::kReduction:
      return kind_of_reduction(instruction, i, kinds[instruction.a], code[instruction.a]);
    case Family::kScan:
      if (!tile) fail_at(i, instruction, "expected a tile to scan");
      return Kind::kTile;
    case Family::kStore:
      return Kind::kNone;
    default:
      return tile ? Kind::kTile : row ? Kind::kRow : Kind::kUniform;
  }
}

void verify_operand(std::string_view what, size_t number, const Operand& operand, size_t rank) {
  if (operand.strides.size() != rank) {
    fail<ShapeError>("tile program", fmt::format("{} {}: expected {} strides, got {}", what, number,
                                                 rank, operand.strides.size()));
  }
  if (is_complex(operand.dtype)) {
    fail<DTypeError>("tile program", fmt::format("{} {}: {} is not a real dtype", what, number,
                                                 tenon::name_of(operand.dtype)));
  }
}

}  // namespace

std::vector<Kind> verify(std::span<const Instruction> instructions) {
  if (instructions.size() > kMostInstructions) {
    fail<ValueError>("tile program", fmt::format("expected at most {} instructions, got {}",
                                                 kMostInstructions, instructions.size()));
  }
  std::vector<Kind> kinds;
  std::vector<bool> stored;
  for (size_t i = 0; i < instructions.size(); ++i) {
    const Instruction& instruction = instructions[i];
    if (static_cast<int>(instruction.op) >= kOpCount) {
      fail<ValueError>("tile program", fmt::format("instruction {}: no such op", i));
    }
    kinds.push_back(kind_of(instructions, i, kinds));
    if (instruction.op != Op::kStore) continue;
    if (instruction.slot >= stored.size()) stored.resize(instruction.slot + size_t{1});
    if (stored[instruction.slot]) {
      fail_at(i, instruction, fmt::format("output {} is stored twice", instruction.slot));
    }
    stored[instruction.slot] = true;
  }
  const auto missing = std::find(stored.begin(), stored.end(), false);
  if (stored.empty() || missing != stored.end()) {
    fail<ValueError>("tile program",
                     fmt::format("output {} is never stored", missing - stored.begin()));
  }
  return kinds;
}

bool supports(const Program& program, Compute compute) { return program.exists_in(compute); }

void verify(const Launch& launch) {
  if (launch.program == nullptr || launch.program->empty()) {
    fail<ValueError>("tile program", "expected a program, got none");
  }
  const Program& program = *launch.program;
  for (const Instruction& i : program.instructions()) {
    if (exists_in(i.op, launch.compute)) continue;
    fail<DTypeError>("tile program", fmt::format("{} doesn't exist in {}; compute in a class that "
                                                 "has it",
                                                 info_of(i.op).name, name_of(launch.compute)));
  }
  if (launch.inputs.size() != static_cast<size_t>(program.inputs()) ||
      launch.outputs.size() != static_cast<size_t>(program.outputs()) ||
      launch.scalars.size() < static_cast<size_t>(program.scalars())) {
    fail<ValueError>(
        "tile program",
        fmt::format("expected {} inputs, {} outputs, {} scalars, got {}, {}, {}", program.inputs(),
                    program.outputs(), program.scalars(), launch.inputs.size(),
                    launch.outputs.size(), launch.scalars.size()));
  }
  const size_t rank = launch.sizes.size();
  if (launch.row_dims < 0 || static_cast<size_t>(launch.row_dims) > rank) {
    fail<ShapeError>("tile program",
                     fmt::format("expected row dims in [0, {}], got {}", rank, launch.row_dims));
  }
  for (int64_t size : launch.sizes) {
    if (size < 0) fail<ShapeError>("tile program", fmt::format("a size is negative: {}", size));
  }
  for (size_t i = 0; i < launch.inputs.size(); ++i) {
    verify_operand("input", i, launch.inputs[i], rank);
  }
  for (size_t i = 0; i < launch.outputs.size(); ++i) {
    verify_operand("output", i, launch.outputs[i], rank);
  }
}

}  // namespace tenon::tile
