// What a gradient doesn't need isn't kept: it may be written to, and its memory goes.

#include <gtest/gtest.h>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/samples.h"

namespace tenon {
namespace {

using ops::sample_tensor;
using Op = Tensor (*)(const Tensor&, const Tensor&);

Tensor matrix_product(const Tensor& a, const Tensor& b) { return matmul(a, b); }
Tensor image_filter(const Tensor& x, const Tensor& w) { return conv2d(x, w); }
Tensor sequence_filter(const Tensor& x, const Tensor& w) { return conv1d(x, w, {}, {2}, {1}); }
Tensor transposed_filter(const Tensor& x, const Tensor& w) { return conv_transpose2d(x, w); }
Tensor equation(const Tensor& a, const Tensor& b) { return einsum("bij,bjk->bik", {a, b}); }

struct Product {
  const char* name;
  Op op;
  Shape a, b;
};

const Product kProducts[] = {
    {"matmul", matrix_product, {3, 4}, {4, 2}},
    {"dot", matrix_product, {4}, {4}},
    {"row", matrix_product, {4}, {4, 3}},
    {"column", matrix_product, {3, 4}, {4}},
    {"shared", matrix_product, {2, 3, 4}, {4, 2}},
    {"batches", matrix_product, {2, 3, 4}, {2, 4, 2}},
    {"row and batch", matrix_product, {3}, {2, 3, 2}},
    {"batch and column", matrix_product, {2, 3, 4}, {4}},
    {"linear", [](const Tensor& x, const Tensor& w) { return linear(x, w); }, {2, 3}, {4, 3}},
    {"addmm",
     [](const Tensor& a, const Tensor& b) { return addmm(ones({2}, kFloat64), a, b); },
     {3, 4},
     {4, 2}},
    {"einsum", equation, {2, 3, 4}, {2, 4, 2}},
    {"conv1d", sequence_filter, {2, 2, 7}, {4, 2, 3}},
    {"conv2d", image_filter, {2, 2, 5, 6}, {4, 2, 3, 2}},
    {"conv_transpose2d", transposed_filter, {2, 2, 3, 4}, {2, 4, 2, 2}},
    {"mul", [](const Tensor& a, const Tensor& b) { return a * b; }, {3, 4}, {4}},
};

/// The gradients of both where that of input `wanted` alone is asked for, and, where `overwritten`,
/// that input and the result are written to before the pass.
std::vector<double> gradient(const Product& product, int wanted, bool overwritten) {
  Tensor leaves[] = {sample_tensor(product.a, -1, 1, 1), sample_tensor(product.b, -1, 1, 2)};
  leaves[wanted].requires_grad_();
  Tensor a = leaves[0] * 1, b = leaves[1] * 1;
  const Tensor y = product.op(a, b);
  const Tensor loss = sum(y * sample_tensor(y.sizes(), -1, 1, 3));
  if (overwritten) (wanted == 0 ? a : b).fill_(7);
  loss.backward();
  return leaves[wanted].grad().to_vector<double>();
}

TEST(SavedInputs, AProductKeepsTheOtherFactorAlone) {
  for (const Product& product : kProducts) {
    for (const int wanted : {0, 1}) {
      EXPECT_EQ(gradient(product, wanted, true), gradient(product, wanted, false))
          << product.name << " " << wanted;
    }
  }
}

TEST(SavedInputs, WhatOnlyTheOtherGradientReadsMayBeWrittenTo) {
  const auto divergence = [](const Tensor& a, const Tensor& b) { return kl_div(a, b); };
  const auto turned = [](const Tensor& a, const Tensor& b) { return view_as_real(polar(a, b)); };
  const auto by_size = [](const Tensor& x, const Tensor& w) { return rms_norm(x, {4}, w); };
  const auto by_spread = [](const Tensor& x, const Tensor& w) { return layer_norm(x, {4}, w); };
  const std::pair<Product, int> cases[] = {{{"kl_div", divergence, {3, 4}, {3, 4}}, 0},
                                           {{"polar", turned, {3, 4}, {3, 4}}, 0},
                                           {{"polar", turned, {3, 4}, {3, 4}}, 1},
                                           {{"rms_norm", by_size, {3, 4}, {4}}, 1},
                                           {{"layer_norm", by_spread, {3, 4}, {4}}, 1}};
  for (const auto& [product, wanted] : cases) {
    EXPECT_EQ(gradient(product, wanted, true), gradient(product, wanted, false))
        << product.name << " " << wanted;
  }
}

TEST(SavedInputs, AnInverseKeepsItsResultAlone) {
  const auto slope = [](bool overwritten) {
    Tensor leaf = eye(3, {}, kFloat64) + sample_tensor({3, 3}, -0.2, 0.2);
    leaf.requires_grad_();
    Tensor x = leaf * 1;
    const Tensor loss = sum(linalg_inv(x) * sample_tensor({3, 3}, -1, 1, 3));
    if (overwritten) x.fill_(7);
    loss.backward();
    return leaf.grad().to_vector<double>();
  };
  EXPECT_EQ(slope(true), slope(false));
}

TEST(SavedInputs, MemoryOfWhatIsNotKeptGoes) {
  const Tensor w = ones({256, 1}, kFloat64);
  const Tensor x = ones({256, 256}, kFloat64).requires_grad_();
  const int64_t before = memory_stats().allocated_bytes;
  const Tensor y = matmul(x * 2, w);
  EXPECT_LT(memory_stats().allocated_bytes, before + 100'000);
}

/// f(x) with the wish for its gradient, whose input, result or both are then written to.
std::vector<double> unary_gradient(Tensor (*f)(const Tensor&), bool input, bool result) {
  const Tensor leaf = sample_tensor({5}, 0.5, 2).requires_grad_();
  Tensor x = leaf * 1;
  Tensor y = f(x);
  const Tensor loss = sum(y * sample_tensor({5}, -1, 1, 3));
  if (input) x.fill_(7);
  if (result) y.fill_(7);
  loss.backward();
  return leaf.grad().to_vector<double>();
}

TEST(SavedInputs, QuotientsAndPowersKeepNoResult) {
  const auto quotient = [](const Tensor& x) { return x / 3; };
  const auto inverse = [](const Tensor& x) { return 3 / x; };
  const auto power = [](const Tensor& x) { return pow(x, 3); };
  const auto rest = [](const Tensor& x) { return remainder(x, 0.7); };
  const auto mixed = [](const Tensor& x) { return lerp(x, x * 2, 0.25); };
  const auto quantile = [](const Tensor& x) { return erfinv(x * 0.4); };
  EXPECT_EQ(unary_gradient(quotient, true, true), unary_gradient(quotient, false, false));
  EXPECT_EQ(unary_gradient(inverse, false, true), unary_gradient(inverse, false, false));
  EXPECT_EQ(unary_gradient(power, false, true), unary_gradient(power, false, false));
  EXPECT_EQ(unary_gradient(rest, true, true), unary_gradient(rest, false, false));
  EXPECT_EQ(unary_gradient(mixed, true, true), unary_gradient(mixed, false, false));
  EXPECT_EQ(unary_gradient(quantile, true, true), unary_gradient(quantile, false, false));
}

TEST(SavedInputs, WhatTheGradientNeedsIsStillGuarded) {
  const Tensor x = ones({2, 2}, kFloat64).requires_grad_(), w = ones({2, 2}, kFloat64);
  const Tensor y = matmul(x, w);
  w.fill_(3);
  EXPECT_THROW(y.sum().backward(), AutogradError);
}

}  // namespace
}  // namespace tenon
