// matrix_exp, products of reflections, and what linalg does with tensors as matrices.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/linalg/matrices_internal.h"

namespace tenon::ops {
namespace {

/// The gradient is the upper right block of the exponential of [[A^H, dy], [0, A^H]].
Tensor exponential_gradient(const Tensor& a, const Tensor& dy) {
  const int64_t n = a.size(-1);
  const Tensor adjoint = conjugate_transpose(a);
  const Tensor above = cat({adjoint, dy}, -1), below = cat({zeros_like(adjoint), adjoint}, -1);
  return narrow(narrow(linalg_matrix_exp(cat({above, below}, -2)), -2, 0, n), -1, n, n);
}

std::vector<Sample> exponential_samples() {
  return {{{sample_tensor({3, 3}, -1, 1)}, {}},
          {{sample_tensor({2, 2, 2}, -6, 5)}, {}},
          {{sample_tensor({1, 1})}, {}},
          {{sample_complex({2, 2}, -1, 1)}, {}}};
}

Shape part_of(const Shape& sizes, size_t begin, size_t end) {
  Shape part;
  for (size_t i = begin; i < end; ++i) part.push_back(sizes[i]);
  return part;
}

Shape joined(const Shape& a, const Shape& b) {
  Shape all = a;
  for (const int64_t size : b) all.push_back(size);
  return all;
}

/// `a` with these dims behind the others.
Tensor with_dims_last(const Tensor& a, IntList dims) {
  if (dims.empty()) return a;
  dim_mask("linalg_tensorsolve", dims, a.dim());
  Shape order, last;
  for (const int64_t dim : dims) {
    last.push_back(normalize_dim("linalg_tensorsolve", dim, a.dim()));
  }
  for (int64_t i = 0; i < a.dim(); ++i) {
    if (std::find(last.begin(), last.end(), i) == last.end()) order.push_back(i);
  }
  return permute(a, joined(order, last));
}

}  // namespace

void define_linalg_matrix_exp(OpDef& op) {
  op.doc(
        "e to the power of each square matrix, the sum of A^k / k!: Pade's approximation of degree "
        "13 after halving, squared back (Higham 2005), in double precision.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& a) -> Spec {
        check_square("linalg_matrix_exp", a);
        return {a.dtype(), a.sizes()};
      })
      .kernel()
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {exponential_gradient(saved.input(0), dy)};
      })
      .samples(exponential_samples);
}

void define_matrix_exp(OpDef& op) {
  op.doc("e to the power of each square matrix; see linalg_matrix_exp.")
      .accepts(kFactorSet)
      .compose([](const Tensor& x) -> Tensor { return linalg_matrix_exp(x); })
      .samples(exponential_samples);
}

void define_linalg_householder_product(OpDef& op) {
  op.doc(
        "The first n columns of H_1 ... H_k for A [m, n] with m >= n and tau [k]: H_i = 1 - tau_i "
        "v_i v_i^H, where v_i is column i of A below its diagonal, 1 on it and 0 above.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& a, const Tensor& tau) -> Tensor {
        check_matrices("linalg_householder_product", a);
        const int64_t m = a.size(-2), n = a.size(-1);
        const Shape batch = part_of(a.sizes(), 0, a.sizes().size() - 2);
        Shape expected = batch;
        expected.push_back(tau.dim() == 0 ? 0 : tau.size(-1));
        if (m < n || tau.sizes() != expected || tau.size(-1) > n || tau.dtype() != a.dtype()) {
          fail<ShapeError>("linalg_householder_product",
                           fmt::format("expected A [..., m, n] with m >= n and tau [..., k <= n] "
                                       "of one dtype, got {} and {}",
                                       to_string(a.sizes()), to_string(tau.sizes())));
        }
        Tensor q = in_batch(eye(m, n, a.dtype(), a.device()), batch);
        for (int64_t i = tau.size(-1); i-- > 0;) {
          const Tensor below = tril(narrow(a, -1, i, 1), -i - 1);
          const Tensor v = below + narrow(eye(m, n, a.dtype(), a.device()), -1, i, 1);
          const Tensor scale = unsqueeze(narrow(tau, -1, i, 1), -1);
          q = q - matmul(scale * v, matmul(conjugate_transpose(v), q));
        }
        return q;
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3}), sample_tensor({3}, 0.5, 1.5, 2)}, {}},
                {{sample_tensor({2, 3, 3}), sample_tensor({2, 2}, 0.5, 1.5, 2)}, {}}};
      });
}

