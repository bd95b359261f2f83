#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "tenon/dispatch/tile_call.h"
#include "tenon/graph/passes/passes.h"

namespace tenon::graph {
namespace {

using tile::Instruction;
using tile::Op;

bool commutes(Op op) {
  switch (op) {
    case Op::kAdd:
    case Op::kMul:
    case Op::kEq:
    case Op::kNe:
    case Op::kLogicalAnd:
    case Op::kLogicalOr:
    case Op::kLogicalXor:
    case Op::kBitwiseAnd:
    case Op::kBitwiseOr:
    case Op::kBitwiseXor:
      return true;
    default:
      return false;
  }
}

/// A program written anew, an instruction at a time: constants are folded, identities used and what
/// was computed before is used again. All of it keeps every bit; x + 0, which turns -0 into 0,
/// isn't x.
class Simplifier {
 public:
  explicit Simplifier(tile::Compute compute) : compute_(compute) {}

  tile::Program run(const tile::Program& program) {
    for (Instruction instruction : program.instructions()) {
      const int arity = tile::info_of(instruction.op).arity;
      if (arity > 0) instruction.a = numbers_[instruction.a];
      if (arity > 1) instruction.b = numbers_[instruction.b];
      if (arity > 2) instruction.c = numbers_[instruction.c];
      if (commutes(instruction.op) && instruction.b < instruction.a) {
        std::swap(instruction.a, instruction.b);
      }
      numbers_.push_back(simplified(instruction));
    }
    return tile::Program::from_instructions(without_dead());
  }

 private:
  uint16_t simplified(const Instruction& instruction) {
    if (const std::optional<uint16_t> known = identity(instruction)) return *known;
    if (const std::optional<Instruction> constant = folded(instruction)) return emit(*constant);
    return emit(instruction);
  }

  /// The value that the instruction's is, where it is an operand's.
  std::optional<uint16_t> identity(const Instruction& i) const {
    switch (i.op) {
      case Op::kMul:
        if (is_constant(i.a, 1)) return i.b;
        if (is_constant(i.b, 1)) return i.a;
        break;
      case Op::kDiv:
        if (is_constant(i.b, 1)) return i.a;
        break;
      case Op::kSub:
        if (is_constant(i.b, 0) && !std::signbit(code_[i.b].constant)) return i.a;
        break;
      case Op::kAdd:
        if (is_negative_zero(i.a)) return i.b;
        if (is_negative_zero(i.b)) return i.a;
        break;
      case Op::kNeg:
        if (code_[i.a].op == Op::kNeg) return code_[i.a].a;
        break;
      case Op::kAbs:
        if (code_[i.a].op == Op::kAbs) return i.a;
        break;
      case Op::kSelect:
        if (i.b == i.c) return i.b;
        break;
      case Op::kMinimum:
      case Op::kMaximum:
        if (i.a == i.b) return i.a;
        break;
      default:
        break;
    }
    return {};
  }

  /// Arithmetic of constants, rounded as the program's class rounds it.
  std::optional<Instruction> folded(const Instruction& i) const {
    if (!tile::is_floating(compute_)) return {};
    const int arity = tile::info_of(i.op).arity;
    if (arity < 1 || arity > 2 || code_[i.a].op != Op::kConstant) return {};
    if (arity == 2 && code_[i.b].op != Op::kConstant) return {};
    const double a = code_[i.a].constant, b = arity == 2 ? code_[i.b].constant : 0;
    const std::optional<double> value = compute_ == tile::Compute::kF32
                                            ? of_constants<float>(i.op, a, b)
                                            : of_constants<double>(i.op, a, b);
    if (!value) return {};
    Instruction constant{.op = Op::kConstant};
    constant.constant = *value;
    constant.integer = tile::Scalar64(*value).integer;
    return constant;
  }

