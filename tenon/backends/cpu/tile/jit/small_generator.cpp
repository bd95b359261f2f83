#include "tenon/backends/cpu/tile/jit/small_form.h"

#if defined(__x86_64__)

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>

#include "tenon/backends/cpu/tile/jit/arithmetic.h"
#include "tenon/backends/cpu/tile/jit/assemble.h"
#include "tenon/backends/cpu/tile/jit/memory.h"
#include "tenon/backends/cpu/tile/jit/vectors.h"

namespace tenon::cpu::jit {
namespace {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;
using tile::Family;
using tile::Instruction;
using tile::Kind;
using tile::Op;
using tile::SmallLaunch;
using tile::SmallPiece;

/// The program's passes one after the other, each a vector of elements at a time. What is the same
/// for all elements (scalars, sums, arithmetic on them) is a vector whose lanes are all alike; over
/// several pieces it is made once.
class SmallGenerator {
 public:
  SmallGenerator(const SmallForm& form, x86::Compiler& compiler)
      : form_(form),
        schedule_(form.program.schedule()),
        code_(form.program.instructions()),
        cc_(compiler),
        v_(compiler, form.set),
        whole_(form.count / v_.lanes()),
        vectors_((form.count + v_.lanes() - 1) / v_.lanes()),
        once_(code_.size()),
        kept_(code_.size()),
        inputs_(form.inputs.size()),
        outputs_(form.outputs.size()) {}

  void run() {
    asmjit::FuncNode* function =
        cc_.addFunc(asmjit::FuncSignatureT<void, const void*, size_t, const void*>());
    if (v_.is_wide()) function->frame().setAvx512Enabled();
    function->frame().setAvxEnabled();
    function->frame().setAvxCleanup();
    piece_ = cc_.newIntPtr();
    pieces_ = cc_.newUIntPtr();
    scalars_ = cc_.newIntPtr();
    function->setArg(0, piece_);
    function->setArg(1, pieces_);
    function->setArg(2, scalars_);
    v_.hold_here();
    places_in_ = load_word(piece_, offsetof(SmallPiece, inputs));
    first_ = rest_of(1);
    for (const uint16_t i : schedule_.uniform_steps) once_[i] = make_once(i);
    for (const uint16_t i : schedule_.row_prologue) once_[i] = make_once(i);
    if (form_.count == 0) {
      emit_pieces();
    } else {
      emit_line();
    }
    cc_.ret();
    cc_.endFunc();
  }

 private:
  static constexpr size_t kAccumulators = 4;  // as the interpreter's reductions have them

  struct Accumulator {
    std::array<std::optional<Vec>, kAccumulators> parts;
    std::optional<Mask> nan;
  };

  /// The only piece.
  void emit_line() {
    places_out_ = load_word(piece_, offsetof(SmallPiece, outputs));
    if (whole_ != vectors_) last_ = rest_of(form_.count % v_.lanes());
    for (const tile::Pass& pass : schedule_.passes) emit_pass(pass);
    for (const uint16_t i : row_stores_) store_one(code_[i]);
  }

  /// Elementwise work has one pass.
  void emit_pieces() {
    for (const tile::Pass& pass : schedule_.passes) make_all_once(pass);
    const asmjit::Label next = cc_.newLabel(), done = cc_.newLabel();
    cc_.bind(next);
    cc_.test(pieces_, pieces_);
    cc_.jz(done);
    places_in_ = load_word(piece_, offsetof(SmallPiece, inputs));
    places_out_ = load_word(piece_, offsetof(SmallPiece, outputs));
    left_ = load_word(piece_, offsetof(SmallPiece, count));
    std::fill(inputs_.begin(), inputs_.end(), std::nullopt);
    for (const tile::Pass& pass : schedule_.passes) emit_loop(pass);
    cc_.add(piece_, sizeof(SmallPiece));
    cc_.dec(pieces_);
    cc_.jmp(next);
    cc_.bind(done);
  }

