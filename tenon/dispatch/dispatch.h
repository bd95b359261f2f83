#pragma once

#include <span>
#include <vector>

#include "tenon/dispatch/call.h"
#include "tenon/dispatch/op_def.h"

namespace tenon {

/// The one door to every kernel: types the results, allocates them, runs the op on its device, and
/// records it for backward where a gradient is wanted.
TENON_API void dispatch(const Call& call, std::span<Tensor> outputs);
/// For ops with one result.
TENON_API Tensor dispatch(const Call& call);
/// For ops that return a list.
TENON_API std::vector<Tensor> dispatch_list(const Call& call);
/// Runs the op and writes its result into `self` (its first input), which keeps sizes and dtype.
TENON_API const Tensor& dispatch_inplace(const Call& call, const Tensor& self);

/// Makes `outputs`, which somebody else computed, results of the call for backward, where a
/// gradient is wanted.
void record(const Call& call, std::span<Tensor> outputs);

/// A 0-d tensor of `value` on `like`'s device, of the dtype that `like op value` computes in;
/// integers wrap around in smaller ones.
TENON_API Tensor scalar_like(Scalar value, const Tensor& like);
/// The number as an operand of `op` beside `like`: `scalar_like`, but factors, divisors and weights
/// stay float32 beside halves, which are computed with in float32 (a loss's scale is beyond
/// float16), integers beyond `like`'s range stay whole where the op computes in floats, and what is
/// written into `like` is of its dtype. Throws ValueError where that can't hold it, or a `where` of
/// integers.
TENON_API Tensor operand_of(OpId op, Scalar value, const Tensor& like);

/// How autograd takes part; it sets these at load time.
struct Recorder {
  /// Makes `outputs` results of `call` in the backward graph.
  void (*record)(const Call& call, std::span<Tensor> outputs);
  /// Throws when `self` may not be written in place.
  void (*check_inplace)(const Call& call, const Tensor& self);
  /// As `record`, for a call that wrote into `self`; `original` is its value before the call where
  /// the op saves it, else undefined.
  void (*record_inplace)(const Call& call, const Tensor& original, const Tensor& self);
};
TENON_API void set_recorder(const Recorder* recorder);

}  // namespace tenon
