// The slow twin of the interpreter: what every instruction means, one element after the other.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tenon/backends/cpu/tile/accumulate.h"
#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/backends/cpu/tile/random_numbers.h"
#include "tenon/backends/cpu/tile/scalar_math.h"
#include "tenon/base/error.h"
#include "tenon/core/philox.h"
#include "tenon/tile/verify.h"

namespace tenon::cpu {

void scalar::fail_zero_divisor(const char* call) {
  fail<ValueError>(call, "an integer was divided by 0; only floating numbers have inf and NaN");
}

namespace {

using tile::Family;
using tile::Instruction;
using tile::Kind;
using tile::Launch;
using tile::Op;

template <class T>
inline constexpr bool kIsFloat = std::is_floating_point_v<T>;

template <class T>
T load_as(const tile::Operand& operand, int64_t offset) {
  T result{};
  visit_dtype(operand.dtype, [&](auto tag) {
    using Stored = typename decltype(tag)::Type;
    if constexpr (std::is_same_v<Stored, bool>) {
      result = static_cast<T>(static_cast<const uint8_t*>(operand.data)[offset] != 0);
    } else if constexpr (std::is_arithmetic_v<Stored>) {
      result = scalar::convert<T>(static_cast<const Stored*>(operand.data)[offset]);
    } else if constexpr (sizeof(Stored) == 2) {
      result =
          scalar::convert<T>(static_cast<float>(static_cast<const Stored*>(operand.data)[offset]));
    }
  });
  return result;
}

template <class T>
void store_as(const tile::Operand& operand, int64_t offset, T value) {
  visit_dtype(operand.dtype, [&](auto tag) {
    using Stored = typename decltype(tag)::Type;
    if constexpr (std::is_arithmetic_v<Stored>) {
      static_cast<Stored*>(operand.data)[offset] = scalar::convert<Stored>(value);
    } else if constexpr (sizeof(Stored) == 2) {
      static_cast<Stored*>(operand.data)[offset] = scalar::to_half<Stored>(value);
    }
  });
}

template <class T>
T float_unary(Op op, T x) {
  switch (op) {
    case Op::kExp:
      return std::exp(x);
    case Op::kExpm1:
      return std::expm1(x);
    case Op::kLog:
      return std::log(x);
    case Op::kLog1p:
      return std::log1p(x);
    case Op::kLog2:
      return std::log2(x);
    case Op::kLog10:
      return std::log10(x);
    case Op::kSqrt:
      return std::sqrt(x);
    case Op::kRsqrt:
      return 1 / std::sqrt(x);
    case Op::kReciprocal:
      return 1 / x;
    case Op::kSin:
      return std::sin(x);
    case Op::kCos:
      return std::cos(x);
    case Op::kTan:
      return std::tan(x);
    case Op::kAsin:
      return std::asin(x);
    case Op::kAcos:
      return std::acos(x);
    case Op::kAtan:
      return std::atan(x);
    case Op::kSinh:
      return std::sinh(x);
    case Op::kCosh:
      return std::cosh(x);
    case Op::kTanh:
      return std::tanh(x);
    case Op::kSigmoid:
      return scalar::sigmoid(x);
    case Op::kErf:
      return std::erf(x);
    case Op::kErfc:
      return std::erfc(x);
    case Op::kFloor:
      return std::floor(x);
    case Op::kCeil:
      return std::ceil(x);
    case Op::kRound:
      return std::nearbyint(x);
    case Op::kTrunc:
      return std::trunc(x);
    default:
      return x;
  }
}

/// Integers wrap: their arithmetic is done on unsigned numbers.
template <class T>
using Wrapping = std::conditional_t<kIsFloat<T>, T, uint64_t>;

template <class T>
T unary(Op op, T x) {
  using W = Wrapping<T>;
  switch (op) {
    case Op::kNeg:
      if constexpr (kIsFloat<T>) return -x;
      return static_cast<T>(W(0) - static_cast<W>(x));
    case Op::kAbs:
      if constexpr (kIsFloat<T>) return std::fabs(x);
      return x < T(0) ? static_cast<T>(W(0) - static_cast<W>(x)) : x;
    case Op::kSign:
      return x > T(0) ? T(1) : x < T(0) ? static_cast<T>(-1) : x;
    case Op::kSquare:
      return static_cast<T>(static_cast<W>(x) * static_cast<W>(x));
    case Op::kIsNan:
      return static_cast<T>(x != x);
    case Op::kIsInf:
      if constexpr (kIsFloat<T>) return std::isinf(x);
      return 0;
    case Op::kIsFinite:
      if constexpr (kIsFloat<T>) return std::isfinite(x);
      return 1;
    case Op::kLogicalNot:
      return x == T(0);
    case Op::kBitwiseNot:
      if constexpr (!kIsFloat<T>) return ~x;
      return x;
    default:
      if constexpr (kIsFloat<T>) return float_unary(op, x);
      return x;
  }
}

template <class T>
T bitwise(Op op, T x, T y) {
  if constexpr (!kIsFloat<T>) {
    switch (op) {
      case Op::kBitwiseAnd:
        return x & y;
      case Op::kBitwiseOr:
        return x | y;
      case Op::kBitwiseXor:
        return x ^ y;
      case Op::kShiftLeft:
        return scalar::shift_left(x, y);
      case Op::kShiftRight:
        return scalar::shift_right(x, y);
      default:
        break;
    }
  }
  return x;
}

template <class T>
T binary(Op op, T x, T y) {
  using W = Wrapping<T>;
  const W u = static_cast<W>(x), v = static_cast<W>(y);
  switch (op) {
    case Op::kAdd:
      return static_cast<T>(u + v);
    case Op::kSub:
      return static_cast<T>(u - v);
    case Op::kMul:
      return static_cast<T>(u * v);
    case Op::kDiv:
      if constexpr (kIsFloat<T>) return x / y;
      return x;
    case Op::kPow:
      return scalar::pow(x, y);
    case Op::kMinimum:
      return x != x || x < y ? x : y;
    case Op::kMaximum:
      return x != x || x > y ? x : y;
    case Op::kFmod:
      return scalar::fmod(x, y);
    case Op::kRemainder:
      return scalar::remainder(x, y);
    case Op::kFloorDivide:
      return scalar::floor_divide(x, y);
    case Op::kEq:
      return x == y;
    case Op::kNe:
      return x != y;
    case Op::kLt:
      return x < y;
    case Op::kLe:
      return x <= y;
    case Op::kGt:
      return x > y;
    case Op::kGe:
      return x >= y;
    case Op::kLogicalAnd:
      return x != T(0) && y != T(0);
    case Op::kLogicalOr:
      return x != T(0) || y != T(0);
    case Op::kLogicalXor:
      return (x != T(0)) != (y != T(0));
    default:
      return bitwise(op, x, y);
  }
}

/// One row at a time, instruction by instruction over the whole row; stores come last, so that an
/// output may be an input.
template <class T>
class Row {
 public:
  explicit Row(const Launch& launch)
      : launch_(launch),
        code_(launch.program->instructions()),
        kinds_(launch.program->schedule().kinds),
        rank_(launch.sizes.size()),
        kept_(rank_ - static_cast<size_t>(launch.row_dims)),
        values_(code_.size()),
        indices_(code_.size()),
        variances_(code_.size()) {
    for (size_t d = kept_; d < rank_; ++d) length_ *= launch.sizes[d];
  }

