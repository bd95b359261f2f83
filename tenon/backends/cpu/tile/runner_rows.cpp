// What happens once per row (per column of a group, in column mode), between the sweeps.
#include <algorithm>
#include <cstring>

#include "tenon/backends/cpu/tile/accumulate.h"
#include "tenon/backends/cpu/tile/runner.h"
#include "tenon/backends/cpu/tile/strided.h"

namespace tenon::cpu {

using tile::Compute;
using tile::Family;
using tile::Instruction;
using tile::Kind;
using tile::Op;

char* Runner::row_value(const Group& group, uint16_t value) const {
  if (schedule_.kinds[value] == Kind::kUniform) return values_[value];
  return group.rows + schedule_.row_numbers[value] * plan_.row_bytes;
}

void Runner::run_prologue(const Group& group) {
  for (uint16_t i : schedule_.row_prologue) run_row_step(i, group, nullptr);
  for (uint16_t scan : schedule_.scans) {
    char* carry = group.carry + schedule_.state_numbers[scan] * plan_.row_bytes;
    const Op start = code_[scan].op == Op::kRowCumsum ? Op::kRowSum : Op::kRowProd;
    start_reduction(start, plan_.compute, carry, plan_.columns, plan_.columns);
  }
}

void Runner::finish_pass(size_t pass, const Group& group, const char* states) {
  for (uint16_t i : schedule_.passes[pass].row_steps) run_row_step(i, group, states);
}

void Runner::run_row_step(uint16_t i, const Group& group, const char* states) {
  const Instruction& instruction = code_[i];
  if (instruction.op == Op::kStore) return store_row(i, group);
  char* out = row_value(group, i);
  switch (info_of(instruction.op).family) {
    case Family::kReduction:
      finish_reduction(instruction.op, plan_.compute,
                       states + schedule_.state_numbers[i] * kStateFields * plan_.row_bytes, out,
                       group.columns, plan_.columns);
      break;
    case Family::kSource:
      load_row(i, group, out);
      break;
    case Family::kIndex:
      if (instruction.op == Op::kPick) {
        pick(i, group, out);
      } else {
        plan_.kernels->load[static_cast<int>(kInt64)](row_value(group, instruction.a), out,
                                                      group.columns);
      }
      break;
    default:
      run_row_arithmetic(i, group, out);
  }
  if (plan_.expanded_bytes != 0 && schedule_.spread_rows[i]) expand(i, group);
}

void Runner::run_row_arithmetic(uint16_t i, const Group& group, char* out) {
  const Instruction& instruction = code_[i];
  const ClassKernels& k = *plan_.kernels;
  const auto uniform = [&](uint16_t v) { return schedule_.kinds[v] == Kind::kUniform; };
  const char* a = row_value(group, instruction.a);
  const char* b = row_value(group, instruction.b);
  const int op = static_cast<int>(instruction.op), arity = info_of(instruction.op).arity;
  if (arity == 3) {
    const unsigned scalars = static_cast<unsigned>(uniform(instruction.a)) |
                             static_cast<unsigned>(uniform(instruction.b)) << 1 |
                             static_cast<unsigned>(uniform(instruction.c)) << 2;
    const TernaryKernel kernel = instruction.op == Op::kSelect ? k.select : k.multiply_add;
    return kernel(a, b, row_value(group, instruction.c), out, group.columns, scalars);
  }
  if (arity == 1) b = a;
  const ElementwiseKernel kernel = arity == 2 && uniform(instruction.a)   ? k.left_scalar[op]
                                   : arity == 2 && uniform(instruction.b) ? k.right_scalar[op]
                                                                          : k.elementwise[op];
  kernel(a, b, out, group.columns);
}

void Runner::load_row(uint16_t i, const Group& group, char* out) {
  const size_t number = code_[i].slot;
  const View& view = space_.views[number];
  const int64_t stride = space_.column_mode ? view.strides[space_.across()] : 0;
  const auto columns = static_cast<int64_t>(group.columns);
  const char* from =
      data_[number] + group.offsets[number] * static_cast<int64_t>(view.element_size);
  if (stride != 1 && columns != 1) {
    copy_block(view.element_size, from, 0, stride, raw_, columns, 1, 1, columns);
    from = raw_;
  }
  const ClassKernels& kernels = code_[i].op == Op::kLoadIndex
                                    ? plan_.table->classes[static_cast<int>(Compute::kI64)]
                                    : *plan_.kernels;
  kernels.load[static_cast<int>(view.dtype)](from, out, group.columns);
}

void Runner::pick(uint16_t i, const Group& group, char* out) {
  const size_t number = code_[i].slot;
  const View& view = space_.views[number];
  const auto* index = reinterpret_cast<const int64_t*>(row_value(group, code_[i].a));
  const int last_row_dim = space_.column_mode ? space_.down() : space_.across();
  std::memset(raw_, 0, group.columns * view.element_size);
  for (size_t c = 0; c < group.columns; ++c) {
    int64_t position = index[c];
    if (position < 0 || position >= space_.row_length) continue;
    int64_t offset = group.offsets[number];
    if (space_.column_mode) offset += static_cast<int64_t>(c) * view.strides[space_.across()];
    for (int dim = last_row_dim; dim >= space_.group_rank; --dim) {
      offset += position % space_.sizes[dim] * view.strides[dim];
      position /= space_.sizes[dim];
    }
    std::memcpy(raw_ + c * view.element_size,
                data_[number] + offset * static_cast<int64_t>(view.element_size),
                view.element_size);
  }
  plan_.kernels->load[static_cast<int>(view.dtype)](raw_, out, group.columns);
}

void Runner::store_row(uint16_t i, const Group& group) {
  const size_t number = plan_.inputs + code_[i].slot;
  const View& view = space_.views[number];
  const uint16_t value = code_[i].a;
  const ClassKernels& kernels = schedule_.kinds[value] == Kind::kIndex
                                    ? plan_.table->classes[static_cast<int>(Compute::kI64)]
                                    : *plan_.kernels;
  const ConvertKernel store = kernels.store[static_cast<int>(view.dtype)];
  const int64_t stride = space_.column_mode ? view.strides[space_.across()] : 0;
  const auto columns = static_cast<int64_t>(group.columns);
  char* to = data_[number] + group.offsets[number] * static_cast<int64_t>(view.element_size);
  if (stride == 1 || columns == 1) return store(row_value(group, value), to, group.columns);
  store(row_value(group, value), raw_, group.columns);
  copy_block(view.element_size, raw_, columns, 1, to, 0, stride, 1, columns);
}

/// Repeats a row value down a full tile, so that tile steps see an operand of their own shape.
void Runner::expand(uint16_t i, const Group& group) {
  const uint16_t number = schedule_.row_numbers[i];
  const char* from = group.rows + number * plan_.row_bytes;
  char* to = group.expanded + number * plan_.expanded_bytes;
  const size_t bytes = group.columns * plan_.width;
  for (int64_t r = 0; r < space_.tile_rows; ++r, to += bytes) std::memcpy(to, from, bytes);
}

}  // namespace tenon::cpu
