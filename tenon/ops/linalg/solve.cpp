// Systems of equations: solve, inv, det and what follows from them.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/linalg/matrices_internal.h"

namespace tenon::ops {
namespace {

/// For ops of square A and B with as many rows and the same batch.
Spec solution_spec(std::string_view call, const Tensor& a, const Tensor& b) {
  check_square(call, a);
  check_matrices(call, b);
  Shape expected = a.sizes();
  if (!expected.empty()) expected.back() = b.size(-1);
  if (b.sizes() != expected || a.dtype() != b.dtype()) {
    fail<ShapeError>(
        call, fmt::format("expected B of {} and {} for A of {}, got {} and {}", to_string(expected),
                          name_of(a.dtype()), to_string(a.sizes()), to_string(b.sizes()),
                          name_of(b.dtype())));
  }
  return {b.dtype(), b.sizes()};
}

/// B is a vector, or a batch of vectors with A's batch.
bool is_vector(const Tensor& a, const Tensor& b) {
  if (b.dim() == 1) return true;
  if (b.dim() + 1 != a.dim()) return false;
  return std::equal(b.sizes().begin(), b.sizes().end(), a.sizes().begin());
}

Tensor solve_of(const Tensor& a, const Tensor& b) {
  check_square("linalg_solve", a);
  const bool vector = is_vector(a, b);
  const Tensor right = vector ? unsqueeze(b, -1) : b;
  check_matrices("linalg_solve", right);
  const Shape batch = common_batch("linalg_solve", a, right);
  const Tensor x = solve_matrix(in_batch(a, batch), in_batch(right, batch));
  return vector ? squeeze(x, {-1}) : x;
}

std::vector<Sample> square_samples() {
  return {{{sample_square({3, 3})}, {}},
          {{sample_square({2, 3, 3})}, {}},
          {{sample_square({1, 1})}, {}},
          {{sample_complex_square({2, 3, 3})}, {}}};
}

Shape batch_of(const Tensor& x) {
  Shape batch = x.sizes();
  batch.erase(batch.size() - 1);
  batch.erase(batch.size() - 1);
  return batch;
}

Tensor identity_like(const Tensor& a) { return eye(a.size(-1), {}, a.dtype(), a.device()); }

/// dy, a number a matrix, times each inverse's conjugate transpose.
Tensor times_inverse(const Tensor& dy, const Tensor& a) {
  return unsqueeze(unsqueeze(dy, -1), -1) * conjugate_transpose(linalg_inv(a));
}

/// Of a real matrix the sign is constant; of a complex one it turns with the determinant.
Tensor slogdet_gradient(const Saved& saved) {
  const Tensor& sign = saved.output(0);
  Tensor slope = saved.grads[1];
  if (sign.is_complex() && saved.grads[0].defined()) {
    const Tensor turn = imag(times_conjugate(saved.grads[0], sign));
    slope = complex(slope.defined() ? slope : zeros_like(turn), turn);
  }
  return slope.defined() ? times_inverse(slope, saved.input(0)) : Tensor();
}

}  // namespace

void define_solve_matrix(OpDef& op) {
  op.doc(
        "A^-1 B by LU with partial pivoting, in double precision, for each pair of the batch. "
        "ValueError "
        "where a matrix is singular.")
      .accepts(kFactorSet)
      .shape([](const Tensor& a, const Tensor& b) { return solution_spec("solve_matrix", a, b); })
      .kernel()
      .fails_on_some_numbers()
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor db = solve_matrix(conjugate_transpose(saved.input(0)), dy);
        return {saved.needs(0) ? -matmul(db, conjugate_transpose(saved.output())) : Tensor(), db};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_square({3, 3}), sample_tensor({3, 2})}, {}},
                {{sample_square({2, 3, 3}), sample_tensor({2, 3, 1})}, {}}};
      });
}

void define_linalg_solve(OpDef& op) {
  op.doc(
        "X with A X = B for square matrices A, or X A = B without `left`; B is a matrix or a "
        "vector for each, and the batches broadcast. LU with partial pivoting, in double "
        "precision. ValueError where a matrix is singular.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& a, const Tensor& b, bool left) -> Tensor {
        if (left) return solve_of(a, b);
        check_matrices("linalg_solve", b);
        return transposed(solve_of(transposed(a), transposed(b)));
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor a = sample_square({3, 3}), batch = sample_square({2, 3, 3});
        return {{{a, sample_tensor({3})}, {Attribute(true)}},
                {{batch, sample_tensor({3, 2})}, {Attribute(true)}},
                {{batch, sample_tensor({2, 3})}, {Attribute(true)}},
                {{a, sample_tensor({2, 3})}, {Attribute(false)}}};
      });
}

void define_linalg_inv(OpDef& op) {
  op.doc(
        "The inverse of each square matrix, as linalg_solve finds it. ValueError where there is "
        "none.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& a) -> Tensor {
        check_square("linalg_inv", a);
        return solve_matrix(a, in_batch(identity_like(a), batch_of(a)));
      })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor adjoint = conjugate_transpose(saved.output());
        return {-matmul(adjoint, matmul(dy, adjoint))};
      })
      .samples([] { return square_samples(); });
}

