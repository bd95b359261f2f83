#pragma once

#include <span>

#include "tenon/base/small_array.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/op_def.h"

namespace tenon {

/// Sets the mode alone within its life: autocast's dtype, or kFloat32 to turn it off. For what runs
/// an op's parts or its gradient.
class AutocastMode {
 public:
  explicit AutocastMode(DType dtype) : previous_(modes().autocast) { modes().autocast = dtype; }
  ~AutocastMode() { modes().autocast = previous_; }
  AutocastMode(const AutocastMode&) = delete;
  AutocastMode& operator=(const AutocastMode&) = delete;

 private:
  DType previous_;
};

/// Whether autocast may cast the call's inputs.
inline bool is_cast(const Call& call, const Modes& modes) {
  return modes.autocast != kFloat32 && call.op.cast_policy > CastPolicy::kAsGiven;
}

/// The inputs of a call as its op's CastPolicy wants them; made while autocast is on.
class CastInputs {
 public:
  explicit CastInputs(const Call& call);
  operator std::span<const Tensor* const>() const { return inputs_; }

 private:
  void cast(size_t i, DType dtype);

  SmallArray<const Tensor*, 4> inputs_;
  SmallArray<Tensor, 4> casts_;
};

}  // namespace tenon
