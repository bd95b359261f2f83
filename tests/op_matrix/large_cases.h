#pragma once

#include "tests/op_matrix/cases.h"

namespace tenon::matrix {

/// Cases of an op that are large enough to be split between threads, in float32 (or in the dtype of
/// the op's samples). Empty where nobody said how to enlarge the op.
std::vector<Case> large_cases(const OpDef& op);
/// The first sample of an elementwise op with its values repeated to `count` elements; no inputs
/// where the op isn't elementwise.
Case repeated_case(const OpDef& op, int64_t count);

}  // namespace tenon::matrix
