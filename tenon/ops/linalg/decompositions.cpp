// Cholesky, QR, symmetric eigenvalues, singular values. Gradients after Mike Giles, "An extended
// collection of matrix derivative results", 2008, and for QR after Walter and Lehmann, 2018.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/linalg/matrices_internal.h"

namespace tenon::ops {
namespace {

Shape with_matrix(const Tensor& like, int64_t rows, int64_t columns) {
  Shape sizes = like.sizes();
  sizes[sizes.size() - 2] = rows;
  sizes[sizes.size() - 1] = columns;
  return sizes;
}

Shape with_row(const Tensor& like, int64_t length) {
  Shape sizes = like.sizes();
  sizes.erase(sizes.size() - 1);
  sizes.back() = length;
  return sizes;
}

int64_t least_size(const Tensor& a) { return std::min(a.size(-1), a.size(-2)); }

Tensor symmetric_part(const Tensor& x) { return (x + transposed(x)) * 0.5; }

bool is_lower(std::string_view call, std::string_view uplo) {
  if (uplo == "L") return true;
  if (uplo == "U") return false;
  fail<ValueError>(call, fmt::format("expected UPLO 'L' or 'U', got '{}'", uplo));
}

/// 1 / x, and 0 of 0.
Tensor safe_reciprocal(const Tensor& x) { return where(x == 0, 0, 1 / where(x == 0, 1, x)); }

/// x_j - x_i in row i, column j.
Tensor differences(const Tensor& x) { return unsqueeze(x, -2) - unsqueeze(x, -1); }

Tensor or_zeros(const Tensor& grad, const Tensor& like) {
  return grad.defined() ? grad : zeros_like(like);
}

/// Of matrices that read one triangle only: the gradient of the symmetric whole, as PyTorch's.
std::vector<Sample> symmetric_samples(std::vector<Attribute> attributes) {
  return {{{sample_symmetric({3, 3})}, attributes, false},
          {{sample_symmetric({2, 3, 3})}, attributes, false},
          {{sample_symmetric({1, 1})}, attributes, false}};
}

Tensor cholesky_gradient(const Tensor& l, const Tensor& dy) {
  Tensor p = tril(matmul(transposed(l), dy));
  p = p - diag_embed(diagonal(p, 0, -2, -1)) * 0.5;
  const Tensor half = solve_triangle(transposed(l), p, true, false);  // L^-T p
  return symmetric_part(transposed(solve_triangle(transposed(l), transposed(half), true, false)));
}

/// For m >= n, or a complete square Q.
Tensor tall_qr_gradient(const Tensor& q, const Tensor& r, const Tensor& dq, const Tensor& dr) {
  const Tensor m = matmul(r, transposed(dr)) - matmul(transposed(dq), q);
  const Tensor folded = tril(m) + transposed(tril(m, -1));
  const Tensor right = dq + matmul(q, folded);
  return transposed(solve_triangle(r, transposed(right), true, false));
}

Tensor qr_gradient(const Saved& saved) {
  const Tensor &q = saved.output(0), &r = saved.output(1);
  const Tensor dq = or_zeros(saved.grads[0], q), dr = or_zeros(saved.grads[1], r);
  const int64_t rows = r.size(-2), columns = r.size(-1);
  if (rows == columns) return tall_qr_gradient(q, r, dq, dr);
  if (rows > columns) {
    fail<ValueError>("linalg_qr",
                     "mode 'complete' of a tall matrix has no gradient: the columns "
                     "of Q that R doesn't reach are not determined; use 'reduced'");
  }
  // A = [X Y] with square X = Q U and Y = Q V.
  const Tensor u = narrow(r, -1, 0, rows), v = narrow(r, -1, rows, columns - rows);
  const Tensor du = narrow(dr, -1, 0, rows), dv = narrow(dr, -1, rows, columns - rows);
  const Tensor y = matmul(q, v);
  const Tensor dx = tall_qr_gradient(q, u, dq + matmul(y, transposed(dv)), du);
  return cat({dx, matmul(q, dv)}, -1);
}

Tensor eigh_gradient(const Saved& saved) {
  const Tensor &w = saved.output(0), &v = saved.output(1);
  Tensor inner = diag_embed(or_zeros(saved.grads[0], w));
  if (saved.grads[1].defined()) {
    inner = inner + matmul(transposed(v), saved.grads[1]) * safe_reciprocal(differences(w));
  }
  return symmetric_part(matmul(matmul(v, inner), transposed(v)));
}

Tensor svd_gradient(const Saved& saved) {
  const Tensor& s = saved.output(1);
  const int64_t k = s.size(-1);
  const Tensor u = narrow(saved.output(0), -1, 0, k), vt = narrow(saved.output(2), -2, 0, k);
  const Tensor v = transposed(vt);
  Tensor inner = diag_embed(or_zeros(saved.grads[1], s));
  Tensor result;
  const Tensor gaps = safe_reciprocal(differences(square(s)));
  const Tensor inverse = safe_reciprocal(s);
  if (saved.grads[0].defined()) {
    const Tensor du = narrow(saved.grads[0], -1, 0, k);
    const Tensor turn = matmul(transposed(u), du) * gaps;
    inner = inner + scale_columns(turn + transposed(turn), s);
    // What lies outside of the columns' space.
    const Tensor outside = du - matmul(u, matmul(transposed(u), du));
    result = matmul(scale_columns(outside, inverse), vt);
  }
  if (saved.grads[2].defined()) {
    const Tensor dv = transposed(narrow(saved.grads[2], -2, 0, k));
    const Tensor turn = matmul(vt, dv) * gaps;
    inner = inner + unsqueeze(s, -1) * (turn + transposed(turn));
    const Tensor outside = dv - matmul(v, matmul(vt, dv));
    const Tensor more = matmul(u, transposed(scale_columns(outside, inverse)));
    result = result.defined() ? result + more : more;
  }
  const Tensor main = matmul(matmul(u, inner), vt);
  return result.defined() ? main + result : main;
}

}  // namespace

void define_linalg_cholesky(OpDef& op) {
  op.doc(
        "L with A = L L^T, lower (or with `upper` the U of A = U^T U), for each symmetric positive "
        "definite matrix, of which the lower triangle is read. The gradient is symmetric. "
        "ValueError where a matrix is not positive definite.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a) -> Spec {
        check_square("linalg_cholesky", a);
        return {a.dtype(), a.sizes()};
      })
      .kernel()
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, bool upper) -> Grads {
        const Tensor& y = saved.output();
        return {upper ? cholesky_gradient(transposed(y), transposed(dy))
                      : cholesky_gradient(y, dy)};
      })
      .samples([] {
        std::vector<Sample> samples = symmetric_samples({Attribute(false)});
        samples.push_back({{sample_symmetric({3, 3}, 2)}, {Attribute(true)}, false});
        return samples;
      });
}