void define_linalg_tensorinv(OpDef& op) {
  op.doc(
        "The inverse of A as a matrix from its dims from `ind` on to those before: with the sizes "
        "of those from `ind` on, then of those before. ShapeError unless both have the same number "
        "of elements.")
      .accepts(kFactorSet)
      .compose([](const Tensor& a, int64_t ind) -> Tensor {
        if (ind < 1 || ind > a.dim()) {
          fail<ValueError>("linalg_tensorinv",
                           fmt::format("expected ind from 1 to {}, got {}", a.dim(), ind));
        }
        const Shape rows = part_of(a.sizes(), 0, static_cast<size_t>(ind));
        const Shape columns = part_of(a.sizes(), static_cast<size_t>(ind), a.sizes().size());
        const int64_t count = count_elements("linalg_tensorinv", rows);
        if (count != count_elements("linalg_tensorinv", columns)) {
          fail<ShapeError>("linalg_tensorinv",
                           fmt::format("sizes {} before dim {} and {} from there on have other "
                                       "numbers of elements",
                                       to_string(rows), ind, to_string(columns)));
        }
        return reshape(linalg_inv(reshape(a, {count, count})), joined(columns, rows));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{reshape(sample_square({6, 6}), {2, 3, 6})}, {Attribute(int64_t{2})}},
                {{reshape(sample_square({4, 4}), {4, 2, 2})}, {Attribute(int64_t{1})}}};
      });
}

void define_linalg_tensorsolve(OpDef& op) {
  op.doc(
        "X with tensordot(A, X, X.dim()) = B, for A whose dims, after `dims` went to the end, are "
        "those of B and then those of X. ShapeError unless both have the same number of elements.")
      .accepts(kFactorSet)
      .compose([](const Tensor& a, const Tensor& b, IntList dims) -> Tensor {
        const Tensor moved = with_dims_last(a, dims);
        const auto rank = static_cast<size_t>(b.dim());
        const int64_t count = b.numel();
        const bool fits = moved.sizes().size() >= rank &&
                          part_of(moved.sizes(), 0, rank) == b.sizes() &&
                          moved.numel() == count * count;
        if (!fits) {
          fail<ShapeError>("linalg_tensorsolve",
                           fmt::format("expected A with the {} of B in front and as many elements "
                                       "behind, got {}",
                                       to_string(b.sizes()), to_string(moved.sizes())));
        }
        const Tensor x = linalg_solve(reshape(moved, {count, count}), reshape(b, {count}));
        return reshape(x, part_of(moved.sizes(), rank, moved.sizes().size()));
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor a = sample_square({6, 6});
        return {{{reshape(a, {2, 3, 6}), sample_tensor({2, 3})}, {Attribute(Shape{})}},
                {{reshape(a, {6, 2, 3}), sample_tensor({2, 3})}, {Attribute(Shape{0})}}};
      });
}

void define_linalg_vander(OpDef& op) {
  op.doc(
        "Rows 1, x, x^2, ..., x^(N - 1) for each element of `x` [..., n], N = n unless given. "
        "ValueError for N <= 1.")
      .accepts(kNumberSet)
      .compose([](const Tensor& x, std::optional<int64_t> count) -> Tensor {
        if (x.dim() == 0) fail<ShapeError>("linalg_vander", "expected x of at least one dim");
        const int64_t n = count.value_or(x.size(-1));
        if (n <= 1) {
          fail<ValueError>("linalg_vander", fmt::format("expected N above 1, got {}", n));
        }
        Shape sizes = x.sizes();
        sizes.push_back(n - 1);
        const Tensor powers = cumprod(expand(unsqueeze(x, -1), sizes), -1);
        sizes.back() = 1;
        return cat({ones(sizes, powers.dtype(), x.device()), powers}, -1);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3})}, {Attribute()}},
                {{sample_tensor({2, 3})}, {Attribute(int64_t{5})}}};
      });
}

}  // namespace tenon::ops
