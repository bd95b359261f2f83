#pragma once

#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::ops {

/// The complex conjugate, which gradients of holomorphic ops need; a real tensor as it is, without
/// a copy.
inline Tensor conjugate(const Tensor& x) { return x.is_complex() ? conj(x) : x; }
/// dy conj(x)
inline Tensor times_conjugate(const Tensor& dy, const Tensor& x) {
  return x.is_complex() ? dy * conj(x) : dy * x;
}

}  // namespace tenon::ops
