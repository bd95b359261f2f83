#pragma once

#include <span>

#include "tenon/dispatch/backend.h"
#include "tenon/dispatch/op_def.h"

namespace tenon {

/// How a call of a tile op runs: what it computes in, over which space, with which results.
struct TileCall {
  DType computed = kFloat32;  ///< the promoted dtype of the inputs
  Shape space;                ///< what the inputs that are not row inputs broadcast to
  uint64_t row_mask = 0;      ///< dims of `space` that belong to the row
  Specs results;
  int variant = 0;
};

/// The dtype that a tile op computes in. Throws DTypeError where the op doesn't accept it.
DType computed_dtype(const Call& call);
/// The dtype of a result by its rule.
DType result_dtype(ResultDType rule, DType computed);
/// Writes the call's numeric attributes, in order, and returns how many there are.
size_t collect_scalars(const Call& call, std::span<tile::Scalar64> scalars);

/// Types a call of a tile op. Throws DTypeError, ShapeError.
TileCall type_tile_call(const Call& call);
/// Runs it into `outputs`, which have the sizes of `results`, any strides and any real dtype.
void run_tile_call(const Call& call, const TileCall& typed, std::span<const Tensor> outputs);

/// How a run over the call's space reads or writes `tensor`: its memory, its strides in launch
/// order. `lacks_rows`: it has no row dims. Throws ShapeError naming `call` where it doesn't
/// broadcast.
void describe_operand(std::string_view call, const Tensor& tensor, const TileCall& typed,
                      bool lacks_rows, bool reversed_rows, tile::Operand& operand);
/// Writes the space's sizes in launch order: those of kept dims first, then those of the row.
void in_launch_order(const Shape& sizes, uint64_t row_mask, InlineVector<int64_t, 8>& out);
/// Whether result `i` of the call has no row dims.
bool result_lacks_rows(const TileCall& typed, const Shape& sizes);

/// Seed and offset of the random numbers that a call draws.
struct Draw {
  uint64_t seed = 0;
  uint64_t offset = 0;
};
/// Of a call that draws `count` of them; its generator moves on.
Draw draw_numbers(const Call& call, uint64_t count);
inline bool draws_numbers(const OpDef& op) { return op.uses_generator || op.seed_attribute >= 0; }

/// The compute class of a dtype; see tile/program.h.
constexpr tile::Compute compute_of(DType dtype) {
  if (dtype == kFloat64) return tile::Compute::kF64;
  if (is_floating(dtype)) return tile::Compute::kF32;
  return dtype == kUInt64 ? tile::Compute::kU64 : tile::Compute::kI64;
}

}  // namespace tenon
