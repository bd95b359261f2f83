#pragma once

#include <string_view>

#include "tenon/core/tensor.h"

namespace tenon::ops {

/// Checks of numbers, which are ops, so that compiled functions and their replays make them, too:
/// where code is deferred they fail when the plan runs, else at once.

/// Throws ValueError, which says what `call` expected, where an element of `x` is not in [0, 1].
void check_probabilities(std::string_view call, std::string_view expected, const Tensor& x);

/// Throws IndexError where a label is neither `ignore_index` nor in [0, classes).
void check_labels_where_they_run(std::string_view call, const Tensor& labels, int64_t classes,
                                 int64_t ignore_index);

}  // namespace tenon::ops
