#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/elementwise/conjugate_internal.h"
#include "tenon/ops/linalg/matmul.h"

namespace tenon::ops {
namespace {

[[noreturn]] void fail_inner(const Tensor& a, const Tensor& b, int64_t k, int64_t other) {
  std::string hint;
  if (b.dim() >= 2 && b.size(-1) == k) {
    hint = "; did you mean b.transpose(-2, -1)?";
    if (b.dim() == 2) hint = "; did you mean b.transpose(0, 1)?";
  } else if (a.dim() >= 2 && a.size(-2) == other) {
    hint =
        a.dim() == 2 ? "; did you mean a.transpose(0, 1)?" : "; did you mean a.transpose(-2, -1)?";
  }
  fail<ShapeError>("matmul",
                   fmt::format("inner sizes differ: a is {}, b is {} ({} != {}){}",
                               to_string(a.sizes()), to_string(b.sizes()), k, other, hint));
}

/// d(a b)/db for a matrix `b` that every matrix of the batch `a` is multiplied with: one product.
Tensor grad_of_shared(const Tensor& a, const Tensor& dy) {
  return sum_over_rows(conjugate(rows_of(a)), rows_of(dy));
}

/// Of an `a` with as many dims as `rank`.
Tensor grad_of_a(const Tensor& dy, const Tensor& b, size_t rank) {
  if (rank > 1 && b.dim() > 1) return matmul(dy, conjugate_transpose(b));
  if (b.dim() > 1) return squeeze(matmul(conjugate(b), unsqueeze(dy, -1)), {-1});
  return (rank > 1 ? unsqueeze(dy, -1) : dy) * conjugate(b);
}

Tensor grad_of_b(const Tensor& dy, const Tensor& a, size_t rank) {
  if (a.dim() == 1) {
    return rank == 1 ? dy * conjugate(a) : unsqueeze(conjugate(a), -1) * unsqueeze(dy, -2);
  }
  if (rank == 1) return squeeze(matmul(unsqueeze(dy, -2), conjugate(a)), {-2});
  return rank == 2 ? grad_of_shared(a, dy) : matmul(conjugate_transpose(a), dy);
}

}  // namespace

Tensor rows_of(const Tensor& x) {
  if (x.dim() == 2) return x;
  // Spelled out: of no elements, -1 says nothing.
  int64_t rows = 1;
  for (int64_t dim = 0; dim + 1 < x.dim(); ++dim) rows *= x.size(dim);
  return reshape(x, {rows, x.size(-1)});
}

Tensor sum_over_rows(const Tensor& a, const Tensor& b) {
  constexpr int64_t kLarge = 8192;  // smaller ones cost less as products, 0.4 us at 64 x 64
  const bool is_elementwise = a.size(0) == 1 && a.size(1) >= 1 && b.size(1) >= kLarge / a.size(1);
  return is_elementwise ? t(a) * b : matmul(t(a), b);
}

MatmulSizes matmul_sizes(const Tensor& a, const Tensor& b) {
  if (a.dim() == 0 || b.dim() == 0) {
    fail<ShapeError>("matmul", fmt::format("expected tensors of rank 1 or more, a is {}, b is {}; "
                                           "multiply by a number with *",
                                           to_string(a.sizes()), to_string(b.sizes())));
  }
  const Shape &x = a.sizes(), &y = b.sizes();
  MatmulSizes result;
  result.m = a.dim() == 1 ? 1 : x[x.size() - 2];
  result.k = x.back();
  result.n = b.dim() == 1 ? 1 : y.back();
  const int64_t inner = b.dim() == 1 ? y[0] : y[y.size() - 2];
  if (result.k != inner) fail_inner(a, b, result.k, inner);
  if (x.size() > 2 || y.size() > 2) {
    const size_t a_batch = x.size() > 2 ? x.size() - 2 : 0,
                 b_batch = y.size() > 2 ? y.size() - 2 : 0;
    result.batch =
        broadcast_shapes("matmul", std::span(x.data(), a_batch), std::span(y.data(), b_batch));
  }
  return result;
}

void define_matmul(OpDef& op) {
  op.doc(
        "Matrix product: y[..., i, j] = sum over k of a[..., i, k] b[..., k, j]. The dims before "
        "the last two broadcast. A 1-d `a` is a row, a 1-d `b` a column, and the dim that this "
        "adds "
        "goes again; two 1-d tensors give their dot product. Half types accumulate in float32, "
        "integers wrap around. ShapeError unless the inner sizes are equal.")
      .accepts(kNumberSet)
      .autocast(CastPolicy::kLower)
      .shape([](const Tensor& a, const Tensor& b) -> Spec {
        MatmulSizes sizes = matmul_sizes(a, b);
        Spec spec{a.dtype() == b.dtype() ? a.dtype() : promote(a.dtype(), b.dtype()), sizes.batch};
        if (a.dim() > 1) spec.sizes.push_back(sizes.m);
        if (b.dim() > 1) spec.sizes.push_back(sizes.n);
        return spec;
      })
      .kernel()
      .saves_input_for(0, {1})
      .saves_input_for(1, {0})
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        Tensor da, db;
        if (saved.needs(0)) da = grad_of_a(dy, saved.input(1), saved.input_sizes(0).size());
        if (saved.needs(1)) db = grad_of_b(dy, saved.input(0), saved.input_sizes(1).size());
        return {da, db};
      })
      .samples([]() -> std::vector<Sample> {
        std::vector<Sample> samples;
        const std::pair<Shape, Shape> pairs[] = {{{3, 4}, {4, 2}},    {{4}, {4}},
                                                 {{4}, {4, 3}},       {{3, 4}, {4}},
                                                 {{2, 3, 4}, {4, 2}}, {{2, 3, 4}, {2, 4, 2}},
                                                 {{3, 4}, {2, 4, 2}}, {{2, 1, 2, 3}, {2, 3, 2}},
                                                 {{2, 3, 4}, {4}},    {{3}, {2, 3, 2}}};
        for (const auto& [a, b] : pairs) {
          samples.push_back({{sample_tensor(a, -2, 2, 1), sample_tensor(b, -2, 2, 2)}, {}});
        }
        return samples;
      });
}

}  // namespace tenon::ops
