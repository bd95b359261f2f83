#pragma once

#include "tenon/ops/functions.h"

namespace tenon::ops {

/// The complex conjugate, which gradients of holomorphic ops need; a real tensor as it is, without
/// a copy.
inline Tensor conjugate(const Tensor& x) { return x.is_complex() ? conj(x) : x; }

}  // namespace tenon::ops
