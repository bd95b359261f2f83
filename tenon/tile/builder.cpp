#include "tenon/tile/builder.h"

#include <fmt/format.h>

#include <utility>

#include "tenon/base/error.h"

namespace tenon::tile {

Value TileBuilder::source(Op op, int slot) {
  if (slot < 0 || slot > 0xfff) {
    fail<ValueError>("tile program", fmt::format("{}: expected a number in [0, 4095], got {}",
                                                 info_of(op).name, slot));
  }
  const Value value = add_op(op, {});
  instructions_.back().slot = static_cast<uint16_t>(slot);
  return value;
}

Value TileBuilder::add_op(Op op, Value a, Value b, Value c) {
  const Value value{static_cast<uint16_t>(instructions_.size())};
  Instruction instruction{.op = op};
  const int arity = info_of(op).arity;
  if (arity > 0) instruction.a = a.id;
  if (arity > 1) instruction.b = b.id;
  if (arity > 2) instruction.c = c.id;
  instructions_.push_back(instruction);
  return value;
}

Value TileBuilder::constant(double value) {
  const Value result = add_op(Op::kConstant, {});
  const bool fits = value >= -0x1p63 && value < 0x1p63;
  instructions_.back().constant = value;
  instructions_.back().integer = fits        ? static_cast<int64_t>(value)
                                 : value > 0 ? INT64_MAX
                                 : value < 0 ? INT64_MIN
                                             : 0;
  return result;
}

Value TileBuilder::constant_integer(int64_t value) {
  const Value result = add_op(Op::kConstant, {});
  instructions_.back().constant = static_cast<double>(value);
  instructions_.back().integer = value;
  return result;
}

Value TileBuilder::pick(int input, Value index) {
  const Value result = source(Op::kPick, input);
  instructions_.back().a = index.id;
  return result;
}

Moments TileBuilder::row_welford(Value x) {
  const Value mean = add_op(Op::kRowMean, x);
  return {mean, add_op(Op::kRowVariance, mean)};
}

void TileBuilder::store(int output, Value x) {
  source(Op::kStore, output);
  instructions_.back().a = x.id;
}

Value TileBuilder::keep(Value x) {
  if (x.id < instructions_.size()) instructions_[x.id].keep = true;
  return x;
}

Program TileBuilder::finish() {
  return Program::from_instructions(std::exchange(instructions_, {}));
}

}  // namespace tenon::tile
