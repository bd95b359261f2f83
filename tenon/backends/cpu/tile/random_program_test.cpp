// Programs that a seeded generator draws: the vector interpreter, with every instruction set of
// this machine, gives what the scalar one gives.

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <limits>
#include <random>

#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/backends/cpu/tile/testing.h"
#include "tenon/tile/machine_code.h"
#include "tenon/tile/text.h"

namespace tenon::cpu {
namespace {

using testing::for_each_instruction_set;
using testing::Layout;
using testing::Trial;
using tile::Compute;
using tile::Family;
using tile::Instruction;
using tile::Kind;
using tile::Op;
using tile::Program;

/// Exact: ops that round at most once, the same way everywhere, so that results are equal whatever
/// the values are. Smooth: the others, on values of about 1, so that their rounding stays small.
enum class Style { kExact, kSmooth };

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t below(int64_t count) {
    return static_cast<int64_t>(engine_() % static_cast<uint64_t>(count));
  }
  bool chance(int64_t percent) { return below(100) < percent; }
  template <class List>
  auto pick(const List& list) {
    return *(std::begin(list) + below(static_cast<int64_t>(std::size(list))));
  }

 private:
  std::mt19937_64 engine_;
};

constexpr std::array kExactOps = {
    Op::kNeg,       Op::kAbs,        Op::kSign,        Op::kSqrt,       Op::kSquare,
    Op::kFloor,     Op::kCeil,       Op::kRound,       Op::kTrunc,      Op::kIsNan,
    Op::kIsInf,     Op::kIsFinite,   Op::kLogicalNot,  Op::kBitwiseNot, Op::kAdd,
    Op::kSub,       Op::kMul,        Op::kDiv,         Op::kMinimum,    Op::kMaximum,
    Op::kFmod,      Op::kRemainder,  Op::kFloorDivide, Op::kEq,         Op::kNe,
    Op::kLt,        Op::kLe,         Op::kGt,          Op::kGe,         Op::kLogicalAnd,
    Op::kLogicalOr, Op::kLogicalXor, Op::kBitwiseAnd,  Op::kBitwiseOr,  Op::kBitwiseXor,
    Op::kShiftLeft, Op::kShiftRight, Op::kSelect,      Op::kReciprocal, Op::kAdd,
    Op::kSub,       Op::kMul,        Op::kSelect};
/// Exact in integers only: their floating twins sum in another order, or round otherwise.
constexpr std::array kWholeOps = {Op::kPow, Op::kMultiplyAdd};
constexpr std::array kExactReductions = {Op::kRowMax, Op::kRowMin, Op::kRowArgmax, Op::kRowArgmin};
constexpr std::array kWholeReductions = {Op::kRowMax,    Op::kRowMin,    Op::kRowArgmax,
                                         Op::kRowArgmin, Op::kRowSum,    Op::kRowProd,
                                         Op::kRowCumsum, Op::kRowCumprod};
/// Of numbers between -1 and 1.
constexpr std::array kSmoothOps = {Op::kExp,  Op::kExpm1, Op::kSin,  Op::kCos,    Op::kTan,
                                   Op::kAtan, Op::kSinh,  Op::kCosh, Op::kTanh,   Op::kSigmoid,
                                   Op::kErf,  Op::kErfc,  Op::kNeg,  Op::kSquare, Op::kAbs};
/// Of numbers between 1 and 3.
constexpr std::array kPositiveOps = {Op::kLog,  Op::kLog1p, Op::kLog2,      Op::kLog10,
                                     Op::kSqrt, Op::kRsqrt, Op::kReciprocal};

/// Draws the instructions of one program.
class Generator {
 public:
  Generator(Random& random, Style style, Compute compute)
      : random_(random), style_(style), compute_(compute) {}

  Program draw() {
    load();
    if (random_.chance(60)) load();
    for (int64_t steps = 2 + random_.below(style_ == Style::kExact ? 24 : 6); steps > 0; --steps) {
      style_ == Style::kExact ? exact_step() : smooth_step();
    }
    store(0, static_cast<uint16_t>(code_.size() - 1));
    for (uint16_t output = 1; random_.chance(50); ++output) {
      store(output, static_cast<uint16_t>(random_.below(written_)));
    }
    return Program::from_instructions(code_);
  }

  /// Of each input: whether it holds whole numbers, one a row.
  const std::vector<bool>& index_inputs() const { return index_inputs_; }
  int scalars() const { return scalars_; }