void define_cholesky(OpDef& op) {
  op.doc("The factor of positive definite matrices; see linalg_cholesky.")
      .accepts(kFactorSet)
      .compose([](const Tensor& x, bool upper) -> Tensor { return linalg_cholesky(x, upper); })
      .samples([] { return symmetric_samples({Attribute(true)}); });
}

void define_cholesky_solve(OpDef& op) {
  op.doc("X with A X = x for A = L L^T, or L^T L with `upper`, from Cholesky's factor L, `input2`.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& b, const Tensor& l, bool upper) -> Tensor {
        const Tensor first = linalg_solve_triangular(upper ? transposed(l) : l, b, false);
        return linalg_solve_triangular(upper ? l : transposed(l), first, true);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor b = sample_tensor({3, 2}), l = sample_square({3, 3});
        return {{{b, l}, {Attribute(false)}}, {{b, l}, {Attribute(true)}}};
      });
}

void define_cholesky_inverse(OpDef& op) {
  op.doc("The inverse of A = L L^T, or L^T L with `upper`, from Cholesky's factor L.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& l, bool upper) -> Tensor {
        check_square("cholesky_inverse", l);
        return cholesky_solve(eye(l.size(-1), {}, l.dtype(), l.device()), l, upper);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_square({3, 3})}, {Attribute(false)}},
                {{sample_square({3, 3})}, {Attribute(true)}}};
      });
}

void define_householder_qr(OpDef& op) {
  op.doc(
        "Q and R of each matrix [m, n]: [m, k] and [k, n], k = m where `complete`, else min(m, n).")
      .accepts(kFactorSet)
      .shape([](const Tensor& a, bool complete) -> Specs {
        check_matrices("linalg_qr", a);
        const int64_t k = complete ? a.size(-2) : least_size(a);
        return {Spec{a.dtype(), with_matrix(a, a.size(-2), k)},
                Spec{a.dtype(), with_matrix(a, k, a.size(-1))}};
      })
      .kernel()
      .saves_output(0, 1)
      .vjp([](const Saved& saved, const Tensor&) -> Grads { return {qr_gradient(saved)}; })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3})}, {Attribute(false)}},
                {{sample_tensor({3, 4})}, {Attribute(false)}},
                {{sample_tensor({2, 3, 3})}, {Attribute(false)}},
                {{sample_tensor({4, 2})}, {Attribute(true)}, false}};
      });
}