  void run_all() {
    int64_t rows = 1;
    for (size_t d = 0; d < kept_; ++d) rows *= launch_.sizes[d];
    for (row_ = 0; row_ < rows; ++row_) {
      for (size_t i = 0; i < code_.size(); ++i) evaluate(i);
      for (size_t i = 0; i < code_.size(); ++i) {
        if (code_[i].op == Op::kStore) store(i);
      }
    }
  }

 private:
  using A = Accumulator<T>;

  /// Of the element at `position` of the current row.
  int64_t offset(const tile::Operand& operand, int64_t position) const {
    int64_t result = 0;
    for (size_t d = rank_; d-- > kept_;) {
      result += position % launch_.sizes[d] * operand.strides[d];
      position /= launch_.sizes[d];
    }
    for (size_t d = kept_, row = static_cast<size_t>(row_); d-- > 0;) {
      const auto size = static_cast<size_t>(launch_.sizes[d]);
      result += static_cast<int64_t>(row % size) * operand.strides[d];
      row /= size;
    }
    return result;
  }

  bool is_wide(size_t i) const { return kinds_[i] == Kind::kTile; }
  T at(uint16_t value, int64_t position) const {
    return values_[value][is_wide(value) ? static_cast<size_t>(position) : 0];
  }

  void evaluate(size_t i) {
    const Instruction& instruction = code_[i];
    const Family family = info_of(instruction.op).family;
    if (family == Family::kStore) return;
    if (family == Family::kReduction) return reduce(i);
    if (instruction.op == Op::kLoadIndex) {
      indices_[i] = load_as<int64_t>(launch_.inputs[instruction.slot],
                                     row_offset(launch_.inputs[instruction.slot]));
      return;
    }
    const int64_t count = is_wide(i) ? length_ : 1;
    values_[i].resize(static_cast<size_t>(count));
    A carry = instruction.op == Op::kRowCumprod ? A(1) : A(0);
    for (int64_t p = 0; p < count; ++p) {
      T& out = values_[i][static_cast<size_t>(p)];
      if (family == Family::kScan) {
        const A x = static_cast<A>(at(instruction.a, p));
        carry = instruction.op == Op::kRowCumprod ? carry * x : carry + x;
        out = static_cast<T>(carry);
      } else {
        out = element(instruction, p);
      }
    }
  }

