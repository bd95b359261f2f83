#include "tenon/backends/cpu/tile/jit/memory.h"

#if defined(__x86_64__)

#include <bit>

namespace tenon::cpu::jit {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;

Mem Place::at(size_t element_size) const {
  const auto bytes = static_cast<int32_t>(offset * static_cast<int64_t>(element_size));
  if (!i.isValid()) return x86::ptr(base, bytes);
  return x86::ptr(base, i, static_cast<uint32_t>(std::countr_zero(element_size)), bytes);
}

namespace {

x86::KReg mask_register(const Rest& rest) { return rest.lanes.reg.as<x86::KReg>(); }

/// Copies the rest's elements one by one, between memory and the scratch: AVX2 has masked access to
/// words of 4 and 8 bytes only.
void copy_rest(Vectors& v, size_t element_size, const Place& place, const Rest& rest,
               bool to_memory) {
  auto& cc = v.cc;
  const Gp k = cc.newGpq(), at = cc.newGpq(), element = cc.newGpd();
  const auto shift = static_cast<uint32_t>(std::countr_zero(element_size));
  Mem scratch = rest.scratch;
  scratch.setIndex(k, shift);
  const Mem memory = x86::ptr(place.base, at, shift);
  const asmjit::Label next = cc.newLabel();
  cc.xor_(k.r32(), k.r32());
  if (place.i.isValid()) {
    cc.lea(at, x86::ptr(place.i, static_cast<int32_t>(place.offset)));
  } else {
    cc.mov(at, place.offset);
  }
  cc.bind(next);
  const Mem from = to_memory ? scratch : memory, to = to_memory ? memory : scratch;
  if (element_size == 1) {
    cc.movzx(element, from.cloneResized(1));
    cc.mov(to, element.r8());
  } else {
    cc.movzx(element, from.cloneResized(2));
    cc.mov(to, element.r16());
  }
  cc.inc(at);
  cc.inc(k);
  cc.cmp(k, rest.count);
  cc.jb(next);
}

/// Emits `id`, which reads elements of a size; beyond the rest it gives zeros or anything.
Vec load_with(Vectors& v, Inst::Id id, size_t element_size, const Place& place, const Rest* rest) {
  const Vec out = v.fresh();
  if (rest == nullptr) {
    v.cc.emit(id, out, place.at(element_size));
  } else if (v.is_wide()) {
    v.cc.k(mask_register(*rest)).z().emit(id, out, place.at(element_size));
  } else if (element_size == 4) {
    v.cc.vmaskmovps(out, rest->lanes.reg.as<Vec>(), place.at(4));
    if (id != Inst::kIdVmovups) v.cc.emit(id, out, out);
  } else {
    copy_rest(v, element_size, place, *rest, false);
    v.cc.emit(id, out, rest->scratch);
  }
  return out;
}

Vec load_whole(Vectors& v, Inst::Id id, size_t element_size, const Place& place, const Rest* rest) {
  const Vec whole = load_with(v, id, element_size, place, rest);
  return v.op(Inst::kIdVcvtdq2ps, whole);
}

/// Elements in the low parts of a vector's 32-bit lanes to memory.
void store_low_parts(Vectors& v, size_t element_size, const Vec& x, const Place& place,
                     const Rest* rest) {
  auto& cc = v.cc;
  const Mem to = rest != nullptr && !v.is_wide() ? rest->scratch : place.at(element_size);
  if (v.is_wide()) {
    if (rest != nullptr) cc.k(mask_register(*rest));
    cc.emit(element_size == 1 ? Inst::kIdVpmovdb : Inst::kIdVpmovdw, to, x);
    return;
  }
  const asmjit::x86::Xmm low = cc.newXmm(), high = cc.newXmm();
  cc.vextracti128(high, x, asmjit::imm(1));
  cc.vpackusdw(low, x.xmm(), high);
  if (element_size == 1) {
    cc.vpackuswb(low, low, low);
    cc.vmovq(to, low);
  } else {
    cc.vmovdqu(to, low);
  }
  if (rest != nullptr) copy_rest(v, element_size, place, *rest, true);
}

/// Rounds to nearest, ties to even; keeps NaN.
Vec bfloat16_bits(Vectors& v, const Vec& x) {
  const Vec high = v.shift_right(x, 16);
  const Vec odd = v.bit_and(high, v.bits(1));
  const Vec rounded = v.shift_right(v.add_whole(v.add_whole(x, v.bits(0x7fff)), odd), 16);
  return v.choose(v.is_nan(x), v.bit_or(high, v.bits(0x40)), rounded);
}

void store_float16(Vectors& v, const Vec& x, const Place& place, const Rest* rest) {
  auto& cc = v.cc;
  const asmjit::Imm nearest = asmjit::imm(0);
  if (rest != nullptr && v.is_wide()) {
    cc.k(mask_register(*rest)).vcvtps2ph(place.at(2), x, nearest);
  } else if (rest != nullptr) {
    cc.vcvtps2ph(rest->scratch, x, nearest);
    copy_rest(v, 2, place, *rest, true);
  } else {
    cc.vcvtps2ph(place.at(2), x, nearest);
  }
}

void store_float32(Vectors& v, const Vec& x, const Place& place, const Rest* rest) {
  if (rest == nullptr) {
    v.cc.vmovups(place.at(4), x);
  } else if (v.is_wide()) {
    v.cc.k(mask_register(*rest)).vmovups(place.at(4), x);
  } else {
    v.cc.vmaskmovps(place.at(4), rest->lanes.reg.as<Vec>(), x);
  }
}

}  // namespace

Lanes load(Vectors& v, DType dtype, const Place& place, const Rest* rest) {
  switch (dtype) {
    case kFloat32:
      return load_with(v, Inst::kIdVmovups, 4, place, rest);
    case kFloat16:
      return load_with(v, Inst::kIdVcvtph2ps, 2, place, rest);
    case kBFloat16:
      return v.shift_left(load_with(v, Inst::kIdVpmovzxwd, 2, place, rest), 16);
    case kBool: {
      // Any byte but 0 is true: as numbers so small that only their being 0 counts.
      const Vec bytes = load_with(v, Inst::kIdVpmovzxbd, 1, place, rest);
      return v.compare(v.op(Inst::kIdVcvtdq2ps, bytes), v.constant(0), Comparison::kNEQ_UQ);
    }
    case kUInt8:
      return load_whole(v, Inst::kIdVpmovzxbd, 1, place, rest);
    case kInt8:
      return load_whole(v, Inst::kIdVpmovsxbd, 1, place, rest);
    case kUInt16:
      return load_whole(v, Inst::kIdVpmovzxwd, 2, place, rest);
    case kInt16:
      return load_whole(v, Inst::kIdVpmovsxwd, 2, place, rest);
    default:  // kInt32
      return load_with(v, Inst::kIdVcvtdq2ps, 4, place, rest);
  }
}

void store(Vectors& v, DType dtype, Lanes& x, const Place& place, const Rest* rest) {
  switch (dtype) {
    case kFloat32:
      return store_float32(v, x.numbers(v), place, rest);
    case kFloat16:
      return store_float16(v, x.numbers(v), place, rest);
    case kBFloat16:
      return store_low_parts(v, 2, bfloat16_bits(v, x.numbers(v)), place, rest);
    default:  // kBool
      return store_low_parts(v, 1, v.where_bits(x.truth(v), 1), place, rest);
  }
}

void stream(Vectors& v, const Vec& x, const Place& place) { v.cc.vmovntps(place.at(4), x); }

}  // namespace tenon::cpu::jit

#endif
