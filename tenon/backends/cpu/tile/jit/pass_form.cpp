#include "tenon/backends/cpu/tile/jit/pass_form.h"

#include <bit>

namespace tenon::cpu::jit {

using tile::Op;

std::vector<uint32_t> PassForm::key() const {
  std::vector<uint32_t> words;
  const auto put = [&words](auto... values) {
    (words.push_back(static_cast<uint32_t>(values)), ...);
  };
  put(set, inputs.size(), steps.size(), outputs.size(), reductions.size());
  for (const PassInput& input : inputs) {
    put(input.dtype, input.repeated, input.fetches, input.constant.has_value(),
        std::bit_cast<uint32_t>(input.constant.value_or(0)));
  }
  for (const PassStep& step : steps) put(step.op, step.a, step.b, step.c);
  for (const PassOutput& output : outputs) {
    put(output.value, output.dtype, output.once, output.stream);
  }
  for (const PassReduction& reduction : reductions) put(reduction.op, reduction.value);
  return words;
}

std::optional<VectorSet> vector_set(std::string_view instruction_set) {
#if defined(__x86_64__)
  if (instruction_set.starts_with("avx3")) return VectorSet::kAvx512;
  if (instruction_set == "avx2") return VectorSet::kAvx2;
#endif
  (void)instruction_set;
  return std::nullopt;
}

bool can_compute(Op op) {
  if (op >= Op::kAdd && op <= Op::kLogicalXor) {
    return op != Op::kPow && op != Op::kFmod && op != Op::kRemainder && op != Op::kFloorDivide;
  }
  switch (op) {
    case Op::kLog10:
    case Op::kSin:
    case Op::kCos:
    case Op::kTan:
    case Op::kAsin:
    case Op::kAcos:
    case Op::kAtan:
    case Op::kSinh:
    case Op::kCosh:
    case Op::kErfc:
      return false;
    default:
      return (op >= Op::kNeg && op <= Op::kLogicalNot) || op == Op::kMultiplyAdd ||
             op == Op::kSelect;
  }
}

bool can_load(DType dtype) {
  switch (dtype) {
    case kFloat32:
    case kFloat16:
    case kBFloat16:
    case kBool:
    case kUInt8:
    case kInt8:
    case kUInt16:
    case kInt16:
    case kInt32:
      return true;
    default:
      return false;
  }
}

bool can_store(DType dtype) {
  return dtype == kFloat32 || dtype == kFloat16 || dtype == kBFloat16 || dtype == kBool;
}

}  // namespace tenon::cpu::jit