  /// Whole vectors of a piece, then what is left.
  void emit_loop(const tile::Pass& pass) {
    load_places(pass);
    at_ = cc_.newUIntPtr();
    cc_.xor_(at_.r32(), at_.r32());
    const asmjit::Label next = cc_.newLabel(), last = cc_.newLabel(), done = cc_.newLabel();
    const auto lanes = static_cast<int>(v_.lanes());
    cc_.sub(left_, lanes);
    cc_.jl(last);
    cc_.bind(next);
    whole_ = vectors_ = 1;
    emit_vector(pass);
    cc_.add(at_, lanes);
    cc_.sub(left_, lanes);
    cc_.jge(next);
    cc_.bind(last);
    cc_.add(left_, lanes);
    cc_.jz(done);
    whole_ = 0;
    last_.count = left_;
    last_.lanes = v_.first(left_);
    last_.scratch = first_.scratch;
    emit_vector(pass);
    cc_.bind(done);
  }

  /// Where the pass finds a piece's memory.
  void load_places(const tile::Pass& pass) {
    for (const uint16_t i : pass.tile_steps) {
      if (code_[i].op == Op::kLoad && once_[i].empty()) input_place(code_[i].slot);
    }
    for (const uint16_t i : pass.stores) outputs_[code_[i].slot] = output_place(code_[i].slot);
  }

  /// Values that change their form on first use do so for this vector only.
  void emit_vector(const tile::Pass& pass) {
    std::vector<Accumulator> none;
    const std::vector<Lanes> once = once_;
    here_.assign(code_.size(), {});
    for (const uint16_t i : pass.tile_steps) emit_step(i, 0, none);
    for (const uint16_t i : pass.stores) store_vector(code_[i], 0);
    once_ = once;
  }

  /// Steps of the pass whose operands are the same for all elements.
  void make_all_once(const tile::Pass& pass) {
    for (const uint16_t i : pass.tile_steps) {
      if (!once_[i].empty() || !is_once(code_[i])) continue;
      once_[i] = make_once(i);
      once_[i].numbers(v_);
    }
  }

  Gp load_word(const Gp& base, size_t offset) {
    const Gp word = cc_.newIntPtr();
    cc_.mov(word, x86::ptr(base, static_cast<int32_t>(offset)));
    return word;
  }

  Rest rest_of(size_t count) {
    Rest rest;
    rest.lanes = v_.first(count);
    if (v_.is_wide()) return rest;
    rest.count = cc_.newUIntPtr();
    cc_.mov(rest.count, count);
    rest.scratch = cc_.newStack(32, 32);
    return rest;
  }

  const Gp& input_place(uint16_t slot) {
    if (!inputs_[slot]) {
      inputs_[slot] = load_word(
          places_in_, slot * sizeof(SmallLaunch::Input) + offsetof(SmallLaunch::Input, data));
    }
    return *inputs_[slot];
  }

  Gp output_place(uint16_t slot) {
    if (outputs_[slot]) return *outputs_[slot];
    return load_word(places_out_,
                     slot * sizeof(SmallLaunch::Output) + offsetof(SmallLaunch::Output, data));
  }

  Vec repeat(const x86::Xmm& x) {
    const Vec all = v_.fresh();
    cc_.vbroadcastss(all, x);
    return all;
  }

  Lanes load_one(uint16_t slot) {
    const DType dtype = form_.inputs[slot].dtype;
    if (dtype == kFloat32) {
      const Vec all = v_.fresh();
      cc_.vbroadcastss(all, x86::ptr(input_place(slot)));
      return all;
    }
    if (dtype == kFloat64) {
      const x86::Xmm x = cc_.newXmm();
      cc_.vcvtsd2ss(x, v_.held(0).xmm(), x86::qword_ptr(input_place(slot)));
      return repeat(x);
    }
    return repeat(load(v_, dtype, {input_place(slot), {}, 0}, &first_).numbers(v_).xmm());
  }

  Lanes load_scalar(uint16_t slot) {
    const x86::Xmm x = cc_.newXmm();
    const auto offset = slot * sizeof(tile::Scalar64) + offsetof(tile::Scalar64, real);
    cc_.vcvtsd2ss(x, v_.held(0).xmm(), x86::qword_ptr(scalars_, static_cast<int32_t>(offset)));
    return repeat(x);
  }

  Lanes constant(float value) {
    const Vec x = v_.fresh();
    cc_.vbroadcastss(x, cc_.newConst(asmjit::ConstPoolScope::kLocal, &value, 4));
    return Lanes(x, value);
  }

  static std::array<uint16_t, 3> operands_of(const Instruction& i) { return {i.a, i.b, i.c}; }