 private:
  uint16_t emit(Op op, uint16_t a = 0, uint16_t b = 0, uint16_t c = 0) {
    Instruction i{.op = op, .a = a, .b = b, .c = c};
    kinds_.push_back(kind_of(i));
    i.keep = kinds_.back() == Kind::kTile && random_.chance(8);
    code_.push_back(i);
    written_ = static_cast<int64_t>(code_.size());
    return static_cast<uint16_t>(code_.size() - 1);
  }

  Kind kind_of(const Instruction& i) const {
    const tile::OpInfo& info = tile::info_of(i.op);
    if (info.family == Family::kScan) return Kind::kTile;
    if (info.family == Family::kReduction) {
      return i.op == Op::kRowArgmax || i.op == Op::kRowArgmin ? Kind::kIndex : Kind::kRow;
    }
    if (info.family == Family::kIndex) return i.op == Op::kIsAt ? Kind::kTile : Kind::kRow;
    if (info.family == Family::kSource) {
      if (i.op == Op::kLoadIndex) return Kind::kIndex;
      if (i.op == Op::kLoadRow) return Kind::kRow;
      const bool uniform = i.op == Op::kScalar || i.op == Op::kConstant || i.op == Op::kRowLength;
      return uniform ? Kind::kUniform : Kind::kTile;
    }
    const std::array operands = {i.a, i.b, i.c};
    Kind kind = Kind::kUniform;
    for (int k = 0; k < info.arity; ++k) {
      const Kind of_operand = kinds_[operands[static_cast<size_t>(k)]];
      if (of_operand == Kind::kTile) return Kind::kTile;
      if (of_operand == Kind::kRow) kind = Kind::kRow;
    }
    return kind;
  }

  void store(uint16_t output, uint16_t value) {
    code_.push_back({.op = Op::kStore, .a = value, .slot = output});
  }

  uint16_t input(bool index) {
    index_inputs_.push_back(index);
    return static_cast<uint16_t>(index_inputs_.size() - 1);
  }
  uint16_t load() {
    const uint16_t value = emit(Op::kLoad);
    code_.back().slot = input(false);
    return value;
  }
  uint16_t constant(double number) {
    const uint16_t value = emit(Op::kConstant);
    code_.back().constant = number;
    code_.back().integer = static_cast<int64_t>(number);
    return value;
  }

  /// A value that is no index, rather a late one.
  uint16_t number() {
    for (;;) {
      const int64_t back = std::min(random_.below(written_), random_.below(written_));
      const auto value = static_cast<uint16_t>(written_ - 1 - back);
      if (kinds_[value] != Kind::kIndex) return value;
    }
  }
  uint16_t tile() {
    for (;;) {
      const uint16_t value = number();
      if (kinds_[value] == Kind::kTile) return value;
    }
  }
  uint16_t index() {
    for (uint16_t value = 0; value < kinds_.size(); ++value) {
      if (kinds_[value] == Kind::kIndex && random_.chance(50)) return value;
    }
    const uint16_t value = emit(Op::kLoadIndex);
    code_.back().slot = input(true);
    return value;
  }

  void source() {
    const uint16_t value = emit(random_.pick(std::array{
        Op::kLoad, Op::kLoadRow, Op::kScalar, Op::kRowPosition, Op::kRowLength, Op::kLinearIndex,
        is_floating(compute_) ? Op::kRandomUniform : Op::kRandomBits}));
    Instruction& made = code_[value];
    if (made.op == Op::kLoad || made.op == Op::kLoadRow) made.slot = input(false);
    if (made.op == Op::kScalar) made.slot = static_cast<uint16_t>(scalars_++);
    if (made.op == Op::kRandomUniform) made.slot = static_cast<uint16_t>(random_.below(3));
  }

  void of_index() {
    const uint16_t place = index();
    const uint16_t value =
        emit(random_.pick(std::array{Op::kIsAt, Op::kPick, Op::kIndexValue}), place);
    if (code_[value].op == Op::kPick) code_[value].slot = 0;
  }

  void exact_step() {
    const int64_t choice = random_.below(100);
    const bool whole = !is_floating(compute_);
    if (choice < 10) return source();
    if (choice < 16) return void(constant(static_cast<double>(random_.below(9) - 2)));
    if (choice < 24) return of_index();
    if (choice < 36) {
      return void(
          emit(whole ? random_.pick(kWholeReductions) : random_.pick(kExactReductions), tile()));
    }
    const Op op = whole && choice < 44 ? random_.pick(kWholeOps) : random_.pick(kExactOps);
    if (!tile::exists_in(op, compute_)) return exact_step();
    const uint16_t second = whole && divides(op) ? not_zero(number()) : number();
    emit(op, number(), second, number());
  }

