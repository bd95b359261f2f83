#include "tenon/dispatch/tile_call.h"

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/base/small_array.h"
#include "tenon/core/default_dtype.h"
#include "tenon/core/promotion.h"
#include "tenon/dispatch/tile_batch.h"

namespace tenon {
namespace {

/// Sizes with the row dims removed.
Shape without_rows(const Shape& space, uint64_t row_mask) {
  Shape kept;
  for (size_t i = 0; i < space.size(); ++i) {
    if (!(row_mask >> i & 1)) kept.push_back(space[i]);
  }
  return kept;
}

/// Writes the strides of `tensor` over the space, 0 where it broadcasts, in launch order. A tensor
/// without the row dims gets 0 there.
void write_strides(std::string_view call, const Tensor& tensor, const TileCall& typed,
                   bool lacks_rows, InlineVector<int64_t, 8>& out) {
  const size_t rank = typed.space.size();
  const int64_t *space = typed.space.data(), *sizes = tensor.sizes().data(),
                *strides = tensor.strides().data();
  size_t left = tensor.sizes().size();
  size_t next_row = rank;
  size_t next_kept = rank - static_cast<size_t>(__builtin_popcountll(typed.row_mask));
  bool fits = true;
  out.resize(rank);
  int64_t* places = out.data();
  for (size_t i = rank; i-- > 0;) {
    const bool row = typed.row_mask >> i & 1;
    int64_t stride = 0;
    if (left > 0 && !(row && lacks_rows)) {
      --left;
      fits = fits && (sizes[left] == space[i] || sizes[left] == 1);
      if (sizes[left] != 1) stride = strides[left];
    }
    places[row ? --next_row : --next_kept] = stride;
  }
  if (fits && left == 0) return;
  // Throws, with both shapes.
  broadcast_strides(call, tensor.sizes(), tensor.strides(),
                    lacks_rows ? without_rows(typed.space, typed.row_mask) : typed.space);
}

Generator& generator_of(const Call& call) {
  for (size_t i = 0; i < call.attributes.size(); ++i) {
    if (call.op.params[call.inputs.size() + i].type == ParamType::kGenerator &&
        call.attribute(i).has_value()) {
      if (auto* generator = call.get<Generator*>(i)) return *generator;
    }
  }
  return default_generator();
}

}  // namespace

void in_launch_order(const Shape& sizes, uint64_t row_mask, InlineVector<int64_t, 8>& out) {
  out.clear();
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (!(row_mask >> i & 1)) out.push_back(sizes[i]);
  }
  for (size_t i = 0; row_mask != 0 && i < sizes.size(); ++i) {
    if (row_mask >> i & 1) out.push_back(sizes[i]);
  }
}

void describe_operand(std::string_view call, const Tensor& tensor, const TileCall& typed,
                      bool lacks_rows, bool reversed_rows, tile::Operand& operand) {
  operand.data = tensor.impl()->bytes();
  operand.dtype = tensor.dtype();
  write_strides(call, tensor, typed, lacks_rows, operand.strides);
  if (!reversed_rows) return;
  int64_t last = 0;
  size_t place = typed.space.size() - static_cast<size_t>(__builtin_popcountll(typed.row_mask));
  for (size_t i = 0; i < typed.space.size(); ++i) {
    if (!(typed.row_mask >> i & 1)) continue;
    int64_t& stride = operand.strides[place++];
    last += stride * std::max<int64_t>(typed.space[i] - 1, 0);
    stride = -stride;
  }
  operand.data = static_cast<char*>(operand.data) + last * static_cast<int64_t>(tensor.itemsize());
}

bool result_lacks_rows(const TileCall& typed, const Shape& sizes) {
  return typed.row_mask != 0 && sizes.size() < typed.space.size();
}

Draw draw_numbers(const Call& call, uint64_t count) {
  if (!call.op.uses_generator) {
    return {static_cast<uint64_t>(call.get<int64_t>(call.op.seed_attribute)),
            static_cast<uint64_t>(call.get<int64_t>(call.op.offset_attribute))};
  }
  Generator& generator = generator_of(call);
  return {generator.seed(), generator.advance(count)};
}

DType result_dtype(ResultDType rule, DType computed) {
  switch (rule) {
    case ResultDType::kComputed:
      return computed;
    case ResultDType::kBool:
      return kBool;
    case ResultDType::kInt64:
      return kInt64;
    case ResultDType::kReal:
      return real_of(computed);
  }
  __builtin_unreachable();
}

