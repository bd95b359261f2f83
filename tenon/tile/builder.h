#pragma once

#include <cstdint>
#include <vector>

#include "tenon/base/export.h"
#include "tenon/tile/program.h"

namespace tenon::tile {

/// A handle of a value of the program under construction.
struct Value {
  uint16_t id = 0;
};

/// Mean and population variance of a row.
struct Moments {
  Value mean;
  Value variance;
};

/// Writes a program down. Operands may be tiles, row values and run-wide values in any mix; the
/// result is a tile when one operand is, else a row value when one operand is. Softmax:
///
///     TileBuilder t;
///     Value x = t.load(0);
///     Value e = t.exp(t.sub(x, t.row_max(x)));
///     t.store(0, t.div(e, t.row_sum(e)));
///     Program softmax = t.finish();
class TENON_API TileBuilder {
 public:
  /// The element of an input, converted to the compute class.
  Value load(int input) { return source(Op::kLoad, input); }
  /// One whole number per row (a label); the input's strides along row dims are ignored.
  Value load_index(int input) { return source(Op::kLoadIndex, input); }
  /// One number per row; the input's strides along row dims are ignored.
  Value load_row(int input) { return source(Op::kLoadRow, input); }
  /// A number that the host gives to each run.
  Value scalar(int number) { return source(Op::kScalar, number); }
  Value constant(double value);
  /// For whole numbers that a double doesn't hold.
  Value constant_integer(int64_t value);

  /// Position along the flattened row dims, from 0.
  Value row_position() { return source(Op::kRowPosition, 0); }
  Value row_length() { return source(Op::kRowLength, 0); }
  /// Row-major position in the whole iteration space, from 0.
  Value linear_index() { return source(Op::kLinearIndex, 0); }
  /// Philox4x32-10 numbers by linear index, the launch's seed and offset, and `stream` (different
  /// draws of one program): in [0, 1) with 24 (f32) or 53 (f64) bits.
  Value random_uniform(int stream = 0) { return source(Op::kRandomUniform, stream); }
  /// Standard normal numbers (Box-Muller).
  Value random_normal(int stream = 0) { return source(Op::kRandomNormal, stream); }
  /// 64 random bits; integer classes only.
  Value random_bits(int stream = 0) { return source(Op::kRandomBits, stream); }

  /// 1 where the row position is `index`, else 0.
  Value is_at(Value index) { return add_op(Op::kIsAt, index); }
  /// The element of `input` at row position `index`; 0 when `index` is outside the row.
  Value pick(int input, Value index);
  /// An index (of load_index, row_argmax) as a row value of the compute class.
  Value index_value(Value index) { return add_op(Op::kIndexValue, index); }

  Value neg(Value x) { return add_op(Op::kNeg, x); }
  Value abs(Value x) { return add_op(Op::kAbs, x); }
  /// -1, 0 or 1; NaN stays.
  Value sign(Value x) { return add_op(Op::kSign, x); }
  Value exp(Value x) { return add_op(Op::kExp, x); }
  Value expm1(Value x) { return add_op(Op::kExpm1, x); }
  Value log(Value x) { return add_op(Op::kLog, x); }
  Value log1p(Value x) { return add_op(Op::kLog1p, x); }
  Value log2(Value x) { return add_op(Op::kLog2, x); }
  Value log10(Value x) { return add_op(Op::kLog10, x); }
  Value sqrt(Value x) { return add_op(Op::kSqrt, x); }
  Value rsqrt(Value x) { return add_op(Op::kRsqrt, x); }
  Value reciprocal(Value x) { return add_op(Op::kReciprocal, x); }
  Value square(Value x) { return add_op(Op::kSquare, x); }
  Value sin(Value x) { return add_op(Op::kSin, x); }
  Value cos(Value x) { return add_op(Op::kCos, x); }
  Value tan(Value x) { return add_op(Op::kTan, x); }
  Value asin(Value x) { return add_op(Op::kAsin, x); }
  Value acos(Value x) { return add_op(Op::kAcos, x); }
  Value atan(Value x) { return add_op(Op::kAtan, x); }
  Value sinh(Value x) { return add_op(Op::kSinh, x); }
  Value cosh(Value x) { return add_op(Op::kCosh, x); }
  Value tanh(Value x) { return add_op(Op::kTanh, x); }
  /// 1 / (1 + exp(-x)).
  Value sigmoid(Value x) { return add_op(Op::kSigmoid, x); }
  Value erf(Value x) { return add_op(Op::kErf, x); }
  Value erfc(Value x) { return add_op(Op::kErfc, x); }
  Value floor(Value x) { return add_op(Op::kFloor, x); }
  Value ceil(Value x) { return add_op(Op::kCeil, x); }
  /// To the nearest whole number, ties to even.
  Value round(Value x) { return add_op(Op::kRound, x); }
  Value trunc(Value x) { return add_op(Op::kTrunc, x); }
  Value isnan(Value x) { return add_op(Op::kIsNan, x); }
  Value isinf(Value x) { return add_op(Op::kIsInf, x); }
  Value isfinite(Value x) { return add_op(Op::kIsFinite, x); }
  Value logical_not(Value x) { return add_op(Op::kLogicalNot, x); }
  Value bitwise_not(Value x) { return add_op(Op::kBitwiseNot, x); }