  static bool divides(Op op) {
    return op == Op::kFmod || op == Op::kRemainder || op == Op::kFloorDivide;
  }
  /// Integers that may divide: 1 in place of 0.
  uint16_t not_zero(uint16_t value) {
    const uint16_t one = constant(1);
    return emit(Op::kSelect, value, value, one);
  }

  /// Between -1 and 1.
  uint16_t small() { return emit(Op::kTanh, number()); }
  uint16_t small_tile() { return emit(Op::kTanh, tile()); }
  /// A sum along the row, as a mean.
  void mean_of(Op sum) {
    const uint16_t total = emit(sum, small_tile());
    emit(Op::kDiv, total, emit(Op::kRowLength));
  }
  /// A product along the row of numbers close to 1.
  void product_of(Op product) {
    const uint16_t share = emit(Op::kDiv, small_tile(), emit(Op::kRowLength));
    emit(product, emit(Op::kExp, share));
  }

  void smooth_step() {
    switch (random_.below(12)) {
      case 0:
        return void(emit(random_.pick(std::array{Op::kRandomUniform, Op::kRandomNormal})));
      case 1:
        return mean_of(random_.pick(std::array{Op::kRowSum, Op::kRowCumsum}));
      case 2:
        return product_of(random_.pick(std::array{Op::kRowProd, Op::kRowCumprod}));
      case 3: {
        const uint16_t mean = emit(Op::kRowMean, small_tile());
        return void(
            emit(Op::kSub, number(), random_.chance(50) ? mean : emit(Op::kRowVariance, mean)));
      }
      case 4:
        return void(emit(random_.pick(kPositiveOps), emit(Op::kAdd, small(), constant(2))));
      case 5: {
        const uint16_t base = emit(Op::kAdd, small(), constant(2));
        return void(emit(Op::kPow, base, small()));
      }
      case 6:
        return void(emit(Op::kMultiplyAdd, small(), small(), small()));
      case 7:
        return void(emit(random_.pick(std::array{Op::kAsin, Op::kAcos}),
                         emit(Op::kMul, small(), constant(0.5))));
      case 8:
      case 9:
        return void(emit(random_.pick(std::array{Op::kAdd, Op::kSub, Op::kMul}), small(), small()));
      default:
        return void(emit(random_.pick(kSmoothOps), small()));
    }
  }

  Random& random_;
  Style style_;
  Compute compute_;
  std::vector<Instruction> code_;
  std::vector<Kind> kinds_;
  std::vector<bool> index_inputs_;
  int64_t written_ = 0;
  int scalars_ = 0;
};

std::vector<int64_t> draw_sizes(Random& random) {
  if (random.chance(10)) return {1 + random.below(3), 1 + random.below(9000)};
  std::vector<int64_t> sizes;
  for (int64_t rank = 1 + random.below(4); rank > 0; --rank) {
    sizes.push_back(random.chance(3) ? 0 : 1 + random.below(random.chance(30) ? 40 : 7));
  }
  return sizes;
}

std::vector<size_t> draw_order(Random& random, size_t rank) {
  std::vector<size_t> order;
  for (size_t d = 0; d < rank; ++d) {
    order.insert(order.begin() + random.below(static_cast<int64_t>(d) + 1), d);
  }
  return order;
}

/// Strides of dims that lie in memory in a drawn order; only the first `kept` dims count.
std::vector<int64_t> draw_strides(Random& random, const std::vector<int64_t>& sizes, size_t kept) {
  std::vector<int64_t> strides(sizes.size(), 0);
  const std::vector<size_t> order =
      random.chance(50) ? draw_order(random, kept) : draw_order(random, 0);
  int64_t stride = random.chance(15) ? 2 : 1;
  for (size_t k = kept; k-- > 0;) {
    const size_t d = order.empty() ? k : order[k];
    strides[d] = stride;
    stride *= std::max<int64_t>(sizes[d], 1);
  }
  return strides;
}

std::vector<Layout> draw_inputs(Random& random, Style style, Compute compute,
                                const std::vector<int64_t>& sizes,
                                const std::vector<bool>& index_inputs) {
  const DType own = compute == Compute::kF32 ? kFloat32 : kFloat64;
  std::vector<Layout> inputs;
  for (const bool index : index_inputs) {
    Layout layout{own, draw_strides(random, sizes, sizes.size())};
    if (style == Style::kExact) layout.dtype = static_cast<DType>(random.below(kDTypeCount));
    if (is_complex(layout.dtype)) layout.dtype = own;
    if (index) layout.dtype = random.pick(std::array{kInt32, kInt64, kUInt8});
    for (int64_t& stride : layout.strides) {
      if (random.chance(12)) stride = 0;
    }
    inputs.push_back(layout);
  }
  return inputs;
}

std::vector<Layout> draw_outputs(Random& random, Style style, Compute compute,
                                 const Program& program, const std::vector<int64_t>& sizes,
                                 int row_dims) {
  const DType own = compute == Compute::kF32 ? kFloat32 : kFloat64;
  std::vector<Layout> outputs;
  for (int k = 0; k < program.outputs(); ++k) {
    const size_t kept =
        sizes.size() - (program.is_row_output(k) ? static_cast<size_t>(row_dims) : 0);
    Layout layout{own, draw_strides(random, sizes, kept)};
    if (style == Style::kExact) layout.dtype = static_cast<DType>(random.below(kDTypeCount));
    if (is_complex(layout.dtype)) layout.dtype = own;
    outputs.push_back(layout);
  }
  return outputs;
}

/// Numbers at which arithmetic ends or changes.
void mix_in_special_values(Random& random, Trial& trial, size_t inputs) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::array kValues = {
      0.0,   -0.0,    kInfinity, -kInfinity,
      1e-40, 65504.0, -1e10,     std::numeric_limits<double>::quiet_NaN()};
  for (size_t input = 0; input < inputs; ++input) {
    const DType dtype = trial.launch.inputs[input].dtype;
    for (int n = 0; n < 20 && is_floating(dtype); ++n) {
      trial.set_input(input, static_cast<size_t>(random.below(60)), random.pick(kValues));
    }
  }
}

