#pragma once

#include <string_view>

#include "tenon/ops/elementwise/conjugate_internal.h"
#include "tenon/ops/functions.h"

namespace tenon::ops {

/// The dtypes that factors are made in.
inline constexpr DTypeSet kFactorSet = set_of(kFloat32) | set_of(kFloat64) | kComplexSet;

/// Throws ShapeError unless `x` is a matrix or a batch of them, DTypeError unless its
/// dtype is one of kFactorSet.
void check_matrices(std::string_view call, const Tensor& x);
/// The same for square ones.
void check_square(std::string_view call, const Tensor& x);

/// The transpose of each matrix.
inline Tensor transposed(const Tensor& x) { return transpose(x, -2, -1); }
/// Each row of `x` [..., n] as a diagonal matrix is multiplied with from the right: A diag(x).
inline Tensor scale_columns(const Tensor& matrices, const Tensor& x) {
  return matrices * unsqueeze(x, -2);
}
/// x expanded to this batch, before its matrix dims.
Tensor in_batch(const Tensor& x, const Shape& batch);
/// What the dims before the last two of both broadcast to.
Shape common_batch(std::string_view call, const Tensor& a, const Tensor& b);

/// A square matrix far from singular, or a batch of them: numbers of [-0.5, 0.5], and 2, 3, ... on
/// the diagonal.
Tensor sample_square(IntList sizes, uint64_t seed = 1);
/// The same made symmetric, with which it is positive definite.
Tensor sample_symmetric(IntList sizes, uint64_t seed = 1);
/// The first with an imaginary part, and made Hermitian, with which it is positive definite, too.
Tensor sample_complex_square(IntList sizes, uint64_t seed = 1);
Tensor sample_hermitian(IntList sizes, uint64_t seed = 1);

}  // namespace tenon::ops
