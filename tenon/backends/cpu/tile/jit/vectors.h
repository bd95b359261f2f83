#pragma once

#include <asmjit/asmjit.h>

#include <cstdint>
#include <map>

#include "tenon/backends/cpu/tile/jit/pass_form.h"

namespace tenon::cpu::jit {

using asmjit::Operand;
using asmjit::x86::Gp;
using asmjit::x86::Mem;
using asmjit::x86::Vec;
using Comparison = asmjit::x86::VCmpImm;

/// One truth value per lane.
struct Mask {
  asmjit::x86::Reg reg;
};

/// Vectors of floats as virtual registers of AsmJit's compiler, with one vocabulary for AVX2 and
/// AVX-512. Each method emits one or a few instructions; results are new registers.
class Vectors {
 public:
  Vectors(asmjit::x86::Compiler& compiler, VectorSet set) : cc(compiler), set_(set) {}

  asmjit::x86::Compiler& cc;

  bool is_wide() const { return set_ == VectorSet::kAvx512; }
  size_t lanes() const { return lanes_of(set_); }
  size_t bytes() const { return lanes() * 4; }

  Vec fresh() { return is_wide() ? Vec(cc.newZmmPs()) : Vec(cc.newYmmPs()); }
  Vec copy(const Vec& x);
  /// A constant as an operand in memory: for the last operand of an instruction.
  Mem constant(float value);
  Mem bits(uint32_t value);
  /// A constant in a register, loaded before the loops.
  Vec held(float value);
  /// Where `held` loads: behind what has been emitted so far.
  void hold_here() { holds_ = cc.cursor(); }

  Vec op(asmjit::x86::Inst::Id id, const Vec& x);
  Vec op(asmjit::x86::Inst::Id id, const Vec& x, const Operand& y);
  /// With AVX-512 alone: computed in the lanes of the mask only, 0 in the others.
  Vec op_where(const Mask& mask, asmjit::x86::Inst::Id id, const Vec& x, const Operand& y);
  Vec add(const Vec& x, const Operand& y);
  Vec sub(const Vec& x, const Operand& y);
  Vec mul(const Vec& x, const Operand& y);
  Vec div(const Vec& x, const Operand& y);
  /// The second operand where one is NaN.
  Vec min(const Vec& x, const Operand& y);
  Vec max(const Vec& x, const Operand& y);
  Vec bit_and(const Vec& x, const Operand& y);
  Vec bit_or(const Vec& x, const Operand& y);
  Vec bit_xor(const Vec& x, const Operand& y);
  Vec sqrt(const Vec& x);
  Vec round(const Vec& x, asmjit::x86::RoundImm mode);
  Vec abs(const Vec& x);
  Vec neg(const Vec& x);
  Vec copy_sign(const Vec& magnitude, const Vec& sign);

  /// x y + z and z - x y, rounded once.
  Vec multiply_add(const Vec& x, const Operand& y, const Vec& z);
  Vec multiply_add(const Vec& x, const Vec& y, const Mem& z);
  Vec negative_multiply_add(const Vec& x, const Operand& y, const Vec& z);

  /// Lanes as 32-bit integers.
  Vec add_whole(const Vec& x, const Operand& y);
  Vec sub_whole(const Vec& x, const Operand& y);
  Vec shift_left(const Vec& x, int bits);
  Vec shift_right(const Vec& x, int bits);

  Mask compare(const Vec& x, const Operand& y, Comparison comparison);
  Mask is_nan(const Vec& x) { return compare(x, x, Comparison::kUNORD_Q); }
  Mask both(const Mask& x, const Mask& y);
  Mask either(const Mask& x, const Mask& y);
  Mask differ(const Mask& x, const Mask& y);
  Mask no_lane();
  Vec choose(const Mask& mask, const Vec& yes, const Vec& no);
  /// The constant, or 0.
  Vec where(const Mask& mask, float value);
  Vec where_bits(const Mask& mask, uint32_t value);
  /// The mask of the first `count` lanes, at most all of them.
  Mask first(const Gp& count);
  Mask first(size_t count);
  /// All lanes if the mask has one, else none.
  Mask any(const Mask& mask);

  /// Keeps what `into` has in lanes beyond the mask, when there is a mask.
  void accumulate(asmjit::x86::Inst::Id id, const Vec& into, const Vec& x, const Mask* lanes);

 private:
  Mask fresh_mask();

  VectorSet set_;
  asmjit::BaseNode* holds_ = nullptr;
  std::map<uint32_t, Vec> held_;
};

}  // namespace tenon::cpu::jit
