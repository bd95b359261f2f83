#pragma once

#include <string_view>

#include "tenon/autograd/node.h"
#include "tenon/autograd/saved_tensors_hooks.h"

namespace tenon::autograd {

/// What hooks made of a tensor that was saved.
class Packed {
 public:
  /// Calls the innermost hook. Throws AutogradError, named by `call`, where it writes the tensor.
  Packed(std::string_view call, const Tensor& tensor);

  /// The tensor, without history. Throws AutogradError where it isn't like the one that was saved.
  Tensor unpack(std::string_view call) const;

 private:
  UnpackSaved unpack_;
  Spec spec_;
  Device device_;
};

/// Gives a tensor a history of one step, from which gradients go on to `edge`: what was packed
/// comes back as another tensor, and a gradient of it is one of the tensor that was saved.
void lead_to(const Tensor& tensor, const Edge& edge);

}  // namespace tenon::autograd
