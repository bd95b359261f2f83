// Attention by blocks against attention by whole matrices of scores: sizes on either side of the
// blocks', masks of every kind, gradients, and what must not change the result.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/gradcheck.h"
#include "tenon/base/parallel.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/samples.h"

namespace tenon {
namespace {

using ops::sample_mask;
using ops::sample_tensor;

struct Operands {
  Tensor q, k, v, mask;
  bool is_causal = false;
};

Operands operands(DType dtype, IntList batch, int64_t queries, int64_t keys) {
  const auto draw = [&](int64_t rows, int64_t columns, uint64_t seed) {
    Shape sizes(batch);
    sizes.push_back(rows);
    sizes.push_back(columns);
    return sample_tensor(sizes, -2, 2, seed).to(dtype);
  };
  return {draw(queries, 24, 1), draw(keys, 24, 2), draw(keys, 17, 3), {}};
}

constexpr double kScale = 0.3;

Tensor by_blocks(const Operands& o) {
  return scaled_dot_product_attention(o.q, o.k, o.v, o.mask, 0, o.is_causal, kScale);
}

Tensor by_matrices(const Operands& o) {
  const Tensor scores = matmul(o.q, transpose(o.k, -2, -1));
  Tensor mask = o.mask;
  if (o.is_causal) mask = tril(ones({o.q.size(-2), o.k.size(-2)}, kBool));
  return matmul(attention_weights(scores, mask, kScale), o.v);
}

double distance(const Tensor& a, const Tensor& b) {
  return amax(abs(a.to(kFloat64) - b.to(kFloat64))).item<double>();
}

/// Result and gradients of a weighted sum of it.
std::vector<Tensor> results_of(Operands o, Tensor (*attention)(const Operands&)) {
  for (Tensor* x : {&o.q, &o.k, &o.v, &o.mask}) {
    if (x->defined() && x->dtype() != kBool) x->requires_grad_();
  }
  const Tensor y = attention(o);
  sum(y * sample_tensor(y.sizes(), -1, 1, 5).to(y.dtype())).backward();
  std::vector<Tensor> results = {y.detach()};
  for (Tensor* x : {&o.q, &o.k, &o.v, &o.mask}) {
    if (!x->defined() || x->dtype() == kBool) continue;
    results.push_back(x->grad());
    *x = x->detach();
  }
  return results;
}

void expect_same(const Operands& o, const char* what) {
  const double tolerance = o.q.dtype() == kFloat64 ? 1e-12 : 2e-5;
  const std::vector<Tensor> got = results_of(o, by_blocks), want = results_of(o, by_matrices);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].sizes(), want[i].sizes()) << what;
    const double scale = 1 + amax(abs(want[i])).to(kFloat64).item<double>();
    EXPECT_LT(distance(got[i], want[i]), tolerance * scale)
        << what << ", " << name_of(o.q.dtype()) << ", result " << i << ", "
        << to_string(o.q.sizes()) << " by " << to_string(o.k.sizes());
  }
}

TEST(Attention, BlocksAgreeWithWholeMatrices) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    for (const auto& [queries, keys] : {std::pair<int64_t, int64_t>{1, 1},
                                        {5, 3},
                                        {128, 512},
                                        {129, 513},
                                        {300, 40},
                                        {40, 1100}}) {
      Operands o = operands(dtype, {2, 3}, queries, keys);
      expect_same(o, "no mask");
      o.is_causal = true;
      expect_same(o, "causal");
      o.is_causal = false;
      o.mask = sample_mask({queries, keys});
      expect_same(o, "bool mask");
      o.mask = sample_mask({2, 1, 1, keys});
      expect_same(o, "bool mask of keys");
      o.mask = sample_tensor({3, queries, keys}, -1, 1, 4).to(dtype);
      expect_same(o, "added mask");
      o.mask = sample_tensor({queries, 1}, -1, 1, 4).to(dtype);
      expect_same(o, "added mask of queries");
    }
  }
}

TEST(Attention, ReadsViewsAsTheyAre) {
  const Operands o = operands(kFloat32, {2, 3}, 70, 90);
  Operands views = o;
  for (Tensor* x : {&views.q, &views.k, &views.v}) {  // [batch, steps, heads, size] in memory
    *x = transpose(contiguous(transpose(*x, 1, 2)), 1, 2);
  }
  EXPECT_EQ(distance(by_blocks(o), by_blocks(views)), 0);
  views.k = transpose(contiguous(transpose(o.k, -2, -1)), -2, -1);
  expect_same(views, "views");
}

TEST(Attention, HeadsThatServeSeveral) {
  const Tensor q = sample_tensor({2, 6, 9, 8}, -1, 1, 1),
               k = sample_tensor({2, 2, 11, 8}, -1, 1, 2);
  const Tensor v = sample_tensor({2, 2, 11, 5}, -1, 1, 3);
  const auto attend = [&](const Tensor& key, const Tensor& value, bool enable_gqa) {
    return scaled_dot_product_attention(q, key, value, {}, 0, false, {}, enable_gqa);
  };
  const Tensor all_k = repeat_interleave(k, 3, 1), all_v = repeat_interleave(v, 3, 1);
  EXPECT_LT(distance(attend(k, v, true), attend(all_k, all_v, false)), 1e-14);
}

TEST(Attention, QueriesThatMayLookAtNothingGiveZero) {
  Operands o = operands(kFloat32, {2}, 20, 600);
  o.mask = zeros({20, 600}, kBool);
  o.mask.select(0, 3).fill_(true);
  for (const Tensor& result : results_of(o, by_blocks)) {
    EXPECT_TRUE(all(isfinite(result)).item<bool>());
  }
  const Tensor y = by_blocks(o);
  EXPECT_EQ(amax(abs(y.select(1, 2))).item<float>(), 0);
  EXPECT_GT(amax(abs(y.select(1, 3))).item<float>(), 0);
  o.mask = full({20, 600}, -std::numeric_limits<double>::infinity(), kFloat32);
  EXPECT_EQ(amax(abs(by_blocks(o))).item<float>(), 0);
}

TEST(Attention, ANaNIsNotLost) {
  Operands o = operands(kFloat32, {1}, 4, 700);
  o.k.select(1, 650).fill_(std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(all(isnan(by_blocks(o))).item<bool>());
}

TEST(Attention, LargeScoresDoNotOverflow) {
  Operands o = operands(kFloat32, {1}, 4, 700);
  o.q = o.q * 1000;
  EXPECT_TRUE(all(isfinite(by_blocks(o))).item<bool>());
  expect_same(o, "large scores");
}

TEST(Attention, SameBitsForAnyNumberOfThreads) {
  const Operands few = operands(kFloat32, {1}, 260, 1500), many = operands(kFloat32, {9}, 65, 65);
  const int before = num_threads();
  for (const Operands& o : {few, many}) {
    set_num_threads(1);
    const std::vector<Tensor> want = results_of(o, by_blocks);
    for (const int threads : {2, 5}) {
      set_num_threads(threads);
      const std::vector<Tensor> got = results_of(o, by_blocks);
      for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(distance(got[i], want[i]), 0);
    }
  }
  set_num_threads(before);
}

}  // namespace
}  // namespace tenon
