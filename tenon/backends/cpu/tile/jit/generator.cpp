#include "tenon/backends/cpu/tile/jit/generator.h"

#if defined(__x86_64__)

#include <algorithm>
#include <array>
#include <limits>

#include "tenon/backends/cpu/tile/jit/arithmetic.h"
#include "tenon/backends/cpu/tile/jit/assemble.h"
#include "tenon/backends/cpu/tile/jit/memory.h"
#include "tenon/backends/cpu/tile/jit/vectors.h"

namespace tenon::cpu::jit {
namespace {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;
using tile::Op;

/// As the interpreter's reductions have it, so that their bits are the same.
constexpr size_t kAccumulators = 4;
constexpr size_t kLongBody = 6;  // steps

class Generator {
 public:
  Generator(const PassForm& form, x86::Compiler& compiler)
      : form_(form), cc_(compiler), v_(compiler, form.set) {}

  void run() {
    asmjit::FuncNode* function = cc_.addFunc(asmjit::FuncSignatureT<void, char* const*, size_t>());
    if (v_.is_wide()) function->frame().setAvx512Enabled();
    function->frame().setAvxEnabled();
    function->frame().setAvxCleanup();
    places_ = cc_.newIntPtr();
    count_ = cc_.newUIntPtr();
    i_ = cc_.newUIntPtr();
    function->setArg(0, places_);
    function->setArg(1, count_);
    v_.hold_here();
    load_places();
    cc_.xor_(i_.r32(), i_.r32());
    compute_once();
    start_reductions();
    emit_elements();
    finish_reductions();
    cc_.ret();
    cc_.endFunc();
  }

 private:
  struct Accumulator {
    std::array<Vec, kAccumulators> parts;
    Mask nan;
  };

  size_t input_count() const { return form_.inputs.size(); }

  Gp load_place(size_t number) {
    const Gp place = cc_.newIntPtr();
    cc_.mov(place, x86::ptr(places_, static_cast<int32_t>(number * sizeof(char*))));
    return place;
  }

  void load_places() {
    const size_t values = input_count() + form_.steps.size();
    once_.resize(values);
    is_once_.resize(values);
    size_t number = 0;
    for (const PassInput& input : form_.inputs) {
      inputs_.push_back(load_place(number));
      if (input.constant) {
        once_[number] = Lanes(v_.held(*input.constant), *input.constant);
        is_once_[number] = true;
      } else if (input.repeated) {
        const Vec x = v_.fresh();
        cc_.vbroadcastss(x, x86::ptr(inputs_.back()));
        once_[number] = x;
        is_once_[number] = true;
      }
      ++number;
    }
    for (size_t k = 0; k < form_.outputs.size(); ++k) outputs_.push_back(load_place(number++));
    for (size_t k = 0; k < form_.reductions.size(); ++k) results_.push_back(load_place(number++));
    for (const PassInput& input : form_.inputs) {
      fetches_.push_back(input.fetches ? load_place(number++) : Gp());
    }
  }

  /// Steps whose operands are the same for all elements.
  void compute_once() {
    for (size_t s = 0; s < form_.steps.size(); ++s) {
      const PassStep& step = form_.steps[s];
      const int arity = info_of(step.op).arity;
      const std::array operands = {step.a, step.b, step.c};
      const size_t value = input_count() + s;
      is_once_[value] = std::all_of(operands.begin(), operands.begin() + arity,
                                    [&](uint16_t operand) { return is_once_[operand]; });
      if (!is_once_[value]) continue;
      std::array<Lanes*, 3> lanes{};
      for (size_t k = 0; k < static_cast<size_t>(arity); ++k) lanes[k] = &once_[operands[k]];
      once_[value] = compute(v_, step.op, lanes);
      once_[value].numbers(v_);
    }
    for (size_t k = 0; k < form_.outputs.size(); ++k) {
      const PassOutput& output = form_.outputs[k];
      if (!output.once) continue;
      store(v_, output.dtype, once_[output.value], {outputs_[k], i_}, nullptr);
    }
  }

  void start_reductions() {
    for (const PassReduction& reduction : form_.reductions) {
      const float infinity = std::numeric_limits<float>::infinity();
      const float start = reduction.op == Op::kRowSum   ? 0
                          : reduction.op == Op::kRowMax ? -infinity
                                                        : infinity;
      Accumulator accumulator;
      for (Vec& part : accumulator.parts) part = v_.copy(v_.held(start));
      if (reduction.op != Op::kRowSum) accumulator.nan = v_.no_lane();
      accumulators_.push_back(accumulator);
    }
  }

