#pragma once

#include <cstdint>
#include <optional>

#include "tenon/base/export.h"

namespace tenon {

/// How `Tensor::to_string()` and `operator<<` write tensors; the names and defaults follow NumPy's
/// printoptions, but for a precision of 4 digits.
struct PrintOptions {
  int precision = 4;         ///< most digits behind the point
  int64_t threshold = 1000;  ///< tensors of more elements are summarised with "..."
  int64_t edge_items = 3;    ///< elements shown at each end of a summarised dim
  int line_width = 80;       ///< characters
  /// Whether numbers are written as 1.e-05; unless it is said, where their sizes ask for it.
  std::optional<bool> scientific = std::nullopt;
};

/// The options of the process. Not while another thread prints.
TENON_API PrintOptions& print_options();

}  // namespace tenon