  /// A value that is the same for all elements, of such values.
  Lanes make_once(uint16_t i) {
    const Instruction& instruction = code_[i];
    switch (instruction.op) {
      case Op::kLoad:
      case Op::kLoadRow:
        return load_one(instruction.slot);
      case Op::kScalar:
        return load_scalar(instruction.slot);
      case Op::kConstant:
        return constant(static_cast<float>(instruction.constant));
      case Op::kRowLength:
        return constant(static_cast<float>(form_.count));
      default: {
        std::array<Lanes*, 3> lanes{};
        const auto operands = operands_of(instruction);
        for (size_t k = 0; k < info_of(instruction.op).arity; ++k) lanes[k] = &once_[operands[k]];
        return compute(v_, instruction.op, {lanes.data(), info_of(instruction.op).arity});
      }
    }
  }

  bool is_once(const Instruction& instruction) const {
    if (instruction.op == Op::kLoad) return form_.inputs[instruction.slot].repeated;
    const auto operands = operands_of(instruction);
    for (size_t k = 0; k < info_of(instruction.op).arity; ++k) {
      if (once_[operands[k]].empty()) return false;
    }
    return true;
  }

  void emit_pass(const tile::Pass& pass) {
    std::vector<Accumulator> sums(static_cast<size_t>(schedule_.reduction_count));
    for (size_t number = 0; number < vectors_; ++number) {
      here_.assign(code_.size(), {});
      for (const uint16_t i : pass.tile_steps) emit_step(i, number, sums);
      for (const uint16_t i : pass.stores) store_vector(code_[i], number);
    }
    for (const uint16_t i : pass.row_steps) {
      if (code_[i].op == Op::kStore) {
        row_stores_.push_back(i);
      } else if (info_of(code_[i].op).family == Family::kReduction) {
        once_[i] = finish(code_[i].op, sums[schedule_.state_numbers[i]]);
      } else {
        once_[i] = make_once(i);
      }
    }
  }

  const Rest* rest(size_t number) const { return number < whole_ ? nullptr : &last_; }

  /// A value at the vector of this number.
  Lanes& value_at(uint16_t i, size_t number) {
    if (!once_[i].empty()) return once_[i];
    if (!kept_[i].empty()) return kept_[i][number];
    return here_[i];
  }

  void emit_step(uint16_t i, size_t number, std::vector<Accumulator>& sums) {
    const Instruction& instruction = code_[i];
    if (info_of(instruction.op).family == Family::kReduction) {
      const Vec& x = value_at(instruction.a, number).numbers(v_);
      return accumulate(instruction.op, sums[schedule_.state_numbers[i]], number, x);
    }
    if (!once_[i].empty()) return;
    if (is_once(instruction)) {
      once_[i] = make_once(i);
      return;
    }
    Lanes made;
    if (instruction.op == Op::kLoad) {
      const Place place{input_place(instruction.slot), at_,
                        static_cast<int64_t>(number * v_.lanes())};
      made = load(v_, form_.inputs[instruction.slot].dtype, place, rest(number));
    } else {
      std::array<Lanes*, 3> lanes{};
      const auto operands = operands_of(instruction);
      const size_t arity = info_of(instruction.op).arity;
      for (size_t k = 0; k < arity; ++k) lanes[k] = &value_at(operands[k], number);
      made = compute(v_, instruction.op, {lanes.data(), arity});
    }
    if (schedule_.keep_number[i] == tile::Schedule::kNoSlot) {
      here_[i] = made;
    } else {
      kept_[i].resize(vectors_);
      kept_[i][number] = made;
    }
  }

  /// Which of the interpreter's accumulators a vector goes to.
  size_t part_of(size_t number) const {
    if (number >= whole_) return 1;
    return number < whole_ / kAccumulators * kAccumulators ? number % kAccumulators : 0;
  }

  void accumulate(Op op, Accumulator& sum, size_t number, const Vec& x) {
    std::optional<Vec>& part = sum.parts[part_of(number)];
    const Mask* lanes = number < whole_ ? nullptr : &last_.lanes;
    const float infinity = std::numeric_limits<float>::infinity();
    if (!part) {
      part = v_.copy(v_.held(op == Op::kRowSum ? 0 : op == Op::kRowMax ? -infinity : infinity));
    }
    if (op == Op::kRowSum) return v_.accumulate(Inst::kIdVaddps, *part, x, lanes);
    v_.accumulate(op == Op::kRowMax ? Inst::kIdVmaxps : Inst::kIdVminps, *part, x, lanes);
    Mask nan = v_.is_nan(x);
    if (lanes != nullptr) nan = v_.both(nan, *lanes);
    sum.nan = sum.nan ? v_.either(*sum.nan, nan) : nan;
  }

