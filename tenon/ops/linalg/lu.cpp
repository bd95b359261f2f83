// LU factors with partial pivoting: linalg_lu_factor, and what takes and unpacks them.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/linalg/matrices_internal.h"

namespace tenon::ops {
namespace {

Shape with_last(const Tensor& x, int64_t drop, IntList last) {
  Shape sizes;
  for (int64_t i = 0; i + drop < x.dim(); ++i) sizes.push_back(x.sizes()[static_cast<size_t>(i)]);
  for (const int64_t size : last) sizes.push_back(size);
  return sizes;
}

void check_factors(std::string_view call, const Tensor& lu, const Tensor& pivots) {
  check_matrices(call, lu);
  const Shape expected = with_last(lu, 2, {std::min(lu.size(-2), lu.size(-1))});
  if (pivots.dtype() == kInt32 && pivots.sizes() == expected) return;
  fail<ShapeError>(call, fmt::format("expected int32 pivots of {} for factors of {}, got {} {}",
                                     to_string(expected), to_string(lu.sizes()),
                                     name_of(pivots.dtype()), to_string(pivots.sizes())));
}

Tensor part(const Tensor& x, int64_t rows, int64_t columns) {
  return narrow(narrow(x, -2, 0, rows), -1, 0, columns);
}

/// L, with ones on its diagonal.
Tensor lower_of(const Tensor& lu, int64_t k) {
  return tril(narrow(lu, -1, 0, k), -1) + eye(lu.size(-2), k, lu.dtype(), lu.device());
}

/// P: row i of L U is row pivot_rows[i] of the matrix.
Tensor permutation(const Tensor& pivots, int64_t rows, DType dtype) {
  const Tensor places = pivot_rows(pivots, rows);
  const Tensor each = arange(0, rows, 1, kInt64, pivots.device());
  return transposed((unsqueeze(places, -1) == each).to(dtype));
}

/// Of A = P L U with L and U in one. Where A is wide, its last columns are P L U2, and where it is
/// tall, the last rows of L are L2.
Tensor lu_gradient(const Tensor& lu, const Tensor& pivots, const Tensor& dlu) {
  const int64_t m = lu.size(-2), n = lu.size(-1), k = std::min(m, n);
  const Tensor square = part(lu, k, k), dsquare = part(dlu, k, k);
  const Tensor adjoint = conjugate_transpose(square);
  const auto without_lower = [&](const Tensor& x) {  // L^-H x
    return linalg_solve_triangular(adjoint, x, true, true, true);
  };
  const auto without_upper = [&](const Tensor& x) {  // x U^-H
    return linalg_solve_triangular(adjoint, x, false, false);
  };
  Tensor below = matmul(conjugate_transpose(lower_of(square, k)), tril(dsquare, -1));
  Tensor above = matmul(triu(dsquare), conjugate_transpose(triu(square)));
  if (n > k) {
    below =
        below - matmul(narrow(dlu, -1, k, n - k), conjugate_transpose(narrow(lu, -1, k, n - k)));
  }
  if (m > k) {
    above =
        above - matmul(conjugate_transpose(narrow(lu, -2, k, m - k)), narrow(dlu, -2, k, m - k));
  }
  Tensor whole = without_lower(without_upper(tril(below, -1) + triu(above)));
  if (n > k) whole = cat({whole, without_lower(narrow(dlu, -1, k, n - k))}, -1);
  if (m > k) whole = cat({whole, without_upper(narrow(dlu, -2, k, m - k))}, -2);
  return matmul(permutation(pivots, m, lu.dtype()), whole);
}

std::vector<Sample> matrix_samples() {
  return {{{sample_square({3, 3})}, {}},
          {{sample_square({2, 3, 3})}, {}},
          {{narrow(sample_square({4, 4}), 0, 0, 2).clone()}, {}},
          {{narrow(sample_square({2, 4, 4}), 2, 0, 3).clone()}, {}},
          {{sample_complex_square({3, 3})}, {}}};
}

/// X with A X = B, or A^H X = B, for square factors.
Tensor solved(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool adjoint) {
  const Tensor p = permutation(pivots, lu.size(-1), lu.dtype());
  if (adjoint) {
    const Tensor turned = conjugate_transpose(lu);
    const Tensor y = linalg_solve_triangular(turned, b, false);
    return matmul(p, linalg_solve_triangular(turned, y, true, true, true));
  }
  const Tensor y = linalg_solve_triangular(lu, matmul(transposed(p), b), false, true, true);
  return linalg_solve_triangular(lu, y, true);
}

}  // namespace

void define_linalg_lu_factor(OpDef& op) {
  op.doc(
        "A = P L U for each matrix [m, n], by elimination with partial pivoting in double "
        "precision: `LU` [m, n] has U on and above its diagonal, and below it L, whose own "
        "diagonal is ones. `pivots` (int32, [min(m, n)]) says with which row, counted from 1, row "
        "i was exchanged. Singular matrices have factors, too, but no gradient.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a) -> Specs {
        check_matrices("linalg_lu_factor", a);
        return {Spec{a.dtype(), a.sizes()},
                Spec{kInt32, with_last(a, 2, {std::min(a.size(-2), a.size(-1))})}};
      })
      .kernel()
      .saves_output(0, 1)
      .vjp([](const Saved& saved, const Tensor& dlu) -> Grads {
        return {lu_gradient(saved.output(0), saved.output(1), dlu)};
      })
      .samples(matrix_samples);
}

