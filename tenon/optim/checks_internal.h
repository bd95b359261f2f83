#pragma once

#include <string>
#include <string_view>

#include "tenon/base/error.h"
#include "tenon/io/state_dict.h"

namespace tenon::optim {

/// Throws ValueError unless the option is at least 0.
inline void check_not_negative(std::string_view optimizer, std::string_view name, double value) {
  if (!(value >= 0)) {
    fail<ValueError>(optimizer,
                     "expected " + std::string(name) + " >= 0, got " + std::to_string(value));
  }
}

/// Throws ValueError unless the decay rate is in [0, 1).
inline void check_decay(std::string_view optimizer, std::string_view name, double value) {
  if (!(value >= 0 && value < 1)) {
    fail<ValueError>(optimizer,
                     "expected " + std::string(name) + " in [0, 1), got " + std::to_string(value));
  }
}

/// The one number `name` of a state.
inline Scalar number_in(const StateDict& state, std::string_view call, std::string_view name) {
  const Tensor* tensor = state.find(name);
  if (!tensor || tensor->numel() != 1) {
    fail<ValueError>(
        call, "the state has no number '" + std::string(name) + "'; is it of another class?");
  }
  return tensor->item();
}

}  // namespace tenon::optim