void check_program(uint64_t seed, Style style, Compute compute) {
  Random random(seed);
  Generator generator(random, style, compute);
  const Program program = generator.draw();
  const std::vector<int64_t> sizes = draw_sizes(random);
  const auto row_dims = static_cast<int>(random.below(static_cast<int64_t>(sizes.size()) + 1));
  const std::vector<bool>& index_inputs = generator.index_inputs();
  Trial trial(program, compute, sizes, row_dims,
              draw_inputs(random, style, compute, sizes, index_inputs),
              draw_outputs(random, style, compute, program, sizes, row_dims));
  if (style == Style::kExact) mix_in_special_values(random, trial, index_inputs.size());
  const std::vector<tile::Scalar64> scalars(static_cast<size_t>(generator.scalars()) + 1,
                                            tile::Scalar64(int64_t{3}));
  trial.launch.scalars = scalars;
  const double limit = style == Style::kExact ? 0 : compute == Compute::kF32 ? 1e-5 : 2e-14;
  const auto interpreted = trial.run(0);
  tile::set_machine_code(tile::MachineCodeMode::kAlways);
  ASSERT_TRUE(trial.same(trial.run(0), interpreted))
      << "machine code of seed " << seed << ", sizes " << ::testing::PrintToString(sizes) << ", "
      << row_dims << " row dims:\n"
      << to_text(program);
  tile::set_machine_code(tile::MachineCodeMode::kOff);
  for (const bool many : {false, true}) {
    ASSERT_LE(trial.difference(many), limit)
        << "seed " << seed << " in " << name_of(compute) << ", sizes "
        << ::testing::PrintToString(sizes) << ", " << row_dims << " row dims:\n"
        << to_text(program);
  }
}

/// The thread sanitizer looks at every access of the scalar interpreter: it gets fewer programs.
#if defined(__SANITIZE_THREAD__)
constexpr uint64_t kShare = 10;
#else
constexpr uint64_t kShare = 1;
#endif

TEST(RandomPrograms, ExactOnesAreEqual) {
  for_each_instruction_set([] {
    for (uint64_t seed = 0; seed < 260 / kShare; ++seed) {
      for (const Compute compute : {Compute::kF32, Compute::kF64, Compute::kI64, Compute::kU64}) {
        check_program(seed, Style::kExact, compute);
        if (HasFatalFailure()) return;
      }
    }
  });
}

TEST(RandomPrograms, SmoothOnesDifferByRounding) {
  for_each_instruction_set([] {
    for (uint64_t seed = 0; seed < 150 / kShare; ++seed) {
      for (const Compute compute : {Compute::kF32, Compute::kF64}) {
        check_program(seed, Style::kSmooth, compute);
        if (HasFatalFailure()) return;
      }
    }
  });
}

}  // namespace
}  // namespace tenon::cpu