DType computed_dtype(const Call& call) {
  const OpDef& op = call.op;
  Promotion promotion;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    if (!call.has(i) || (op.row_inputs >> i & 1)) continue;
    if (op.computed_in == ComputedIn::kSecondInput && i != 1) continue;
    promotion.add(call.input(i));
  }
  const DType dtype = promotion.result();
  if (!contains(op.accepted, dtype)) {
    fail<DTypeError>(op.name, fmt::format("got {}; expected one of {}; convert with to(k...)",
                                          name_of(dtype), to_string(op.accepted)));
  }
  if (op.integers == Integers::kBecomeFloat) return computed_floating(dtype);
  if (op.integers == Integers::kBecomeInt64 && !is_differentiable(dtype) && dtype != kUInt64) {
    return kInt64;
  }
  return dtype;
}

size_t collect_scalars(const Call& call, std::span<tile::Scalar64> scalars) {
  size_t count = 0;
  for (const Attribute& attribute : call.attributes) {
    if (!attribute.is_number() || count == scalars.size()) continue;
    const Scalar number = attribute.number();
    scalars[count++] =
        number.is_integer() ? tile::Scalar64(number.to_int()) : tile::Scalar64(number.to_double());
  }
  return count;
}

TileCall type_tile_call(const Call& call) {
  const OpDef& op = call.op;
  TileCall typed;
  typed.computed = computed_dtype(call);
  bool first = true;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    if (!call.has(i) || (op.row_inputs >> i & 1)) continue;
    const Shape& sizes = call.input(i).sizes();
    typed.space = first ? sizes : broadcast_shapes(op.name, typed.space, sizes);
    first = false;
  }
  if (op.variant_rule) typed.variant = op.variant_rule(call);
  if (op.shape_rule) {
    typed.results = op.shape_rule(call);
    if (first) typed.space = typed.results.values[0].sizes;  // a creation op
    if (first || op.computed_in == ComputedIn::kResult) {
      typed.computed = typed.results.values[0].dtype;
    }
  } else {
    typed.results.count = op.result_count;
    for (size_t i = 0; i < op.result_count; ++i) {
      typed.results.values[i] = {result_dtype(op.results[i], typed.computed), typed.space};
    }
  }
  if (op.row_dims) {
    // A 0-d tensor takes dim 0, which its space doesn't have.
    typed.row_mask = op.row_dims(call, typed.space) & ((uint64_t{1} << typed.space.size()) - 1);
  }
  return typed;
}

void run_tile_call(const Call& call, const TileCall& typed, std::span<const Tensor> outputs) {
  const OpDef& op = call.op;
  const tile::Program& program = op.program(typed.variant);
  SmallArray<tile::Operand, 4> inputs;
  SmallArray<tile::Operand, 2> results;
  inputs.allocate(std::max(call.inputs.size(), static_cast<size_t>(program.inputs())));
  results.allocate(outputs.size());
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    if (call.has(i)) {
      describe_operand(op.name, call.input(i), typed, op.row_inputs >> i & 1, op.reversed_rows,
                       inputs[i]);
    } else {  // the variant doesn't load it, but executors look at all strides
      inputs[i].strides.resize(typed.space.size());
    }
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    describe_operand(op.name, outputs[i], typed, result_lacks_rows(typed, outputs[i].sizes()),
                     op.reversed_rows, results[i]);
  }
  tile::Scalar64 scalars[16];
  const size_t scalar_count = collect_scalars(call, scalars);
  tile::Launch launch;
  launch.program = &program;
  launch.compute = compute_of(typed.computed);
  in_launch_order(typed.space, typed.row_mask, launch.sizes);
  launch.row_dims = __builtin_popcountll(typed.row_mask);
  launch.inputs = {inputs.data(), static_cast<size_t>(program.inputs())};
  launch.outputs = results;
  launch.scalars = {scalars, scalar_count};
  if (draws_numbers(op)) {
    uint64_t count = 1;
    for (const int64_t size : typed.space) count *= static_cast<uint64_t>(size);
    const Draw draw = draw_numbers(call, count);
    launch.seed = draw.seed;
    launch.offset = draw.offset;
  }
  const Device device = outputs[0].device();
  TileBatch* const batch = TileBatch::current();
  if (batch != nullptr && device == kCpu) return batch->add(launch, call, outputs);
  backend_of(device).run_tile(launch);
}

}  // namespace tenon