  T element(const Instruction& instruction, int64_t p) {
    switch (info_of(instruction.op).family) {
      case Family::kSource:
        return source(instruction, p);
      case Family::kIndex: {
        const int64_t index = indices_[instruction.a];
        if (instruction.op == Op::kIsAt) return static_cast<T>(index == p);
        if (instruction.op == Op::kIndexValue) return static_cast<T>(index);
        if (index < 0 || index >= length_) return T(0);
        const tile::Operand& input = launch_.inputs[instruction.slot];
        return load_as<T>(input, offset(input, index));
      }
      case Family::kUnary:
        return unary(instruction.op, at(instruction.a, p));
      case Family::kBinary:
        return binary(instruction.op, at(instruction.a, p), at(instruction.b, p));
      default: {
        const T a = at(instruction.a, p), b = at(instruction.b, p), c = at(instruction.c, p);
        if (instruction.op == Op::kSelect) return a != T(0) ? b : c;
        if constexpr (kIsFloat<T>) return std::fma(a, b, c);
        return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b) +
                              static_cast<uint64_t>(c));
      }
    }
  }

  T source(const Instruction& instruction, int64_t p) {
    const bool real = kIsFloat<T>;
    switch (instruction.op) {
      case Op::kLoadRow: {
        const tile::Operand& input = launch_.inputs[instruction.slot];
        return load_as<T>(input, row_offset(input));
      }
      case Op::kLoad: {
        const tile::Operand& input = launch_.inputs[instruction.slot];
        return load_as<T>(input, offset(input, p));
      }
      case Op::kScalar: {
        const tile::Scalar64& scalar = launch_.scalars[instruction.slot];
        return real ? static_cast<T>(scalar.real) : static_cast<T>(scalar.integer);
      }
      case Op::kConstant:
        return real ? static_cast<T>(instruction.constant) : static_cast<T>(instruction.integer);
      case Op::kRowPosition:
        return static_cast<T>(p);
      case Op::kRowLength:
        return static_cast<T>(length_);
      case Op::kLinearIndex:
        return static_cast<T>(row_ * length_ + p);
      default:
        return random(instruction, static_cast<uint64_t>(row_ * length_ + p));
    }
  }

