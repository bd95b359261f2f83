#pragma once

#include <string>
#include <string_view>

#include "tenon/base/error.h"

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

}  // namespace tenon::optim
