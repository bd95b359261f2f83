#include "tenon/backends/cpu/tile/jit/vectors.h"

#if defined(__x86_64__)

#include <algorithm>
#include <bit>

namespace tenon::cpu::jit {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;

namespace {

constexpr uint32_t kSignBit = 0x80000000u;

const x86::KReg& mask_register(const Mask& mask) { return mask.reg.as<x86::KReg>(); }
const Vec& mask_vector(const Mask& mask) { return mask.reg.as<Vec>(); }

}  // namespace

Vec Vectors::copy(const Vec& x) {
  const Vec y = fresh();
  cc.vmovaps(y, x);
  return y;
}

Mem Vectors::constant(float value) { return bits(std::bit_cast<uint32_t>(value)); }

Mem Vectors::bits(uint32_t value) {
  if (is_wide()) return cc.newConst(asmjit::ConstPoolScope::kLocal, &value, 4)._1to16();
  const uint32_t lanes[8] = {value, value, value, value, value, value, value, value};
  return cc.newConst(asmjit::ConstPoolScope::kLocal, lanes, sizeof lanes);
}

Vec Vectors::held(float value) {
  const auto key = std::bit_cast<uint32_t>(value);
  if (const auto found = held_.find(key); found != held_.end()) return found->second;
  const Vec x = fresh();
  asmjit::BaseNode* here = cc.setCursor(holds_);
  cc.vbroadcastss(x, cc.newConst(asmjit::ConstPoolScope::kLocal, &value, 4));
  const bool at_end = here == holds_;
  holds_ = cc.cursor();
  if (!at_end) cc.setCursor(here);
  held_.emplace(key, x);
  return x;
}

Vec Vectors::op(Inst::Id id, const Vec& x) {
  const Vec out = fresh();
  cc.emit(id, out, x);
  return out;
}

Vec Vectors::op(Inst::Id id, const Vec& x, const Operand& y) {
  const Vec out = fresh();
  cc.emit(id, out, x, y);
  return out;
}

Vec Vectors::op_where(const Mask& mask, Inst::Id id, const Vec& x, const Operand& y) {
  const Vec out = fresh();
  cc.k(mask_register(mask)).z().emit(id, out, x, y);
  return out;
}

Vec Vectors::add(const Vec& x, const Operand& y) { return op(Inst::kIdVaddps, x, y); }
Vec Vectors::sub(const Vec& x, const Operand& y) { return op(Inst::kIdVsubps, x, y); }
Vec Vectors::mul(const Vec& x, const Operand& y) { return op(Inst::kIdVmulps, x, y); }
Vec Vectors::div(const Vec& x, const Operand& y) { return op(Inst::kIdVdivps, x, y); }
Vec Vectors::min(const Vec& x, const Operand& y) { return op(Inst::kIdVminps, x, y); }
Vec Vectors::max(const Vec& x, const Operand& y) { return op(Inst::kIdVmaxps, x, y); }
Vec Vectors::bit_and(const Vec& x, const Operand& y) { return op(Inst::kIdVandps, x, y); }
Vec Vectors::bit_or(const Vec& x, const Operand& y) { return op(Inst::kIdVorps, x, y); }
Vec Vectors::bit_xor(const Vec& x, const Operand& y) { return op(Inst::kIdVxorps, x, y); }
Vec Vectors::sqrt(const Vec& x) { return op(Inst::kIdVsqrtps, x); }
Vec Vectors::abs(const Vec& x) { return bit_and(x, bits(~kSignBit)); }
Vec Vectors::neg(const Vec& x) { return bit_xor(x, bits(kSignBit)); }

Vec Vectors::round(const Vec& x, x86::RoundImm mode) {
  const auto how = static_cast<uint32_t>(mode) | static_cast<uint32_t>(x86::RoundImm::kSuppress);
  const Vec out = fresh();
  cc.emit(is_wide() ? Inst::kIdVrndscaleps : Inst::kIdVroundps, out, x, asmjit::imm(how));
  return out;
}

Vec Vectors::copy_sign(const Vec& magnitude, const Vec& sign) {
  return bit_or(abs(magnitude), bit_and(sign, bits(kSignBit)));
}

Vec Vectors::multiply_add(const Vec& x, const Operand& y, const Vec& z) {
  const Vec sum = copy(z);
  cc.emit(Inst::kIdVfmadd231ps, sum, x, y);
  return sum;
}

Vec Vectors::multiply_add(const Vec& x, const Vec& y, const Mem& z) {
  const Vec sum = copy(x);
  cc.vfmadd213ps(sum, y, z);
  return sum;
}

Vec Vectors::negative_multiply_add(const Vec& x, const Operand& y, const Vec& z) {
  const Vec sum = copy(z);
  cc.emit(Inst::kIdVfnmadd231ps, sum, x, y);
  return sum;
}

Vec Vectors::add_whole(const Vec& x, const Operand& y) { return op(Inst::kIdVpaddd, x, y); }
Vec Vectors::sub_whole(const Vec& x, const Operand& y) { return op(Inst::kIdVpsubd, x, y); }
Vec Vectors::shift_left(const Vec& x, int bits) {
  return op(Inst::kIdVpslld, x, asmjit::imm(bits));
}
Vec Vectors::shift_right(const Vec& x, int bits) {
  return op(Inst::kIdVpsrld, x, asmjit::imm(bits));
}

Mask Vectors::fresh_mask() {
  if (is_wide()) return {cc.newKw()};
  return {fresh()};
}

Mask Vectors::compare(const Vec& x, const Operand& y, Comparison comparison) {
  const Mask mask = fresh_mask();
  cc.emit(Inst::kIdVcmpps, mask.reg, x, y, asmjit::imm(static_cast<uint32_t>(comparison)));
  return mask;
}

Mask Vectors::both(const Mask& x, const Mask& y) {
  const Mask mask = fresh_mask();
  cc.emit(is_wide() ? Inst::kIdKandw : Inst::kIdVandps, mask.reg, x.reg, y.reg);
  return mask;
}

Mask Vectors::either(const Mask& x, const Mask& y) {
  const Mask mask = fresh_mask();
  cc.emit(is_wide() ? Inst::kIdKorw : Inst::kIdVorps, mask.reg, x.reg, y.reg);
  return mask;
}

Mask Vectors::differ(const Mask& x, const Mask& y) {
  const Mask mask = fresh_mask();
  cc.emit(is_wide() ? Inst::kIdKxorw : Inst::kIdVxorps, mask.reg, x.reg, y.reg);
  return mask;
}

Mask Vectors::no_lane() {
  const Mask mask = fresh_mask();
  cc.emit(is_wide() ? Inst::kIdKxorw : Inst::kIdVxorps, mask.reg, mask.reg, mask.reg);
  return mask;
}

Vec Vectors::choose(const Mask& mask, const Vec& yes, const Vec& no) {
  const Vec out = fresh();
  if (is_wide()) {
    cc.k(mask_register(mask)).vblendmps(out, no, yes);
  } else {
    cc.vblendvps(out, no, yes, mask_vector(mask));
  }
  return out;
}

Vec Vectors::where(const Mask& mask, float value) {
  return where_bits(mask, std::bit_cast<uint32_t>(value));
}

Vec Vectors::where_bits(const Mask& mask, uint32_t value) {
  if (!is_wide()) return bit_and(mask_vector(mask), bits(value));
  const Vec out = fresh();
  cc.k(mask_register(mask))
      .z()
      .vbroadcastss(out, cc.newConst(asmjit::ConstPoolScope::kLocal, &value, 4));
  return out;
}

Mask Vectors::first(const Gp& count) {
  const Gp word = cc.newGpq();
  if (is_wide()) {
    const Mask mask = fresh_mask();
    cc.mov(word, 0xffff);
    cc.bzhi(word, word, count);
    cc.kmovw(mask_register(mask), word.r32());
    return mask;
  }
  constexpr int32_t kTable[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  const Mem table = cc.newConst(asmjit::ConstPoolScope::kLocal, kTable, sizeof kTable);
  const Gp back = cc.newGpq();
  cc.lea(word, table);
  cc.mov(back, 8);
  cc.sub(back, count);
  const Mask mask = fresh_mask();
  cc.vmovups(mask_vector(mask), x86::ptr(word, back, 2));
  return mask;
}

Mask Vectors::first(size_t count) {
  const Mask mask = fresh_mask();
  if (is_wide()) {
    const Gp word = cc.newGpd();
    cc.mov(word, (1u << count) - 1);
    cc.kmovw(mask_register(mask), word);
  } else {
    int32_t lanes[8] = {};
    std::fill_n(lanes, count, -1);
    cc.vmovups(mask_vector(mask), cc.newConst(asmjit::ConstPoolScope::kLocal, lanes, sizeof lanes));
  }
  return mask;
}

Mask Vectors::any(const Mask& mask) {
  const Gp word = cc.newGpd(), all = cc.newGpd();
  if (is_wide()) {
    cc.kmovw(word, mask_register(mask));
  } else {
    cc.vmovmskps(word, mask_vector(mask));
  }
  cc.xor_(all, all);
  cc.neg(word);  // carries unless it is 0
  cc.sbb(all, all);
  const Mask result = fresh_mask();
  if (is_wide()) {
    cc.kmovw(mask_register(result), all);
  } else {
    const x86::Xmm one = cc.newXmm();
    cc.vmovd(one, all);
    cc.vpbroadcastd(mask_vector(result), one);
  }
  return result;
}

void Vectors::accumulate(Inst::Id id, const Vec& into, const Vec& x, const Mask* lanes) {
  if (lanes != nullptr && is_wide()) {
    cc.k(mask_register(*lanes)).emit(id, into, into, x);
  } else if (lanes != nullptr) {
    const Vec next = op(id, into, x);
    cc.vblendvps(into, into, next, mask_vector(*lanes));
  } else {
    cc.emit(id, into, into, x);
  }
}

}  // namespace tenon::cpu::jit

#endif
