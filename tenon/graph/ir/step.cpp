#include "tenon/graph/ir/step.h"

#include <algorithm>

namespace tenon::graph {

Kernel kernel_of(const OpDef& op) {
  return static_cast<int>(op.id) < kOpCount ? find_kernel(op.id, kCpu)
                                            : op.custom_kernels[kCpu.type];
}

Step step_of(const Record& record) {
  Step step;
  step.kind = record.kind;
  step.op = record.op;
  step.inputs = record.inputs;
  step.outputs = record.outputs;
  if (record.kind == Record::Kind::kKernel) {
    step.kernel = kernel_of(*record.op);
    step.attributes = record.attributes;
    step.attribute_count = record.attribute_count;
    return step;
  }
  step.program = record.program;
  step.computed = record.computed;
  step.row_mask = record.row_mask;
  step.space_rank = record.space_rank;
  step.space = record.space;
  step.reversed_rows = record.op && record.op->reversed_rows;
  step.random = record.random;
  step.draw = record.scalars + record.scalar_count;
  for (uint32_t i = 0; i < record.scalar_count; ++i) step.scalars.push_back(record.scalars + i);
  for (size_t i = 0; i < record.inputs.size(); ++i) {
    step.inputs_lack_rows.push_back(record.op && (record.op->row_inputs >> i & 1));
  }
  for (const Operand& output : record.outputs) {
    step.outputs_lack_rows.push_back(record.row_mask != 0 && output.rank < record.space_rank);
  }
  return step;
}

bool is_elementwise(const Step& step) {
  return step.kind == Record::Kind::kTile && step.row_mask == 0 && !step.random &&
         !step.reversed_rows && !step.program.schedule().needs_row &&
         !step.program.schedule().needs_linear_index;
}

namespace {

/// Whether another result than `output` is input `i` as it is: kernels point at what they load, so
/// that it is read when that result is written, maybe after `output` was.
bool hands_on(const Step& step, size_t i, const Operand& output) {
  const auto& code = step.program.instructions();
  return std::any_of(code.begin(), code.end(), [&](const tile::Instruction& store) {
    return store.op == tile::Op::kStore && code[store.a].op == tile::Op::kLoad &&
           code[store.a].slot == i && step.outputs[store.slot].slot != output.slot;
  });
}

}  // namespace

bool reads_in_order(const Step& step, uint32_t slot, const Operand& output,
                    std::span<const int64_t> dims) {
  const int64_t* const sizes = dims.data() + output.dims;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    const Operand& input = step.inputs[i];
    if (input.value == kNoValue || input.slot != slot) continue;
    if (!input.natural || input.dtype != output.dtype || input.rank != output.rank ||
        step.inputs_lack_rows[i] || hands_on(step, i, output) ||
        !std::equal(sizes, sizes + output.rank, dims.data() + input.dims)) {
      return false;
    }
    for (const tile::Instruction& instruction : step.program.instructions()) {
      const bool elsewhere =
          instruction.op == tile::Op::kLoadIndex || instruction.op == tile::Op::kPick;
      if (elsewhere && instruction.slot == i) return false;
    }
  }
  return true;
}

bool can_run_by_blocks(const Step& product, const Step& tile) {
  const bool is_product = product.kind == Record::Kind::kKernel && product.op &&
                          (product.op->id == OpId::kMatmul || product.op->id == OpId::kLinear) &&
                          product.attribute_count == 0 && product.constants.empty() &&
                          product.outputs.size() == 1;
  if (!is_product || !is_elementwise(tile)) return false;
  const Operand& made = product.outputs[0];
  if (!made.natural || made.rank < 2 || made.rank != tile.space_rank) return false;
  const auto is_all_of_it = [&](const Operand& operand) {
    return operand.natural && operand.rank == made.rank && operand.dtype == made.dtype &&
           operand.broadcast == 0;
  };
  bool reads = false;
  for (const Operand& input : tile.inputs) {
    if (input.value == kNoValue || input.slot != made.slot) continue;
    if (input.value != made.value || !is_all_of_it(input)) return false;
    reads = true;
  }
  for (const Operand& output : tile.outputs) {
    if (output.slot == made.slot && !is_all_of_it(output)) return false;
    for (const Operand& input : product.inputs) {
      if (input.value != kNoValue && input.slot == output.slot) return false;
    }
  }
  return reads;
}

}  // namespace tenon::graph