  bool streams() const {
    return std::any_of(form_.outputs.begin(), form_.outputs.end(),
                       [](const PassOutput& output) { return output.stream; });
  }

  /// Whole vectors in loops, what isn't one under a mask: the elements before the first output lies
  /// on a vector's boundary, if it is to go around the cache, and the last ones.
  void emit_elements() {
    const asmjit::Label whole = cc_.newLabel(), masked = cc_.newLabel(), done = cc_.newLabel();
    const Gp lanes = cc_.newUIntPtr();
    Rest rest;
    rest.count = cc_.newUIntPtr();
    if (!v_.is_wide()) rest.scratch = cc_.newStack(32, 32);
    cc_.mov(lanes, v_.lanes());
    if (streams() && form_.reductions.empty()) {
      count_to_boundary(rest.count);
      cc_.cmp(rest.count, count_);
      cc_.cmova(rest.count, count_);
      cc_.test(rest.count, rest.count);
      cc_.jnz(masked);
    }
    cc_.bind(whole);
    emit_loops();
    cc_.mov(rest.count, count_);
    cc_.sub(rest.count, i_);
    cc_.jz(done);
    cc_.cmp(rest.count, lanes);
    cc_.cmova(rest.count, lanes);
    cc_.bind(masked);
    rest.lanes = v_.first(rest.count);
    emit_vector(1, false, &rest);
    cc_.add(i_, rest.count);
    cc_.jmp(whole);
    cc_.bind(done);
  }

  /// Elements up to where the first output that streams lies on a vector's boundary.
  void count_to_boundary(const Gp& count) {
    size_t first = 0;
    while (!form_.outputs[first].stream) ++first;
    cc_.mov(count, outputs_[first]);
    cc_.neg(count);
    cc_.and_(count, v_.bytes() - 1);
    cc_.shr(count, 2);
  }

  void emit_loops() {
    if (!streams()) return emit_loops(false);
    const asmjit::Label plain = cc_.newLabel(), done = cc_.newLabel();
    const Gp bits = cc_.newIntPtr(), at = cc_.newIntPtr();
    cc_.xor_(bits.r32(), bits.r32());
    for (size_t k = 0; k < form_.outputs.size(); ++k) {
      if (!form_.outputs[k].stream) continue;
      cc_.lea(at, x86::ptr(outputs_[k], i_, 2));
      cc_.or_(bits, at);
    }
    cc_.test(bits, v_.bytes() - 1);
    cc_.jnz(plain);
    emit_loops(true);
    cc_.jmp(done);
    cc_.bind(plain);
    emit_loops(false);
    cc_.bind(done);
  }

  /// Vectors of a loop's body. Processors overlap the turns of a loop by themselves: more than one
  /// vector only saves the counting, which in long bodies doesn't show.
  size_t unrolled() const {
    if (!form_.reductions.empty()) return kAccumulators;
    return form_.steps.size() > kLongBody ? 1 : 2;
  }

  void emit_loops(bool streaming) {
    emit_loop(unrolled(), streaming);
    if (!form_.reductions.empty()) emit_loop(1, streaming);
  }

  void emit_loop(size_t vectors, bool streaming) {
    const asmjit::Label next = cc_.newLabel(), done = cc_.newLabel();
    const Gp last = cc_.newIntPtr();
    const size_t taken = vectors * v_.lanes();
    cc_.mov(last, count_);
    cc_.sub(last, taken);
    cc_.cmp(i_, last);
    cc_.jg(done);
    cc_.bind(next);
    for (size_t k = 0; k < vectors; ++k) emit_vector(k, streaming, nullptr);
    cc_.add(i_, taken);
    cc_.cmp(i_, last);
    cc_.jle(next);
    cc_.bind(done);
  }

