#include "tenon/tile/program.h"

#include <algorithm>
#include <array>
#include <bit>

#include "tenon/tile/schedule.h"
#include "tenon/tile/verify.h"

namespace tenon::tile {
namespace {

constexpr uint8_t kFloats = 0b0011, kIntegers = 0b1100, kAll = 0b1111;

// In the order of Op.
constexpr std::array<OpInfo, kOpCount> kOps = {{
    {"load", Family::kSource, 0, kAll},
    {"load_index", Family::kSource, 0, kAll},
    {"load_row", Family::kSource, 0, kAll},
    {"scalar", Family::kSource, 0, kAll},
    {"constant", Family::kSource, 0, kAll},
    {"row_position", Family::kSource, 0, kAll},
    {"row_length", Family::kSource, 0, kAll},
    {"linear_index", Family::kSource, 0, kAll},
    {"random_uniform", Family::kSource, 0, kFloats},
    {"random_normal", Family::kSource, 0, kFloats},
    {"random_bits", Family::kSource, 0, kIntegers},
    {"is_at", Family::kIndex, 1, kAll},
    {"pick", Family::kIndex, 1, kAll},
    {"index_value", Family::kIndex, 1, kAll},
    {"neg", Family::kUnary, 1, kAll},
    {"abs", Family::kUnary, 1, kAll},
    {"sign", Family::kUnary, 1, kAll},
    {"exp", Family::kUnary, 1, kFloats},
    {"expm1", Family::kUnary, 1, kFloats},
    {"log", Family::kUnary, 1, kFloats},
    {"log1p", Family::kUnary, 1, kFloats},
    {"log2", Family::kUnary, 1, kFloats},
    {"log10", Family::kUnary, 1, kFloats},
    {"sqrt", Family::kUnary, 1, kFloats},
    {"rsqrt", Family::kUnary, 1, kFloats},
    {"reciprocal", Family::kUnary, 1, kFloats},
    {"square", Family::kUnary, 1, kAll},
    {"sin", Family::kUnary, 1, kFloats},
    {"cos", Family::kUnary, 1, kFloats},
    {"tan", Family::kUnary, 1, kFloats},
    {"asin", Family::kUnary, 1, kFloats},
    {"acos", Family::kUnary, 1, kFloats},
    {"atan", Family::kUnary, 1, kFloats},
    {"sinh", Family::kUnary, 1, kFloats},
    {"cosh", Family::kUnary, 1, kFloats},
    {"tanh", Family::kUnary, 1, kFloats},
    {"sigmoid", Family::kUnary, 1, kFloats},
    {"erf", Family::kUnary, 1, kFloats},
    {"erfc", Family::kUnary, 1, kFloats},
    {"floor", Family::kUnary, 1, kAll},
    {"ceil", Family::kUnary, 1, kAll},
    {"round", Family::kUnary, 1, kAll},
    {"trunc", Family::kUnary, 1, kAll},
    {"isnan", Family::kUnary, 1, kAll},
    {"isinf", Family::kUnary, 1, kAll},
    {"isfinite", Family::kUnary, 1, kAll},
    {"logical_not", Family::kUnary, 1, kAll},
    {"bitwise_not", Family::kUnary, 1, kIntegers},
    {"add", Family::kBinary, 2, kAll},
    {"sub", Family::kBinary, 2, kAll},
    {"mul", Family::kBinary, 2, kAll},
    {"div", Family::kBinary, 2, kFloats},
    {"pow", Family::kBinary, 2, kAll},
    {"minimum", Family::kBinary, 2, kAll},
    {"maximum", Family::kBinary, 2, kAll},
    {"fmod", Family::kBinary, 2, kAll},
    {"remainder", Family::kBinary, 2, kAll},
    {"floor_divide", Family::kBinary, 2, kAll},
    {"eq", Family::kBinary, 2, kAll},
    {"ne", Family::kBinary, 2, kAll},
    {"lt", Family::kBinary, 2, kAll},
    {"le", Family::kBinary, 2, kAll},
    {"gt", Family::kBinary, 2, kAll},
    {"ge", Family::kBinary, 2, kAll},
    {"logical_and", Family::kBinary, 2, kAll},
    {"logical_or", Family::kBinary, 2, kAll},
    {"logical_xor", Family::kBinary, 2, kAll},
    {"bitwise_and", Family::kBinary, 2, kIntegers},
    {"bitwise_or", Family::kBinary, 2, kIntegers},
    {"bitwise_xor", Family::kBinary, 2, kIntegers},
    {"shift_left", Family::kBinary, 2, kIntegers},
    {"shift_right", Family::kBinary, 2, kIntegers},
    {"multiply_add", Family::kTernary, 3, kAll},
    {"select", Family::kTernary, 3, kAll},
    {"row_sum", Family::kReduction, 1, kAll},
    {"row_prod", Family::kReduction, 1, kAll},
    {"row_max", Family::kReduction, 1, kAll},
    {"row_min", Family::kReduction, 1, kAll},
    {"row_argmax", Family::kReduction, 1, kAll},
    {"row_argmin", Family::kReduction, 1, kAll},
    {"row_mean", Family::kReduction, 1, kFloats},
    {"row_variance", Family::kReduction, 1, kFloats},
    {"row_cumsum", Family::kScan, 1, kAll},
    {"row_cumprod", Family::kScan, 1, kAll},
    {"store", Family::kStore, 1, kAll},
}};

uint64_t mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
  hash *= 0xff51afd7ed558ccdu;
  return hash ^ (hash >> 32);
}

uint64_t hash_of(const std::vector<Instruction>& instructions) {
  uint64_t hash = instructions.size();
  for (const Instruction& i : instructions) {
    hash = mix(hash, static_cast<uint64_t>(i.op) | (static_cast<uint64_t>(i.keep) << 8) |
                         (static_cast<uint64_t>(i.slot) << 16));
    hash = mix(hash, static_cast<uint64_t>(i.a) | (static_cast<uint64_t>(i.b) << 16) |
                         (static_cast<uint64_t>(i.c) << 32));
    hash = mix(hash, std::bit_cast<uint64_t>(i.constant));
    hash = mix(hash, static_cast<uint64_t>(i.integer));
  }
  return hash;
}

}  // namespace

