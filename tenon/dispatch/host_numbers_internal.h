#pragma once

#include <string_view>

#include "tenon/core/scalar.h"

namespace tenon {

/// Throws ValueError where a tensor of `dtype` can't be filled with `value`: a number beyond its
/// range, NaN or infinity in integers, an imaginary part in real numbers. Fractions are cut off,
/// and negative integers wrap around in unsigned dtypes: -1 is the largest one. `call` names the
/// op.
void check_holds(std::string_view call, const Scalar& value, DType dtype);

}  // namespace tenon
