#include "tenon/backends/cpu/tile/jit/arithmetic.h"

#if defined(__x86_64__)

#include <limits>

#include "tenon/backends/cpu/tile/jit/functions.h"

namespace tenon::cpu::jit {

using asmjit::x86::RoundImm;
using tile::Op;

const Vec& Lanes::numbers(Vectors& v) {
  if (!numbers_) numbers_ = v.where(*truth_, 1);
  return *numbers_;
}

const Mask& Lanes::truth(Vectors& v) {
  if (!truth_) truth_ = v.compare(*numbers_, v.constant(0), Comparison::kNEQ_UQ);
  return *truth_;
}

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::optional<Comparison> comparison_of(Op op) {
  switch (op) {
    case Op::kEq:
      return Comparison::kEQ_OQ;
    case Op::kNe:
      return Comparison::kNEQ_UQ;
    case Op::kLt:
      return Comparison::kLT_OQ;
    case Op::kLe:
      return Comparison::kLE_OQ;
    case Op::kGt:
      return Comparison::kGT_OQ;
    case Op::kGe:
      return Comparison::kGE_OQ;
    default:
      return std::nullopt;
  }
}

Vec sign(Vectors& v, const Vec& x) {
  const Vec one = v.bit_or(v.bit_and(x, v.bits(0x80000000u)), v.constant(1));
  const Mask stays = v.compare(x, v.constant(0), Comparison::kEQ_UQ);  // NaN too
  return v.choose(stays, x, one);
}

/// NaN wins; of two operands that are equal the second, which shows in zeros.
Vec extreme(Vectors& v, bool largest, Lanes& first, Lanes& second) {
  const Vec &x = first.numbers(v), &y = second.numbers(v);
  const Vec result = largest ? v.max(x, y) : v.min(x, y);
  return first.is_number() ? result : v.choose(v.is_nan(x), x, result);
}

std::optional<Lanes> compute_function(Vectors& v, Op op, const Vec& x) {
  switch (op) {
    case Op::kExp:
      return exp(v, x);
    case Op::kExpm1:
      return expm1(v, x);
    case Op::kLog:
      return log(v, x);
    case Op::kLog1p:
      return log1p(v, x);
    case Op::kLog2:
      return log2(v, x);
    case Op::kTanh:
      return tanh(v, x);
    case Op::kSigmoid:
      return sigmoid(v, x);
    case Op::kErf:
      return erf(v, x);
    default:
      return std::nullopt;
  }
}

Lanes compute_one(Vectors& v, Op op, const Vec& x) {
  if (const auto result = compute_function(v, op, x)) return *result;
  switch (op) {
    case Op::kNeg:
      return v.neg(x);
    case Op::kAbs:
      return v.abs(x);
    case Op::kSign:
      return sign(v, x);
    case Op::kSqrt:
      return v.sqrt(x);
    case Op::kRsqrt:
      return v.div(v.held(1), v.sqrt(x));
    case Op::kReciprocal:
      return v.div(v.held(1), x);
    case Op::kSquare:
      return v.mul(x, x);
    case Op::kFloor:
      return v.round(x, RoundImm::kDown);
    case Op::kCeil:
      return v.round(x, RoundImm::kUp);
    case Op::kRound:
      return v.round(x, RoundImm::kNearest);
    case Op::kTrunc:
      return v.round(x, RoundImm::kTrunc);
    case Op::kIsNan:
      return v.is_nan(x);
    case Op::kIsInf:
      return v.compare(v.abs(x), v.constant(kInfinity), Comparison::kEQ_OQ);
    case Op::kIsFinite:
      return v.compare(v.abs(x), v.constant(kInfinity), Comparison::kLT_OQ);
    default:  // kLogicalNot
      return v.compare(x, v.constant(0), Comparison::kEQ_OQ);
  }
}

Lanes compute_two(Vectors& v, Op op, Lanes& x, Lanes& y) {
  if (const auto comparison = comparison_of(op)) {
    return v.compare(x.numbers(v), y.numbers(v), *comparison);
  }
  switch (op) {
    case Op::kLogicalAnd:
      return v.both(x.truth(v), y.truth(v));
    case Op::kLogicalOr:
      return v.either(x.truth(v), y.truth(v));
    case Op::kLogicalXor:
      return v.differ(x.truth(v), y.truth(v));
    case Op::kAdd:
      return v.add(x.numbers(v), y.numbers(v));
    case Op::kSub:
      return v.sub(x.numbers(v), y.numbers(v));
    case Op::kMul:
      return v.mul(x.numbers(v), y.numbers(v));
    case Op::kDiv:
      return v.div(x.numbers(v), y.numbers(v));
    default:
      return extreme(v, op == Op::kMaximum, x, y);
  }
}

}  // namespace

Lanes compute(Vectors& v, Op op, std::span<Lanes* const> operands) {
  switch (info_of(op).arity) {
    case 1:
      return compute_one(v, op, operands[0]->numbers(v));
    case 2:
      return compute_two(v, op, *operands[0], *operands[1]);
    default:
      if (op == Op::kSelect) {
        return v.choose(operands[0]->truth(v), operands[1]->numbers(v), operands[2]->numbers(v));
      }
      return v.multiply_add(operands[0]->numbers(v), operands[1]->numbers(v),
                            operands[2]->numbers(v));
  }
}

}  // namespace tenon::cpu::jit

#endif
