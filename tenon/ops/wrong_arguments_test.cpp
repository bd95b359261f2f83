// Mistakes in the arguments of products, of ops that pick by place, and of those that count.

#include <gtest/gtest.h>

#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

TEST(WrongArguments, Products) {
  const Tensor a = zeros({2, 3}), v = zeros({3});
  EXPECT_MESSAGE(ShapeError, "[bmm] expected tensors of rank 3 and 3, got sizes [2, 3] and [3]",
                 bmm(a, v));
  EXPECT_MESSAGE(ShapeError, "[bmm] expected as many matrices in both batches",
                 bmm(zeros({2, 3, 4}), zeros({1, 4, 2})));
  EXPECT_MESSAGE(ShapeError, "[addmm] input [2, 1, 2] doesn't broadcast to the product, [2, 2]",
                 addmm(zeros({2, 1, 2}), a, a.t()));
  EXPECT_MESSAGE(ValueError, "[einsum] can't read the equation 'i?': '?'", einsum("i?", {a}));
  EXPECT_MESSAGE(ShapeError, "[einsum] one index has the sizes 2 and 3",
                 einsum("ij,ik->jk", {a, zeros({3, 4})}));
  EXPECT_MESSAGE(ShapeError, "[tensordot]", tensordot(a, v, {0}, {0}));
  EXPECT_MESSAGE(ShapeError, "[cross] no dim of [2, 4] has size 3",
                 cross(zeros({2, 4}), zeros({4})));
  EXPECT_MESSAGE(ShapeError, "[trace] expected a matrix", trace(v));
  EXPECT_MESSAGE(ShapeError, "[cdist] expected [..., m, k] and [..., n, k]", cdist(a, v));
}

TEST(WrongArguments, Places) {
  const Tensor x = zeros({2, 3}), index = tensor({0, 1});
  EXPECT_MESSAGE(DTypeError, "[take] expected an index of integers", take(x, x));
  EXPECT_MESSAGE(ShapeError, "[put] 2 places don't go with 3 elements", put(x, index, zeros({3})));
  EXPECT_MESSAGE(ShapeError, "[index_copy] expected a source of sizes [2, 2], got [2, 3]",
                 index_copy(x, 1, index, x));
  EXPECT_MESSAGE(ShapeError, "[index_fill] expected a number or 0-d tensor",
                 index_fill(x, 0, index, x));
  EXPECT_MESSAGE(DTypeError, "[masked_scatter] expected a bool mask", masked_scatter(x, x, x));
  EXPECT_MESSAGE(IndexError, "out of range", masked_scatter(x, x == 0, zeros({2})));
  EXPECT_MESSAGE(IndexError, "out of range", masked_scatter(x, x == 0, zeros({0})));
  EXPECT_MESSAGE(ShapeError, "[searchsorted]", searchsorted(zeros({2, 3}), zeros({3, 3})));
  EXPECT_MESSAGE(ValueError, "contradicts", searchsorted(zeros({3}), x, false, true, "left"));
  EXPECT_MESSAGE(ShapeError, "[bucketize] expected a vector of boundaries", bucketize(x, x));
  EXPECT_MESSAGE(ShapeError, "[select_scatter] expected src of sizes [3], got [2]",
                 select_scatter(x, zeros({2}), 0, 1));
}

TEST(WrongArguments, CountsAndShapes) {
  const Tensor x = zeros({2, 3});
  EXPECT_MESSAGE(ValueError, "[median] no element to choose from", median_dim(zeros({2, 0}), 1));
  EXPECT_MESSAGE(ValueError, "unknown interpolation 'cubic'", quantile(x, 0.5, 1, false, "cubic"));
  EXPECT_MESSAGE(DTypeError, "[quantile] expected floating numbers",
                 quantile(x.to(kInt64), tensor(0.5)));
  EXPECT_MESSAGE(ValueError, "[histc] expected min <= max", histc(x, 5, 1, 0));
  EXPECT_MESSAGE(ShapeError, "[bincount] expected a vector", bincount(x.to(kInt64)));
  EXPECT_MESSAGE(ShapeError, "[diff] a 0-d tensor has no neighbours", diff(zeros({})));
  EXPECT_MESSAGE(ShapeError, "[repeat_interleave", repeat_interleave_by(x, tensor({1, 2, 3}), 0));
  EXPECT_MESSAGE(ValueError, "not to output_size, 4", repeat_interleave_by(x, tensor(1), 0, 4));
  EXPECT_MESSAGE(ValueError, "[meshgrid] expected indexing", meshgrid({x.select(0, 0)}, "yx"));
  EXPECT_MESSAGE(ShapeError, "[diag_embed] no tensor has a diagonal", diag_embed(x, INT64_MIN));
  EXPECT_MESSAGE(ShapeError, "[movedim] 1 dims can't go to 2 places", movedim(x, {0}, {0, 1}));
  EXPECT_MESSAGE(ValueError, "[tensor_split] expected at least 1 section", tensor_split(x, 0));
  EXPECT_MESSAGE(ValueError, "[exponential] expected a lambd above 0", x.exponential_(0));
  EXPECT_EQ(tril_indices(2, 2, INT64_MAX).size(1), 4);
  EXPECT_EQ(triu_indices(2, 2, INT64_MAX).size(1), 0);
}

TEST(WrongArguments, MoreThanCanBeListed) {
  const Tensor x = zeros({2, 3}), v = zeros({3});
  EXPECT_MESSAGE(ValueError, "[tensor_split] expected at least 1 section and at most 16777216",
                 tensor_split(x, INT64_MAX));
  EXPECT_MESSAGE(IndexError, "[tensor_split]", tensor_split(x, 2, 2));
  EXPECT_MESSAGE(ShapeError, "[combinations] expected a vector", combinations(x));
  EXPECT_MESSAGE(ShapeError, "r from 0 to 2^24, got sizes [3] and -1", combinations(v, -1));
  EXPECT_MESSAGE(ShapeError, "r from 0 to 2^24", combinations(v, INT64_MAX));
  EXPECT_MESSAGE(ShapeError, "[combinations] 40 of 100 elements are more combinations",
                 combinations(zeros({100}), 40));
  EXPECT_MESSAGE(ShapeError, "more combinations than can be listed",
                 combinations(v, 1 << 24, true));
  EXPECT_EQ(combinations(v, 4).size(0), 0);
  EXPECT_MESSAGE(ValueError, "[tril_indices] expected sizes of at least 0, got -1 and 2",
                 tril_indices(-1, 2));
  EXPECT_MESSAGE(ValueError, "has more elements than can be listed", tril_indices(INT64_MAX, 2));
  EXPECT_MESSAGE(ValueError, "[triu_indices] [1, 9223372036854775807] has more elements",
                 triu_indices(1, INT64_MAX));
}

}  // namespace
}  // namespace tenon
