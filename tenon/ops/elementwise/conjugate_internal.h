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

/// The transpose of each matrix, conjugated where numbers are complex.
inline Tensor conjugate_transpose(const Tensor& x) { return conjugate(transpose(x, -2, -1)); }
/// The gradient of a holomorphic op from `rule(dy)`, the gradient's formula for real numbers: the
/// product with the conjugate of the derivative.
template <class Rule>
Tensor holomorphic_gradient(const Tensor& dy, Rule rule) {
  return dy.is_complex() ? conj(rule(conj(dy))) : rule(dy);
}
/// sign(x), of complex numbers x / |x|.
inline Tensor direction(const Tensor& x) { return x.is_complex() ? sgn(x) : sign(x); }

}  // namespace tenon::ops
