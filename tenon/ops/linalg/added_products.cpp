// Products of matrices and vectors by their PyTorch names, and those added to another tensor.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_ranks(std::string_view call, const Tensor& a, int64_t a_rank, const Tensor& b,
                 int64_t b_rank) {
  if (a.dim() == a_rank && b.dim() == b_rank) return;
  fail<ShapeError>(call,
                   fmt::format("expected tensors of rank {} and {}, got sizes {} and {}; matmul() "
                               "takes other ranks",
                               a_rank, b_rank, to_string(a.sizes()), to_string(b.sizes())));
}

void check_batches(std::string_view call, const Tensor& a, const Tensor& b) {
  check_ranks(call, a, 3, b, 3);
  if (a.size(0) != b.size(0)) {
    fail<ShapeError>(call, fmt::format("expected as many matrices in both batches, got {} and {}",
                                       to_string(a.sizes()), to_string(b.sizes())));
  }
}

Tensor scaled(const Tensor& x, Scalar factor) { return factor == Scalar(1) ? x : x * factor; }

/// beta input + alpha product. With beta = 0 the input isn't read, so that its NaN don't count.
Tensor added(std::string_view call, const Tensor& input, const Tensor& product, Scalar beta,
             Scalar alpha) {
  const Shape sizes = broadcast_shapes(call, input.sizes(), product.sizes());
  if (sizes != product.sizes()) {
    fail<ShapeError>(call, fmt::format("input {} doesn't broadcast to the product, {}",
                                       to_string(input.sizes()), to_string(product.sizes())));
  }
  if (beta.to_complex() == std::complex<double>()) return scaled(product, alpha);
  return scaled(input, beta) + scaled(product, alpha);
}

std::vector<Sample> added_samples(IntList input, IntList a, IntList b) {
  std::vector<Sample> samples;
  for (const auto& [beta, alpha] :
       {std::pair<Scalar, Scalar>{1, 1}, std::pair<Scalar, Scalar>{0.5, -2.0}}) {
    samples.push_back(
        {{sample_tensor(input), sample_tensor(a, -1, 1, 2), sample_tensor(b, -1, 1, 3)},
         {Attribute(beta), Attribute(alpha)}});
  }
  return samples;
}

std::vector<Sample> pair_of(IntList a, IntList b) {
  return {{{sample_tensor(a), sample_tensor(b, -1, 1, 2)}, {}}};
}

}  // namespace

void define_mm(OpDef& op) {
  op.doc("The product of two matrices; see matmul. ShapeError for other ranks.")
      .accepts(kNumberSet)
      .compose([](const Tensor& input, const Tensor& mat2) -> Tensor {
        check_ranks("mm", input, 2, mat2, 2);
        return matmul(input, mat2);
      })
      .samples([] {
        return pair_of({3, 4}, {4, 2});
      });
}

void define_bmm(OpDef& op) {
  op.doc("The products of two batches of matrices; see matmul. ShapeError for other ranks.")
      .accepts(kNumberSet)
      .compose([](const Tensor& input, const Tensor& mat2) -> Tensor {
        check_batches("bmm", input, mat2);
        return matmul(input, mat2);
      })
      .samples([] {
        return pair_of({2, 3, 4}, {2, 4, 2});
      });
}

void define_mv(OpDef& op) {
  op.doc("The product of a matrix and a vector; see matmul. ShapeError for other ranks.")
      .accepts(kNumberSet)
      .compose([](const Tensor& input, const Tensor& vec) -> Tensor {
        check_ranks("mv", input, 2, vec, 1);
        return matmul(input, vec);
      })
      .samples([] {
        return pair_of({3, 4}, {4});
      });
}

void define_inner(OpDef& op) {
  op.doc(
        "Sums of products along the last dims: y[i..., j...] = sum over k of a[i..., k] b[j..., "
        "k]. A 0-d tensor multiplies all.")
      .accepts(kNumberSet)
      .compose([](const Tensor& a, const Tensor& b) -> Tensor {
        if (a.dim() == 0 || b.dim() == 0) return a * b;
        return tensordot(a, b, {-1}, {-1});
      })
      .samples([] {
        std::vector<Sample> samples = pair_of({2, 3}, {4, 3});
        samples.push_back({{sample_tensor({3}), sample_tensor({3}, -1, 1, 2)}, {}});
        samples.push_back({{sample_tensor({3}), sample_tensor({}, -1, 1, 2)}, {}});
        return samples;
      });
}

void define_addmm(OpDef& op) {
  op.doc("beta input + alpha (mat1 @ mat2) for matrices; `input` broadcasts.")
      .accepts(kFloatSet)
      .compose([](const Tensor& input, const Tensor& mat1, const Tensor& mat2, Scalar beta,
                  Scalar alpha) -> Tensor {
        check_ranks("addmm", mat1, 2, mat2, 2);
        return added("addmm", input, matmul(mat1, mat2), beta, alpha);
      })
      .samples([] {
        return added_samples({2}, {3, 4}, {4, 2});
      });
}

void define_addmv(OpDef& op) {
  op.doc("beta input + alpha (mat @ vec) for a matrix and a vector; `input` broadcasts.")
      .accepts(kFloatSet)
      .compose([](const Tensor& input, const Tensor& mat, const Tensor& vec, Scalar beta,
                  Scalar alpha) -> Tensor {
        check_ranks("addmv", mat, 2, vec, 1);
        return added("addmv", input, matmul(mat, vec), beta, alpha);
      })
      .samples([] {
        return added_samples({3}, {3, 4}, {4});
      });
}

void define_addr(OpDef& op) {
  op.doc("beta input + alpha outer(vec1, vec2) for vectors; `input` broadcasts.")
      .accepts(kFloatSet)
      .compose([](const Tensor& input, const Tensor& vec1, const Tensor& vec2, Scalar beta,
                  Scalar alpha) -> Tensor {
        check_ranks("addr", vec1, 1, vec2, 1);
        return added("addr", input, outer(vec1, vec2), beta, alpha);
      })
      .samples([] {
        return added_samples({3, 4}, {3}, {4});
      });
}

void define_baddbmm(OpDef& op) {
  op.doc("beta input + alpha bmm(batch1, batch2); `input` broadcasts.")
      .accepts(kFloatSet)
      .compose([](const Tensor& input, const Tensor& batch1, const Tensor& batch2, Scalar beta,
                  Scalar alpha) -> Tensor {
        check_batches("baddbmm", batch1, batch2);
        return added("baddbmm", input, matmul(batch1, batch2), beta, alpha);
      })
      .samples([] {
        return added_samples({2, 3, 2}, {2, 3, 4}, {2, 4, 2});
      });
}

void define_addbmm(OpDef& op) {
  op.doc("beta input + alpha times the sum of bmm(batch1, batch2) over the batch.")
      .accepts(kFloatSet)
      .compose([](const Tensor& input, const Tensor& batch1, const Tensor& batch2, Scalar beta,
                  Scalar alpha) -> Tensor {
        check_batches("addbmm", batch1, batch2);
        // The batch and the inner dim are summed alike: one product of wide matrices.
        const int64_t rows = batch1.size(1), columns = batch2.size(2);
        const int64_t inner = batch1.size(0) * batch1.size(2);
        const Tensor wide = reshape(transpose(batch1, 0, 1), {rows, inner});
        const Tensor tall = reshape(batch2, {batch2.size(0) * batch2.size(1), columns});
        return added("addbmm", input, matmul(wide, tall), beta, alpha);
      })
      .samples([] {
        return added_samples({3, 2}, {2, 3, 4}, {2, 4, 2});
      });
}

}  // namespace tenon::ops