std::string_view name_of(Compute compute) {
  constexpr std::string_view kNames[kComputeCount] = {"f32", "f64", "i64", "u64"};
  return kNames[static_cast<int>(compute)];
}

const OpInfo& info_of(Op op) { return kOps[static_cast<size_t>(op)]; }

bool operator==(const Program& a, const Program& b) {
  if (a.data_ == b.data_) return true;
  if (a.empty() || b.empty()) return false;
  return a.hash() == b.hash() && a.data_->instructions == b.data_->instructions;
}

Program Program::from_instructions(std::vector<Instruction> instructions) {
  auto data = std::make_shared<Data>();
  const std::vector<Kind> kinds = verify(instructions);
  for (const Instruction& i : instructions) {
    const int count = i.slot + 1;
    if (i.op == Op::kLoad || i.op == Op::kLoadIndex || i.op == Op::kLoadRow || i.op == Op::kPick) {
      data->inputs = std::max(data->inputs, count);
    } else if (i.op == Op::kScalar) {
      data->scalars = std::max(data->scalars, count);
    } else if (i.op == Op::kStore) {
      data->outputs = std::max(data->outputs, count);
      data->row_outputs.resize(static_cast<size_t>(data->outputs));
      data->row_outputs[i.slot] = kinds[i.a] == Kind::kRow || kinds[i.a] == Kind::kIndex;
    }
    data->classes &= info_of(i.op).classes;
  }
  data->hash = hash_of(instructions);
  data->schedule = tile::schedule(instructions, kinds);
  data->instructions = std::move(instructions);
  Program program;
  program.data_ = std::move(data);
  return program;
}

}  // namespace tenon::tile
