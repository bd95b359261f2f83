// Cholesky, QR, eigenvalues, singular values. Gradients after Mike Giles, "An extended
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

Tensor hermitian_part(const Tensor& x) { return (x + conjugate_transpose(x)) * 0.5; }

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
          {{sample_hermitian({2, 4, 4})}, attributes, false},
          {{sample_symmetric({2, 3, 3})}, attributes, false},
          {{sample_symmetric({1, 1})}, attributes, false}};
}

Tensor cholesky_gradient(const Tensor& l, const Tensor& dy) {
  const Tensor lh = conjugate_transpose(l);
  Tensor p = tril(matmul(lh, dy));
  p = p - diag_embed(diagonal(p, 0, -2, -1)) * 0.5;
  const Tensor half = solve_triangle(lh, p, true, false);  // L^-H p
  return hermitian_part(
      conjugate_transpose(solve_triangle(lh, conjugate_transpose(half), true, false)));
}

/// The same of what linalg_cholesky gives.
Tensor factor_gradient(const Tensor& y, const Tensor& dy, bool upper) {
  return upper ? cholesky_gradient(conjugate_transpose(y), conjugate_transpose(dy))
               : cholesky_gradient(y, dy);
}

Tensor real_diagonal(const Tensor& x) {
  const Tensor numbers = diagonal(x, 0, -2, -1);
  return x.is_complex() ? real(numbers) : numbers;
}

/// For m >= n, or a complete square Q. Of R's diagonal, which is real, the real part counts.
Tensor tall_qr_gradient(const Tensor& q, const Tensor& r, const Tensor& dq, const Tensor& dr) {
  const Tensor m = matmul(r, conjugate_transpose(dr)) - matmul(conjugate_transpose(dq), q);
  const Tensor below = tril(m, -1);
  const Tensor folded = below + conjugate_transpose(below) + diag_embed(real_diagonal(m));
  const Tensor right = dq + matmul(q, folded);
  return conjugate_transpose(solve_triangle(r, conjugate_transpose(right), true, false));
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
  const Tensor dx = tall_qr_gradient(q, u, dq + matmul(y, conjugate_transpose(dv)), du);
  return cat({dx, matmul(q, dv)}, -1);
}

Tensor eigh_gradient(const Saved& saved) {
  const Tensor &w = saved.output(0), &v = saved.output(1);
  Tensor inner = diag_embed(or_zeros(saved.grads[0], w));
  if (saved.grads[1].defined()) {
    inner =
        inner + matmul(conjugate_transpose(v), saved.grads[1]) * safe_reciprocal(differences(w));
  }
  return hermitian_part(matmul(matmul(v, inner), conjugate_transpose(v)));
}

/// After Boeddeker et al., "On the computation of complex-valued gradients", 2017.
Tensor eig_gradient(const Saved& saved) {
  const Tensor &w = saved.output(0), &v = saved.output(1);
  const Tensor vh = conjugate_transpose(v);
  Tensor inner = diag_embed(or_zeros(saved.grads[0], w));
  if (saved.grads[1].defined()) {
    const Tensor along = matmul(vh, saved.grads[1]);
    const Tensor turn = along - scale_columns(matmul(vh, v), real_diagonal(along));
    inner = inner + turn * safe_reciprocal(conj(differences(w)));
  }
  return linalg_solve(vh, matmul(inner, vh));
}

