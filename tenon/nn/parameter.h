#pragma once

#include "tenon/core/tensor.h"

namespace tenon::nn {

/// A tensor that a module owns, as a member: a handle like any tensor, with which a clone of the
/// module gets the clone's tensor. Made by `Module::parameter` and `Module::buffer`.
class TENON_API Parameter : public Tensor {
 public:
  Parameter() = default;
  explicit Parameter(Tensor tensor) : Tensor(std::move(tensor)) {}
  Parameter(const Parameter& other);
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(const Parameter&) = default;
  Parameter& operator=(Parameter&&) noexcept = default;
  ~Parameter() = default;
};

}  // namespace tenon::nn