  Value add(Value x, Value y) { return add_op(Op::kAdd, x, y); }
  Value sub(Value x, Value y) { return add_op(Op::kSub, x, y); }
  Value mul(Value x, Value y) { return add_op(Op::kMul, x, y); }
  /// True division; floating classes only.
  Value div(Value x, Value y) { return add_op(Op::kDiv, x, y); }
  /// Integers: by repeated squaring; a negative exponent gives 0 except for bases 1 and -1.
  Value pow(Value x, Value y) { return add_op(Op::kPow, x, y); }
  /// NaN wins.
  Value minimum(Value x, Value y) { return add_op(Op::kMinimum, x, y); }
  Value maximum(Value x, Value y) { return add_op(Op::kMaximum, x, y); }
  /// Remainder with the sign of `x` (C's fmod); of integers, ValueError when `y` is 0.
  Value fmod(Value x, Value y) { return add_op(Op::kFmod, x, y); }
  /// Remainder with the sign of `y` (Python's %); of integers, ValueError when `y` is 0.
  Value remainder(Value x, Value y) { return add_op(Op::kRemainder, x, y); }
  /// Quotient rounded down (Python's //); of integers, ValueError when `y` is 0.
  Value floor_divide(Value x, Value y) { return add_op(Op::kFloorDivide, x, y); }
  Value eq(Value x, Value y) { return add_op(Op::kEq, x, y); }
  Value ne(Value x, Value y) { return add_op(Op::kNe, x, y); }
  Value lt(Value x, Value y) { return add_op(Op::kLt, x, y); }
  Value le(Value x, Value y) { return add_op(Op::kLe, x, y); }
  Value gt(Value x, Value y) { return add_op(Op::kGt, x, y); }
  Value ge(Value x, Value y) { return add_op(Op::kGe, x, y); }
  Value logical_and(Value x, Value y) { return add_op(Op::kLogicalAnd, x, y); }
  Value logical_or(Value x, Value y) { return add_op(Op::kLogicalOr, x, y); }
  Value logical_xor(Value x, Value y) { return add_op(Op::kLogicalXor, x, y); }
  /// Bits; integer classes only. Shifts by less than 0 or by 64 and more give 0 (right shifts of
  /// negative numbers: -1).
  Value bitwise_and(Value x, Value y) { return add_op(Op::kBitwiseAnd, x, y); }
  Value bitwise_or(Value x, Value y) { return add_op(Op::kBitwiseOr, x, y); }
  Value bitwise_xor(Value x, Value y) { return add_op(Op::kBitwiseXor, x, y); }
  Value shift_left(Value x, Value y) { return add_op(Op::kShiftLeft, x, y); }
  Value shift_right(Value x, Value y) { return add_op(Op::kShiftRight, x, y); }

  /// x * y + z; rounded once where the machine has it.
  Value multiply_add(Value x, Value y, Value z) { return add_op(Op::kMultiplyAdd, x, y, z); }
  /// x where mask != 0 (NaN counts as true), else y.
  Value select(Value mask, Value x, Value y) { return add_op(Op::kSelect, mask, x, y); }

  /// Reductions of a tile along its row.
  Value row_sum(Value x) { return add_op(Op::kRowSum, x); }
  Value row_prod(Value x) { return add_op(Op::kRowProd, x); }
  /// NaN wins; -inf (smallest integer) of an empty row. row_min likewise.
  Value row_max(Value x) { return add_op(Op::kRowMax, x); }
  Value row_min(Value x) { return add_op(Op::kRowMin, x); }
  /// The first position of the extreme as an index; the first NaN wins; 0 of an empty row.
  Value row_argmax(Value x) { return add_op(Op::kRowArgmax, x); }
  Value row_argmin(Value x) { return add_op(Op::kRowArgmin, x); }
  /// Mean and population variance in one sweep (Welford, Chan); floating classes only. NaN of an
  /// empty row.
  Moments row_welford(Value x);

  Value row_cumsum(Value x) { return add_op(Op::kRowCumsum, x); }
  Value row_cumprod(Value x) { return add_op(Op::kRowCumprod, x); }

  /// Writes a tile, a row value or an index, converted to the output's dtype.
  void store(int output, Value x);
  /// Asks that a tile which later passes use is kept in the row's scratch. Computed tiles are kept
  /// anyway; this is for loads whose conversion is dear.
  Value keep(Value x);

  /// The program. Throws ValueError when it isn't one (see verify.h). The builder is empty after.
  Program finish();

 private:
  Value source(Op op, int slot);
  Value add_op(Op op, Value a, Value b = {}, Value c = {});

  std::vector<Instruction> instructions_;
};

}  // namespace tenon::tile