void define_pivot_rows(OpDef& op) {
  op.doc(
        "Which row of A is row i of L U, for the pivots of linalg_lu_factor and this many rows: "
        "int64. ValueError where a pivot is none of 1 to `rows`.")
      .accepts(set_of(kInt32))
      .shape([](const Tensor& pivots, int64_t rows) -> Spec {
        if (pivots.dim() == 0 || rows < pivots.size(-1)) {
          fail<ShapeError>("pivot_rows", fmt::format("pivots of {} don't fit {} rows",
                                                     to_string(pivots.sizes()), rows));
        }
        return {kInt64, with_last(pivots, 1, {rows})};
      })
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Tensor pivots = sample_integers({2, 3}, 1, 5).to(kInt32);
        return {{{pivots}, {Attribute(int64_t{4})}, false},
                {{pivots}, {Attribute(int64_t{6})}, false}};
      });
}

void define_lu_unpack(OpDef& op) {
  op.doc("P, L and U, of the results of linalg_lu_factor: P [m, m], L [m, k], U [k, n].")
      .accepts(kFactorSet)
      .accepts_input(1, set_of(kInt32))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& lu, const Tensor& pivots) -> std::tuple<Tensor, Tensor, Tensor> {
        check_factors("lu_unpack", lu, pivots);
        const int64_t k = std::min(lu.size(-2), lu.size(-1));
        return {permutation(pivots, lu.size(-2), lu.dtype()), lower_of(lu, k),
                triu(narrow(lu, -2, 0, k))};
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor pivots = sample_integers({3}, 1, 4).to(kInt32);
        return {{{sample_square({3, 3}), pivots}, {}},
                {{sample_tensor({3, 5}), pivots}, {}},
                {{sample_tensor({5, 3}), pivots}, {}}};
      });
}

void define_linalg_lu(OpDef& op) {
  op.doc("P, L and U with A = P L U for each matrix; see linalg_lu_factor.")
      .accepts(kFactorSet)
      .compose([](const Tensor& a) -> std::tuple<Tensor, Tensor, Tensor> {
        const auto [lu, pivots] = linalg_lu_factor(a);
        return lu_unpack(lu, pivots);
      })
      .samples(matrix_samples);
}

void define_linalg_lu_solve(OpDef& op) {
  op.doc(
        "X with A X = B for square matrices A, whose factors linalg_lu_factor gave; X A = B "
        "without `left`, and A^H in A's place with `adjoint`. The batches broadcast. A singular "
        "matrix gives inf or NaN.")
      .accepts(kFactorSet)
      .accepts_input(1, set_of(kInt32))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left,
                  bool adjoint) -> Tensor {
        check_square("linalg_lu_solve", lu);
        check_factors("linalg_lu_solve", lu, pivots);
        check_matrices("linalg_lu_solve", b);
        if (left) return solved(lu, pivots, b, adjoint);
        return conjugate_transpose(solved(lu, pivots, conjugate_transpose(b), !adjoint));
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor pivots = sample_integers({3}, 1, 4).to(kInt32), a = sample_square({3, 3});
        const auto of = [](bool left, bool adjoint) {
          return std::vector<Attribute>{Attribute(left), Attribute(adjoint)};
        };
        return {{{a, pivots, sample_tensor({3, 2})}, of(true, false)},
                {{a, pivots, sample_tensor({2, 3, 2})}, of(true, true)},
                {{a, pivots, sample_tensor({2, 3})}, of(false, false)}};
      });
}

}  // namespace tenon::ops