Tensor svd_gradient(const Saved& saved) {
  const Tensor& s = saved.output(1);
  const int64_t k = s.size(-1);
  const Tensor u = narrow(saved.output(0), -1, 0, k), vh = narrow(saved.output(2), -2, 0, k);
  const Tensor v = conjugate_transpose(vh);
  Tensor inner = diag_embed(or_zeros(saved.grads[1], s));
  Tensor result;
  const Tensor gaps = safe_reciprocal(differences(square(s)));
  const Tensor inverse = safe_reciprocal(s);
  if (saved.grads[0].defined()) {
    const Tensor du = narrow(saved.grads[0], -1, 0, k);
    const Tensor along = matmul(conjugate_transpose(u), du);
    const Tensor turn = along * gaps;
    inner = inner + scale_columns(turn + conjugate_transpose(turn), s);
    if (u.is_complex()) {  // a turn of both vectors of a pair by the same angle
      const Tensor angles = imag(diagonal(along, 0, -2, -1)) * inverse;
      inner = inner + diag_embed(complex(zeros_like(angles), angles));
    }
    // What lies outside of the columns' space.
    const Tensor outside = du - matmul(u, along);
    result = matmul(scale_columns(outside, inverse), vh);
  }
  if (saved.grads[2].defined()) {
    const Tensor dv = conjugate_transpose(narrow(saved.grads[2], -2, 0, k));
    const Tensor along = matmul(vh, dv);
    const Tensor turn = along * gaps;
    inner = inner + unsqueeze(s, -1) * (turn + conjugate_transpose(turn));
    const Tensor outside = dv - matmul(v, along);
    const Tensor more = matmul(u, conjugate_transpose(scale_columns(outside, inverse)));
    result = result.defined() ? result + more : more;
  }
  const Tensor main = matmul(matmul(u, inner), vh);
  return result.defined() ? main + result : main;
}

}  // namespace

void define_linalg_cholesky(OpDef& op) {
  op.doc(
        "L with A = L L^H, lower (or with `upper` the U of A = U^H U), for each Hermitian (real: "
        "symmetric) positive definite matrix, of which the lower triangle is read, or with `upper` "
        "the upper one. The gradient is Hermitian. ValueError where a matrix is not positive "
        "definite.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a) -> Spec {
        check_square("linalg_cholesky", a);
        return {a.dtype(), a.sizes()};
      })
      .kernel()
      .fails_on_some_numbers()
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, bool upper) -> Grads {
        return {factor_gradient(saved.output(), dy, upper)};
      })
      .samples([] {
        std::vector<Sample> samples = symmetric_samples({Attribute(false)});
        samples.push_back({{sample_symmetric({3, 3}, 2)}, {Attribute(true)}, false});
        samples.push_back({{sample_hermitian({3, 3}, 2)}, {Attribute(true)}, false});
        return samples;
      });
}

void define_linalg_cholesky_ex(OpDef& op) {
  op.doc(
        "linalg_cholesky without an error: `info`, int32 [...], is 0 for a positive definite "
        "matrix, else the number, from 1, of its first leading part that isn't; its L is then "
        "NaN.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a) -> Specs {
        check_square("linalg_cholesky_ex", a);
        Shape batch = a.sizes();
        batch.erase(batch.size() - 1);
        batch.erase(batch.size() - 1);
        return {Spec{a.dtype(), a.sizes()}, Spec{kInt32, batch}};
      })
      .kernel()
      .saves_output(0)
      .vjp([](const Saved& saved, const Tensor& dy, bool upper) -> Grads {
        return {factor_gradient(saved.output(), dy, upper)};
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
  op.doc("X with A X = x for A = L L^H, or L^H L with `upper`, from Cholesky's factor L, `input2`.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& b, const Tensor& l, bool upper) -> Tensor {
        const Tensor first = linalg_solve_triangular(upper ? conjugate_transpose(l) : l, b, false);
        return linalg_solve_triangular(upper ? l : conjugate_transpose(l), first, true);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor b = sample_tensor({3, 2}), l = sample_square({3, 3});
        return {{{b, l}, {Attribute(false)}}, {{b, l}, {Attribute(true)}}};
      });
}