void define_inverse(OpDef& op) {
  op.doc("The inverse of each square matrix; see linalg_inv.")
      .accepts(kFactorSet)
      .compose([](const Tensor& x) -> Tensor { return linalg_inv(x); })
      .samples([] { return square_samples(); });
}

void define_linalg_det(OpDef& op) {
  op.doc(
        "The determinant of each square matrix, from its LU factors. The gradient is det(A)^* "
        "A^-H: "
        "a ValueError where a matrix is singular.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a) -> Spec {
        check_square("linalg_det", a);
        return {a.dtype(), batch_of(a)};
      })
      .kernel()
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {times_inverse(times_conjugate(dy, saved.output()), saved.input(0))};
      })
      .samples([] { return square_samples(); });
}

void define_det(OpDef& op) {
  op.doc("The determinant of each square matrix; see linalg_det.")
      .accepts(kFactorSet)
      .compose([](const Tensor& x) -> Tensor { return linalg_det(x); })
      .samples([] { return square_samples(); });
}

void define_linalg_slogdet(OpDef& op) {
  op.doc(
        "Sign (of complex ones det / |det|) and logarithm of the size of each square matrix's "
        "determinant, which may be too large or small for a number: 0 and -inf of a singular one.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a) -> Specs {
        check_square("linalg_slogdet", a);
        return {Spec{a.dtype(), batch_of(a)}, Spec{real_of(a.dtype()), batch_of(a)}};
      })
      .kernel()
      .saves_input(0)
      .saves_output(0)
      .vjp([](const Saved& saved, const Tensor&) -> Grads { return {slogdet_gradient(saved)}; })
      .samples([] { return square_samples(); });
}

void define_slogdet(OpDef& op) {
  op.doc("Sign and logarithm of the determinants; see linalg_slogdet.")
      .accepts(kFactorSet)
      .compose([](const Tensor& x) -> std::tuple<Tensor, Tensor> { return linalg_slogdet(x); })
      .samples([] { return square_samples(); });
}

void define_logdet(OpDef& op) {
  op.doc(
        "The logarithm of each square matrix's determinant: -inf of 0, and of real ones NaN below "
        "0.")
      .accepts(kFactorSet)
      .compose([](const Tensor& x) -> Tensor {
        const auto [sign, size] = linalg_slogdet(x);
        if (x.is_complex()) return complex(size, angle(sign));
        return where(sign < 0, std::numeric_limits<double>::quiet_NaN(), size);
      })
      .samples([] { return square_samples(); });
}

void define_solve_triangle(OpDef& op) {
  op.doc(
        "T^-1 B in double precision, T the upper or lower triangle of A, with ones on its diagonal "
        "where "
        "`unitriangular`.")
      .accepts(kFactorSet)
      .shape([](const Tensor& a, const Tensor& b) { return solution_spec("solve_triangle", a, b); })
      .kernel()
      .saves_input(0)
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, bool upper, bool unit) -> Grads {
        const Tensor db = solve_triangle(conjugate_transpose(saved.input(0)), dy, !upper, unit);
        Tensor da;
        if (saved.needs(0)) {
          const Tensor full = -matmul(db, conjugate_transpose(saved.output()));
          da = upper ? triu(full, unit ? 1 : 0) : tril(full, unit ? -1 : 0);
        }
        return {da, db};
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor a = sample_square({3, 3}), b = sample_tensor({3, 2});
        return {{{a, b}, {Attribute(true), Attribute(false)}},
                {{a, b}, {Attribute(false), Attribute(true)}}};
      });
}

void define_linalg_solve_triangular(OpDef& op) {
  op.doc(
        "X with A X = B, or X A = B without `left`, for the upper or lower triangle of A; with "
        "`unitriangular` its diagonal counts as ones. The batches broadcast. A 0 on the diagonal "
        "gives inf or NaN.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& a, const Tensor& b, bool upper, bool left, bool unit) -> Tensor {
        check_square("linalg_solve_triangular", a);
        check_matrices("linalg_solve_triangular", b);
        if (!left) {
          return transposed(
              linalg_solve_triangular(transposed(a), transposed(b), !upper, true, unit));
        }
        const Shape batch = common_batch("linalg_solve_triangular", a, b);
        return solve_triangle(in_batch(a, batch), in_batch(b, batch), upper, unit);
      })
      .samples([]() -> std::vector<Sample> {
        const auto of = [](bool upper, bool left, bool unit) {
          return std::vector<Attribute>{Attribute(upper), Attribute(left), Attribute(unit)};
        };
        return {{{sample_square({3, 3}), sample_tensor({2, 3, 2})}, of(true, true, false)},
                {{sample_square({2, 3, 3}), sample_tensor({2, 2, 3})}, of(false, false, true)}};
      });
}

}  // namespace tenon::ops