  T random(const Instruction& instruction, uint64_t element) {
    constexpr uint64_t kPerBlock = 16 / sizeof(T);
    const auto w =
        philox_block(launch_.seed, launch_.offset, instruction.slot, element / kPerBlock);
    const size_t place = element % kPerBlock;
    if constexpr (std::is_same_v<T, float>) {
      if (instruction.op == Op::kRandomUniform) return uniform_of(w[place]);
      const size_t pair = place / 2 * 2;
      const auto [a, b] = gaussian_pair(w[pair] * 0x1p-32, w[pair + 1] * 0x1p-32);
      return static_cast<float>(place % 2 == 0 ? a : b);
    } else {
      const uint64_t low = w[0] | (uint64_t{w[1]} << 32), high = w[2] | (uint64_t{w[3]} << 32);
      if constexpr (!kIsFloat<T>) return static_cast<T>(place == 0 ? low : high);
      if (instruction.op == Op::kRandomUniform) {
        return static_cast<T>(uniform_of(place == 0 ? low : high));
      }
      const auto [a, b] = gaussian_pair(uniform_of(low), uniform_of(high));
      return static_cast<T>(place == 0 ? a : b);
    }
  }

  void reduce(size_t i) {
    const Op op = code_[i].op;
    const uint16_t x = code_[i].a;
    values_[i].assign(1, T(0));
    A sum = op == Op::kRowProd ? A(1) : A(0);
    const bool max = op == Op::kRowMax || op == Op::kRowArgmax;
    T best = max ? worst<true, T>() : worst<false, T>();
    int64_t place = -1;
    if (op == Op::kRowVariance) {
      values_[i][0] = variances_[x];
      return;
    }
    for (int64_t p = 0; p < length_; ++p) {
      const T v = at(x, p);
      sum = op == Op::kRowProd ? sum * static_cast<A>(v) : sum + static_cast<A>(v);
      if (place < 0 || (max ? beats<true>(v, best) : beats<false>(v, best))) {
        best = v;
        place = p;
      }
    }
    switch (op) {
      case Op::kRowSum:
      case Op::kRowProd:
        values_[i][0] = static_cast<T>(sum);
        return;
      case Op::kRowMean:
        return moments(i, static_cast<double>(sum) / static_cast<double>(length_));
      default:
        values_[i][0] = best;
        indices_[i] = std::max<int64_t>(place, 0);
    }
  }

  void moments(size_t i, double mean) {
    double squares = 0;
    for (int64_t p = 0; p < length_; ++p) {
      const double delta = static_cast<double>(at(code_[i].a, p)) - mean;
      squares += delta * delta;
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    values_[i][0] = static_cast<T>(length_ == 0 ? nan : mean);
    variances_[i] = static_cast<T>(length_ == 0 ? nan : squares / static_cast<double>(length_));
  }

  void store(size_t i) {
    const uint16_t value = code_[i].a;
    const tile::Operand& output = launch_.outputs[code_[i].slot];
    if (kinds_[value] == Kind::kIndex) return store_as(output, row_offset(output), indices_[value]);
    if (kinds_[value] == Kind::kRow) return store_as(output, row_offset(output), values_[value][0]);
    for (int64_t p = 0; p < length_; ++p) store_as(output, offset(output, p), at(value, p));
  }

  int64_t row_offset(const tile::Operand& output) const {
    int64_t result = 0;
    for (size_t d = kept_, row = static_cast<size_t>(row_); d-- > 0;) {
      const auto size = static_cast<size_t>(launch_.sizes[d]);
      result += static_cast<int64_t>(row % size) * output.strides[d];
      row /= size;
    }
    return result;
  }

  const Launch& launch_;
  std::span<const Instruction> code_;
  const std::vector<Kind>& kinds_;
  size_t rank_, kept_;
  int64_t length_ = 1, row_ = 0;
  std::vector<std::vector<T>> values_;
  std::vector<int64_t> indices_;
  std::vector<T> variances_;
};

}  // namespace

void run_tile_scalar(const Launch& launch) {
  verify(launch);
  switch (launch.compute) {
    case tile::Compute::kF32:
      return Row<float>(launch).run_all();
    case tile::Compute::kF64:
      return Row<double>(launch).run_all();
    case tile::Compute::kI64:
      return Row<int64_t>(launch).run_all();
    case tile::Compute::kU64:
      return Row<uint64_t>(launch).run_all();
  }
}

}  // namespace tenon::cpu