void define_cholesky_inverse(OpDef& op) {
  op.doc("The inverse of A = L L^H, or L^H L with `upper`, from Cholesky's factor L.")
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
        "A = Q R of each matrix [m, n], by Householder's reflections in double precision: "
        "orthonormal "
        "columns Q and upper R with a real diagonal. mode 'reduced': Q [m, k] and R [k, n], k = "
        "min(m, n); 'complete': "
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
        "Hermitian (real: symmetric) matrices, of which the triangle UPLO ('L' or 'U') is read. "
        "The "
        "first of the largest elements of a vector is positive. The gradient is Hermitian; that of "
        "vectors with equal values is not determined, and counts as 0, and that of the phase of "
        "complex vectors isn't either. Householder's tridiagonal form and QR steps, in double "
        "precision.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a, std::string_view uplo) -> Specs {
        check_square("linalg_eigh", a);
        is_lower("linalg_eigh", uplo);
        return {Spec{real_of(a.dtype()), with_row(a, a.size(-1))}, Spec{a.dtype(), a.sizes()}};
      })
      .kernel()
      .fails_on_some_numbers()
      .saves_output(0, 1)
      .vjp([](const Saved& saved, const Tensor&) -> Grads { return {eigh_gradient(saved)}; })
      .samples([] {
        std::vector<Sample> samples = symmetric_samples({Attribute("L")});
        samples.push_back({{sample_symmetric({4, 4}, 2)}, {Attribute("U")}, false});
        samples.push_back({{sample_hermitian({4, 4}, 2)}, {Attribute("U")}, false});
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

void define_linalg_eig(OpDef& op) {
  op.doc(
        "Eigenvalues [..., n] and eigenvectors of length 1, the columns of [..., n, n], of square "
        "matrices: A V = V diag(values). Both are complex; the values come in no order, and the "
        "first of the largest elements of a vector is positive. The gradient of vectors with equal "
        "values is not determined, nor that of a vector's phase. Hessenberg's form and QR steps, "
        "in complex128. ValueError where a matrix holds NaN or inf.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a) -> Specs {
        check_square("linalg_eig", a);
        const DType dtype = complex_of(a.dtype());
        return {Spec{dtype, with_row(a, a.size(-1))}, Spec{dtype, a.sizes()}};
      })
      .kernel()
      .fails_on_some_numbers()
      .saves_output(0, 1)
      .vjp([](const Saved& saved, const Tensor&) -> Grads { return {eig_gradient(saved)}; })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_square({3, 3})}, {}, false},
                {{sample_complex_square({2, 3, 3})}, {}, false}};
      });
}

void define_linalg_eigvals(OpDef& op) {
  op.doc("The eigenvalues of linalg_eig.")
      .accepts(kFactorSet)
      .compose([](const Tensor& a) -> Tensor { return std::get<0>(linalg_eig(a)); })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_square({3, 3})}, {}}, {{sample_complex_square({2, 3, 3})}, {}}};
      });
}

void define_linalg_svd(OpDef& op) {
  op.doc(
        "A = U diag(S) Vh of each matrix [m, n]: S [k] descending, k = min(m, n); U [m, m] and Vh "
        "[n, n], or [m, k] and [k, n] without `full_matrices`. The first of the largest elements "
        "of each of the k columns of U is positive. Jacobi's rotations up to 16 columns or rows, "
        "beyond that QR steps on a bidiagonal form, in double "
        "precision. "
        "The gradient takes the k columns and rows into account; that of vectors with equal "
        "values is not determined, and counts as 0, and that of the phase of complex ones isn't "
        "either.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a, bool full_matrices) -> Specs {
        check_matrices("linalg_svd", a);
        const int64_t m = a.size(-2), n = a.size(-1), k = least_size(a);
        return {Spec{a.dtype(), with_matrix(a, m, full_matrices ? m : k)},
                Spec{real_of(a.dtype()), with_row(a, k)},
                Spec{a.dtype(), with_matrix(a, full_matrices ? n : k, n)}};
      })
      .kernel()
      .fails_on_some_numbers()
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
  op.doc("linalg_svd with V, of which Vh is the conjugate transpose; `some` is not full_matrices.")
      .accepts(kFactorSet)
      .compose([](const Tensor& x, bool some) -> std::tuple<Tensor, Tensor, Tensor> {
        const auto [u, s, vh] = linalg_svd(x, !some);
        return {u, s, conjugate_transpose(vh)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3})}, {Attribute(true)}},
                {{sample_tensor({2, 4})}, {Attribute(false)}, false}};
      });
}

}  // namespace tenon::ops