  /// Vector `number` of a loop's body, or the rest.
  void emit_vector(size_t number, bool streaming, const Rest* rest) {
    std::vector<Lanes> values = once_;
    const auto offset = static_cast<int64_t>(rest == nullptr ? number * v_.lanes() : 0);
    const auto value_of = [&](uint16_t value) -> Lanes& {
      if (values[value].empty()) {
        values[value] = load(v_, form_.inputs[value].dtype, {inputs_[value], i_, offset}, rest);
      }
      return values[value];
    };
    if (rest == nullptr) emit_fetches(number);
    for (size_t s = 0; s < form_.steps.size(); ++s) {
      if (is_once_[input_count() + s]) continue;
      const PassStep& step = form_.steps[s];
      const std::array operands = {step.a, step.b, step.c};
      std::array<Lanes*, 3> lanes{};
      for (size_t k = 0; k < info_of(step.op).arity; ++k) lanes[k] = &value_of(operands[k]);
      values[input_count() + s] = compute(v_, step.op, lanes);
    }
    // Outputs may lie where inputs do: everything is loaded before anything is stored.
    for (const PassOutput& output : form_.outputs) value_of(output.value);
    for (size_t k = 0; k < form_.reductions.size(); ++k) {
      accumulate(form_.reductions[k].op, accumulators_[k], rest == nullptr ? number : 1,
                 value_of(form_.reductions[k].value).numbers(v_), rest);
    }
    for (size_t k = 0; k < form_.outputs.size(); ++k) {
      const PassOutput& output = form_.outputs[k];
      if (output.once) continue;
      const Place place{outputs_[k], i_, offset};
      if (output.stream && streaming) {
        stream(v_, values[output.value].numbers(v_), place);
      } else {
        store(v_, output.dtype, values[output.value], place, rest);
      }
    }
  }

  /// Each cache line of what comes next once.
  void emit_fetches(size_t number) {
    constexpr size_t kLine = 64;
    for (size_t k = 0; k < input_count(); ++k) {
      if (!form_.inputs[k].fetches) continue;
      const size_t size = size_of(form_.inputs[k].dtype), step = v_.lanes() * size;
      if (number * step % kLine != 0) continue;
      const Place place{fetches_[k], i_, static_cast<int64_t>(number * v_.lanes())};
      cc_.prefetcht0(place.at(size));
    }
  }

  void accumulate(Op op, Accumulator& accumulator, size_t number, const Vec& x, const Rest* rest) {
    const Mask* lanes = rest == nullptr ? nullptr : &rest->lanes;
    const Vec& part = accumulator.parts[number];
    if (op == Op::kRowSum) return v_.accumulate(Inst::kIdVaddps, part, x, lanes);
    v_.accumulate(op == Op::kRowMax ? Inst::kIdVmaxps : Inst::kIdVminps, part, x, lanes);
    Mask nan = v_.is_nan(x);
    if (lanes != nullptr) nan = v_.both(nan, *lanes);
    cc_.emit(v_.is_wide() ? Inst::kIdKorw : Inst::kIdVorps, accumulator.nan.reg,
             accumulator.nan.reg, nan.reg);
  }

  void finish_reductions() {
    for (size_t k = 0; k < form_.reductions.size(); ++k) {
      const Op op = form_.reductions[k].op;
      const Inst::Id join = op == Op::kRowSum   ? Inst::kIdVaddps
                            : op == Op::kRowMax ? Inst::kIdVmaxps
                                                : Inst::kIdVminps;
      const auto& parts = accumulators_[k].parts;
      const Vec all = v_.op(join, v_.op(join, parts[0], parts[1]), v_.op(join, parts[2], parts[3]));
      cc_.vmovups(x86::ptr(results_[k]), all);
      if (op == Op::kRowSum) continue;
      const Gp word = cc_.newGpd();
      if (v_.is_wide()) {
        cc_.kmovw(word, accumulators_[k].nan.reg.as<x86::KReg>());
      } else {
        cc_.vmovmskps(word, accumulators_[k].nan.reg.as<Vec>());
      }
      cc_.mov(x86::ptr(results_[k], static_cast<int32_t>(v_.bytes())), word);
    }
  }

  const PassForm& form_;
  x86::Compiler& cc_;
  Vectors v_;
  Gp places_, count_, i_;
  std::vector<Gp> inputs_, outputs_, results_, fetches_;
  std::vector<Lanes> once_;    ///< of each value that is the same for all elements
  std::vector<char> is_once_;  ///< of each value
  std::vector<Accumulator> accumulators_;
};

}  // namespace

std::shared_ptr<const CodeMemory> generate(const PassForm& form) {
  return assemble([&form](x86::Compiler& compiler) { Generator(form, compiler).run(); });
}

}  // namespace tenon::cpu::jit

#else

namespace tenon::cpu::jit {
std::shared_ptr<const CodeMemory> generate(const PassForm&) { return nullptr; }
}  // namespace tenon::cpu::jit

#endif