  template <class T>
  static std::optional<double> of_constants(Op op, double x, double y) {
    const T a = static_cast<T>(x), b = static_cast<T>(y);
    switch (op) {
      case Op::kAdd:
        return a + b;
      case Op::kSub:
        return a - b;
      case Op::kMul:
        return a * b;
      case Op::kDiv:
        return a / b;
      case Op::kNeg:
        return -a;
      case Op::kAbs:
        return std::abs(a);
      case Op::kSquare:
        return a * a;
      case Op::kReciprocal:
        return T{1} / a;
      default:
        return {};
    }
  }

  uint16_t emit(const Instruction& i) {
    if (i.op == Op::kStore) {
      code_.push_back(i);
      return 0;
    }
    const int64_t bits = std::bit_cast<int64_t>(i.constant);
    const auto key = std::tuple(i.op, i.a, i.b, i.c, i.slot, bits, i.integer);
    const auto [known, is_new] = known_.try_emplace(key, static_cast<uint16_t>(code_.size()));
    if (is_new) {
      code_.push_back(i);
    } else {
      code_[known->second].keep |= i.keep;
    }
    return known->second;
  }

  bool is_constant(uint16_t value, double number) const {
    return code_[value].op == Op::kConstant && code_[value].constant == number &&
           code_[value].integer == static_cast<int64_t>(number);
  }
  bool is_negative_zero(uint16_t value) const {
    return tile::is_floating(compute_) && is_constant(value, 0) &&
           std::signbit(code_[value].constant);
  }

  /// What stores need.
  std::vector<Instruction> without_dead() const {
    std::vector<bool> needed(code_.size());
    for (size_t i = code_.size(); i-- > 0;) {
      needed[i] = needed[i] || code_[i].op == Op::kStore;
      if (!needed[i]) continue;
      const int arity = tile::info_of(code_[i].op).arity;
      if (arity > 0) needed[code_[i].a] = true;
      if (arity > 1) needed[code_[i].b] = true;
      if (arity > 2) needed[code_[i].c] = true;
    }
    std::vector<Instruction> code;
    std::vector<uint16_t> places(code_.size());
    for (size_t i = 0; i < code_.size(); ++i) {
      if (!needed[i]) continue;
      Instruction instruction = code_[i];
      const int arity = tile::info_of(instruction.op).arity;
      if (arity > 0) instruction.a = places[instruction.a];
      if (arity > 1) instruction.b = places[instruction.b];
      if (arity > 2) instruction.c = places[instruction.c];
      places[i] = static_cast<uint16_t>(code.size());
      code.push_back(instruction);
    }
    return code;
  }

  tile::Compute compute_;
  std::vector<Instruction> code_;
  std::vector<uint16_t> numbers_;  // of each instruction of the old program: where its value is
  std::map<std::tuple<Op, uint16_t, uint16_t, uint16_t, uint16_t, int64_t, int64_t>, uint16_t>
      known_;
};

/// Whether a value that is only loaded is stored after a store into its place, which would change
/// it.
bool reads_what_it_wrote(const Step& step, const tile::Program& program) {
  const auto code = program.instructions();
  std::vector<uint32_t> written;
  for (const Instruction& instruction : code) {
    if (instruction.op != Op::kStore) continue;
    const Instruction& value = code[instruction.a];
    const bool is_loaded =
        value.op == Op::kLoad || value.op == Op::kLoadIndex || value.op == Op::kLoadRow;
    if (is_loaded &&
        std::find(written.begin(), written.end(), step.inputs[value.slot].slot) != written.end()) {
      return true;
    }
    written.push_back(step.outputs[instruction.slot].slot);
  }
  return false;
}

}  // namespace

void simplify_programs(Graph& graph) {
  for (Step& step : graph.steps) {
    // An op's own program is as its author wrote it, and others have it planned already.
    if (step.kind != Record::Kind::kTile || step.members.empty()) continue;
    tile::Program program = Simplifier(compute_of(step.computed)).run(step.program);
    // The identities may have made a value one that is only loaded: of y.neg_(), what neg(y) is.
    if (!reads_what_it_wrote(step, program)) step.program = std::move(program);
  }
}

}  // namespace tenon::graph
