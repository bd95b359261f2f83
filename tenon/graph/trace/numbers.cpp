#include "tenon/graph/trace/numbers.h"

#include <vector>

namespace tenon::graph {
namespace {

/// Whether a scalar gives what a load of a number of this dtype does.
bool converts_alike(DType dtype, DType computed) {
  if (is_complex(dtype) || is_complex(computed)) return false;
  const tile::Compute compute = compute_of(computed);
  if (tile::is_floating(compute)) return is_floating(dtype);
  return compute == tile::Compute::kI64 && !is_floating(dtype) && dtype != kUInt64;
}

bool is_only_loaded(const tile::Program& program, size_t input) {
  for (const tile::Instruction& instruction : program.instructions()) {
    const bool elsewhere =
        instruction.op == tile::Op::kLoadIndex || instruction.op == tile::Op::kPick;
    if (elsewhere && instruction.slot == input) return false;
  }
  return true;
}

}  // namespace

tile::Scalar64 value_of_number(const TensorImpl& impl) {
  return visit_dtype(impl.dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (requires { typename T::value_type; }) {
      return tile::Scalar64(0);  // complex ones are no inputs of programs
    } else {
      const T value = *reinterpret_cast<const T*>(impl.bytes());
      if constexpr (std::is_integral_v<T>) {
        return tile::Scalar64(static_cast<int64_t>(value));
      } else {
        return tile::Scalar64(static_cast<double>(value));
      }
    }
  });
}

uint64_t number_inputs(const Call& call, const tile::Program& program, DType computed) {
  uint64_t mask = 0;
  bool has_others = false;
  for (size_t i = 0; i < call.inputs.size() && i < 32; ++i) {
    if (!call.has(i)) continue;
    const TensorImpl& impl = *call.input(i).impl();
    const bool is_number = is_host_number(impl) && converts_alike(impl.dtype, computed) &&
                           !(call.op.row_inputs >> i & 1) && is_only_loaded(program, i);
    mask |= static_cast<uint64_t>(is_number) << i;
    has_others |= !is_number;
  }
  return has_others ? mask : 0;
}

const tile::Program& NumberedPrograms::of(const tile::Program& program, uint64_t mask,
                                          size_t first) {
  tile::Program& known = known_[{program.hash(), mask}];
  if (!known.empty()) return known;
  const std::span<const tile::Instruction> given = program.instructions();
  std::vector<tile::Instruction> instructions(given.begin(), given.end());
  for (tile::Instruction& instruction : instructions) {
    if (instruction.op != tile::Op::kLoad || !(mask >> instruction.slot & 1)) continue;
    const uint64_t before = mask & ((uint64_t{1} << instruction.slot) - 1);
    instruction.op = tile::Op::kScalar;
    instruction.slot =
        static_cast<uint16_t>(first + static_cast<size_t>(__builtin_popcountll(before)));
  }
  known = tile::Program::from_instructions(std::move(instructions));
  return known;
}

}  // namespace tenon::graph