void define_linalg_qr(OpDef& op) {
  op.doc(
        "A = Q R of each matrix [m, n], by Householder's reflections in float64: orthonormal "
        "columns Q and upper R. mode 'reduced': Q [m, k] and R [k, n], k = min(m, n); 'complete': "
        "Q "
        "[m, m] and R [m, n]; 'r': R as 'reduced', and an empty Q. ValueError for other words.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& a, std::string_view mode) -> std::tuple<Tensor, Tensor> {
        if (mode == "reduced") return householder_qr(a, false);
        if (mode == "complete") return householder_qr(a, true);
        if (mode != "r") {
          fail<ValueError>("linalg_qr", fmt::format("expected mode 'reduced', 'complete' or 'r', "
                                                    "got '{}'",
                                                    mode));
        }
        return {zeros({0}, a.dtype(), a.device()), std::get<1>(householder_qr(a, false))};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3})}, {Attribute("reduced")}},
                {{sample_tensor({2, 3, 4})}, {Attribute("reduced")}},
                {{sample_tensor({4, 2})}, {Attribute("complete")}, false},
                {{sample_tensor({4, 3})}, {Attribute("r")}}};
      });
}

void define_linalg_eigh(OpDef& op) {
  op.doc(
        "Eigenvalues [..., n], ascending, and eigenvectors, the columns of [..., n, n], of "
        "symmetric matrices, of which the triangle UPLO ('L' or 'U') is read. The first of the "
        "largest elements of a vector is positive. The gradient is symmetric; that of vectors "
        "with equal values is not determined, and counts as 0. Householder's tridiagonal form "
        "and QL steps, in float64.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a, std::string_view uplo) -> Specs {
        check_square("linalg_eigh", a);
        is_lower("linalg_eigh", uplo);
        return {Spec{a.dtype(), with_row(a, a.size(-1))}, Spec{a.dtype(), a.sizes()}};
      })
      .kernel()
      .saves_output(0, 1)
      .vjp([](const Saved& saved, const Tensor&) -> Grads { return {eigh_gradient(saved)}; })
      .samples([] {
        std::vector<Sample> samples = symmetric_samples({Attribute("L")});
        samples.push_back({{sample_symmetric({4, 4}, 2)}, {Attribute("U")}, false});
        return samples;
      });
}

void define_linalg_eigvalsh(OpDef& op) {
  op.doc("The eigenvalues of linalg_eigh.")
      .accepts(kFactorSet)
      .compose([](const Tensor& a, std::string_view uplo) -> Tensor {
        return std::get<0>(linalg_eigh(a, uplo));
      })
      .samples([] { return symmetric_samples({Attribute("L")}); });
}

void define_linalg_svd(OpDef& op) {
  op.doc(
        "A = U diag(S) Vh of each matrix [m, n]: S [k] descending, k = min(m, n); U [m, m] and Vh "
        "[n, n], or [m, k] and [k, n] without `full_matrices`. The first of the largest elements "
        "of each of the k columns of U is positive. Jacobi's rotations from one side, in float64. "
        "The gradient takes the k columns and rows into account; that of vectors with equal "
        "values is not determined, and counts as 0.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a, bool full_matrices) -> Specs {
        check_matrices("linalg_svd", a);
        const int64_t m = a.size(-2), n = a.size(-1), k = least_size(a);
        return {Spec{a.dtype(), with_matrix(a, m, full_matrices ? m : k)},
                Spec{a.dtype(), with_row(a, k)},
                Spec{a.dtype(), with_matrix(a, full_matrices ? n : k, n)}};
      })
      .kernel()
      .saves_output(0, 1, 2)
      .vjp([](const Saved& saved, const Tensor&) -> Grads { return {svd_gradient(saved)}; })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3})}, {Attribute(false)}},
                {{sample_tensor({3, 4})}, {Attribute(false)}},
                {{sample_square({2, 3, 3})}, {Attribute(false)}},
                {{sample_square({3, 3})}, {Attribute(true)}},
                {{sample_tensor({2, 4})}, {Attribute(true)}, false}};
      });
}

void define_linalg_svdvals(OpDef& op) {
  op.doc("The singular values of linalg_svd.")
      .accepts(kFactorSet)
      .compose([](const Tensor& a) -> Tensor { return std::get<1>(linalg_svd(a, false)); })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3})}, {}}, {{sample_tensor({2, 2, 3})}, {}}};
      });
}

void define_svd(OpDef& op) {
  op.doc("linalg_svd with V, of which Vh is the transpose; `some` is not full_matrices.")
      .accepts(kFactorSet)
      .compose([](const Tensor& x, bool some) -> std::tuple<Tensor, Tensor, Tensor> {
        const auto [u, s, vt] = linalg_svd(x, !some);
        return {u, s, transposed(vt)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3})}, {Attribute(true)}},
                {{sample_tensor({2, 4})}, {Attribute(false)}, false}};
      });
}

}  // namespace tenon::ops