  /// Parts that got nothing would change nothing.
  Lanes finish(Op op, const Accumulator& sum) {
    const Inst::Id join = op == Op::kRowSum   ? Inst::kIdVaddps
                          : op == Op::kRowMax ? Inst::kIdVmaxps
                                              : Inst::kIdVminps;
    const auto joined = [&](const std::optional<Vec>& a, const std::optional<Vec>& b) {
      return a && b ? v_.op(join, *a, *b) : a ? a : b;
    };
    const auto& parts = sum.parts;
    const Vec all = *joined(joined(parts[0], parts[1]), joined(parts[2], parts[3]));
    const Vec total = repeat(join_lanes(join, all));
    if (op == Op::kRowSum) return total;
    return v_.choose(v_.any(*sum.nan), v_.held(std::numeric_limits<float>::quiet_NaN()), total);
  }

  /// By halves, in the order in which the interpreter's vectors do it: of zeros that differ in sign
  /// an extreme is the second.
  x86::Xmm join_lanes(Inst::Id join, const Vec& x) {
    const x86::Xmm high = cc_.newXmm(), turned = cc_.newXmm(), next = cc_.newXmm();
    const x86::Xmm four = cc_.newXmm(), two = cc_.newXmm(), one = cc_.newXmm();
    if (v_.is_wide()) {
      const x86::Ymm upper = cc_.newYmm(), eight = cc_.newYmm();
      cc_.vextractf64x4(upper, x, 1);
      cc_.emit(join, eight, upper, x.ymm());
      cc_.vextractf32x4(high, eight, 1);
      cc_.emit(join, four, high, eight.xmm());
    } else {
      cc_.vextractf128(high, x, 1);
      cc_.emit(join, four, high, x.xmm());
    }
    cc_.vpermilps(turned, four, 0x4e);
    cc_.emit(join, two, four, turned);
    cc_.vmovshdup(next, two);
    if (v_.is_wide()) {
      cc_.emit(join, one, two, next);
    } else {
      cc_.emit(join, one, next, two);
    }
    return one;
  }

  void store_vector(const Instruction& store, size_t number) {
    const Place place{output_place(store.slot), at_, static_cast<int64_t>(number * v_.lanes())};
    jit::store(v_, form_.outputs[store.slot], value_at(store.a, number), place, rest(number));
  }

  /// A plain store of one element, which a load right behind it gets without waiting for memory.
  void store_one(const Instruction& store) {
    const Gp place = output_place(store.slot);
    Lanes& x = once_[store.a];
    if (form_.outputs[store.slot] == kFloat32) {
      cc_.vmovss(x86::dword_ptr(place), x.numbers(v_).xmm());
    } else {
      jit::store(v_, form_.outputs[store.slot], x, {place, {}, 0}, &first_);
    }
  }

  const SmallForm& form_;
  const tile::Schedule& schedule_;
  std::span<const Instruction> code_;
  x86::Compiler& cc_;
  Vectors v_;
  size_t whole_;    ///< vectors
  size_t vectors_;  ///< with a last one that isn't whole
  Gp piece_, pieces_, places_in_, places_out_, scalars_;
  Gp left_, at_;                          ///< of a loop; in a straight line there are none
  Rest first_;                            ///< one element
  Rest last_;                             ///< the elements of the vector that isn't whole
  std::vector<Lanes> once_;               ///< of each value that is the same for all elements
  std::vector<std::vector<Lanes>> kept_;  ///< of values that later passes read, for each vector
  std::vector<Lanes> here_;               ///< of other values, at the current vector
  std::vector<std::optional<Gp>> inputs_, outputs_;
  std::vector<uint16_t> row_stores_;
};

}  // namespace

std::shared_ptr<const CodeMemory> generate(const SmallForm& form) {
  return assemble([&form](x86::Compiler& compiler) { SmallGenerator(form, compiler).run(); });
}

}  // namespace tenon::cpu::jit

#else

namespace tenon::cpu::jit {
std::shared_ptr<const CodeMemory> generate(const SmallForm&) { return nullptr; }
}  // namespace tenon::cpu::jit

#endif
