#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tenon/core/tensor.h"

namespace tenon::autograd {

/// Gives a tensor that was saved for a gradient back: of the sizes, the dtype and on the device
/// that it had. Called in each backward pass that reads it.
using UnpackSaved = std::function<Tensor()>;
/// What is kept in place of a tensor that is saved for a gradient. It is called with another handle
/// on the tensor's elements, without history, which it must not write; nothing is recorded in it,
/// nor in what it gives.
using PackSaved = std::function<UnpackSaved(const Tensor&)>;

/// Within its life, what the calling thread's ops, custom functions and checkpoints save for their
/// gradients is what `pack` makes of it; of several such, the innermost. Compiled functions call
/// it, too, in each call that runs their code.
///
///     const autograd::SavedTensorsHooks hooks([](const Tensor& saved) {
///       return [half = saved.to(kBFloat16), dtype = saved.dtype()] { return half.to(dtype); };
///     });
///
/// Throws AutogradError where such hooks are disabled.
class TENON_API SavedTensorsHooks {
 public:
  explicit SavedTensorsHooks(PackSaved pack);
  ~SavedTensorsHooks();
  SavedTensorsHooks(const SavedTensorsHooks&) = delete;
  SavedTensorsHooks& operator=(const SavedTensorsHooks&) = delete;
};

/// The same in two calls, for hosts whose blocks aren't C++'s.
TENON_API void push_saved_tensors_hooks(PackSaved pack);
TENON_API void pop_saved_tensors_hooks();

/// Makes hooks of the calling thread an error with this message, until it is set to nothing; gives
/// what was set before. Throws AutogradError with the message where there are hooks already.
TENON_API std::optional<std::string> disable_saved_tensors_hooks(
    std::optional<std::string> message);

}  // namespace tenon::autograd
