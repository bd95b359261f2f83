#include "tenon/dispatch/autocast.h"

#include <fmt/format.h>

#include <unordered_map>

#include "tenon/base/error.h"
#include "tenon/dispatch/autocast_internal.h"
#include "tenon/dispatch/dispatch.h"

namespace tenon {
namespace {

/// A parameter and its value in the lower dtype. Only the value is kept: each use gets a history of
/// its own, so that a backward which frees one doesn't free the others'.
struct KeptCast {
  Tensor source;               // held, so that no other tensor can have its address
  Intrusive<Storage> storage;  // its own may be replaced
  uint32_t writes = 0;
  Tensor value;
};

/// What the guards of a thread share.
struct Region {
  int guards = 0;
  std::unordered_map<const TensorImpl*, KeptCast> casts;
};

Region& region() {
  static thread_local Region instance;
  return instance;
}

bool is_half(DType dtype) { return dtype == kFloat16 || dtype == kBFloat16; }

/// Whether many ops of a region are likely to use the tensor unchanged.
bool is_parameter(const Tensor& tensor) {
  return tensor.requires_grad() && tensor.is_leaf() && tensor.dtype() == kFloat32 &&
         !tensor.impl()->base;
}

Tensor converted(const Tensor& tensor, DType dtype) {
  const Tensor* const inputs[] = {&tensor};
  const Attribute attributes[] = {Attribute(dtype)};
  return dispatch(Call{op_definition(OpId::kToDtype), inputs, attributes});
}

Tensor converted_parameter(const Tensor& parameter, DType dtype) {
  KeptCast& kept = region().casts[parameter.impl()];
  const Intrusive<Storage>& storage = parameter.impl()->storage;
  const bool fits = kept.value.defined() && kept.value.dtype() == dtype &&
                    kept.storage == storage && kept.writes == storage->writes() &&
                    kept.value.impl()->inference == modes().inference;
  if (!fits) {
    kept.value = Tensor();
    const NoGrad no_grad;
    kept = {parameter, storage, storage->writes(), converted(parameter, dtype)};
  }
  Tensor result = new_alias(kept.value);
  result.impl()->inference = modes().inference;
  const Tensor* const inputs[] = {&parameter};
  const Attribute attributes[] = {Attribute(dtype)};
  record(Call{op_definition(OpId::kToDtype), inputs, attributes}, {&result, 1});
  return result;
}

/// The dtype that the policy gives the floating inputs; kBool where they stay.
DType wanted_dtype(const Call& call) {
  DType widest = kFloat16;
  bool any = false;
  for (const Tensor* input : call.inputs) {
    if (!input->defined() || !is_differentiable(input->dtype())) continue;
    widest = any ? promote(widest, input->dtype()) : input->dtype();
    any = true;
  }
  if (!any || is_complex(widest)) return kBool;
  switch (call.op.cast_policy) {
    case CastPolicy::kLower:
      return widest == kFloat64 ? kBool : modes().autocast;
    case CastPolicy::kFloat32:
      return widest == kFloat64 ? kBool : kFloat32;
    case CastPolicy::kPromote:
      return widest;
    case CastPolicy::kUnstated:
    case CastPolicy::kAsGiven:
      return kBool;
  }
  __builtin_unreachable();
}

}  // namespace

Autocast::Autocast(DType dtype, bool enabled) : previous_(modes().autocast) {
  if (!is_half(dtype)) {
    fail<DTypeError>("Autocast",
                     fmt::format("expected bfloat16 or float16, got {}", name_of(dtype)));
  }
  ++region().guards;
  modes().autocast = enabled ? dtype : kFloat32;
}

Autocast::~Autocast() {
  modes().autocast = previous_;
  if (--region().guards == 0) region().casts.clear();
}

CastInputs::CastInputs(const Call& call) {
  inputs_.allocate(call.inputs.size());
  casts_.allocate(call.inputs.size());
  const DType dtype = wanted_dtype(call);
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    const Tensor& input = call.input(i);
    inputs_[i] = &input;
    if (dtype == kBool || !input.defined() || !is_floating(input.dtype()) ||
        input.dtype() == dtype) {
      continue;
    }
    casts_[i] = is_half(dtype) && is_parameter(input) ? converted_parameter(input, dtype)
                                                      : converted(input, dtype);
    inputs_[i] = &casts_[i];
  }
}

}  // namespace tenon
