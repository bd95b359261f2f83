#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

std::vector<int64_t> numbers(const Tensor& x) {
  const Tensor values = x.to(kInt64).contiguous();
  const auto* data = values.data<int64_t>();
  return {data, data + values.numel()};
}

using List = std::vector<int64_t>;

TEST(Reshape, ViewsWhereStridesAllow) {
  const Tensor x = arange(12).reshape({3, 4});
  EXPECT_TRUE(x.is_view());
  const Tensor y = x.transpose(0, 1);
  EXPECT_EQ(y.reshape({4, 3}).raw_data(), x.raw_data());
  const Tensor z = y.reshape({-1});
  EXPECT_NE(z.raw_data(), x.raw_data());
  EXPECT_EQ(numbers(z), (List{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}));
  EXPECT_THROW(y.view({-1}), ShapeError);
  EXPECT_THROW(x.reshape({5, -1}), ShapeError);
  EXPECT_THROW(x.reshape({-1, -1}), ShapeError);
  // Every second column: the outer dims still merge.
  const Tensor s = arange(30).reshape({2, 3, 5}).slice(2, 0, std::nullopt, 2);
  EXPECT_EQ(s.view({6, 3}).strides(), (Shape{5, 2}));
  EXPECT_EQ(s.view({2, 1, 3, 3, 1}).sizes(), (Shape{2, 1, 3, 3, 1}));
  EXPECT_THROW(s.view({18}), ShapeError);
  EXPECT_EQ(zeros({0, 3}).reshape({3, 0, 2}).sizes(), (Shape{3, 0, 2}));
}

TEST(Views, ShareMemory) {
  const Tensor x = zeros({2, 3}, kInt64);
  x.select(0, 1).fill_(7);
  x.slice(1, 0, std::nullopt, 2).add_(1);
  EXPECT_EQ(numbers(x), (List{1, 0, 1, 8, 7, 8}));
  x.t().select(0, 0).zero_();
  EXPECT_EQ(numbers(x), (List{0, 0, 1, 0, 7, 8}));
  EXPECT_EQ(numbers(x.diagonal(1)), (List{0, 8}));
  EXPECT_THROW(x.select(0, 2), IndexError);
  EXPECT_THROW(x.slice(0, 0, 2, 0), ValueError);
  EXPECT_THROW(x.expand({2, 3}).unsqueeze(0).expand({4, 2, 3}).fill_(1), ValueError);
}

TEST(Cat, PromotesAndJoins) {
  const Tensor a = arange(4).reshape({2, 2}), b = arange(2).reshape({2, 1});
  EXPECT_EQ(numbers(cat({a, b}, 1)), (List{0, 1, 0, 2, 3, 1}));
  EXPECT_EQ(cat({a, b.to(kFloat32)}, 1).dtype(), kFloat32);
  EXPECT_EQ(numbers(cat({a.t(), a}, 0)), (List{0, 2, 1, 3, 0, 1, 2, 3}));
  EXPECT_THROW(cat({a, b}, 0), ShapeError);
  EXPECT_EQ(numbers(stack({a, a + 4}, -1)), (List{0, 4, 1, 5, 2, 6, 3, 7}));
}

TEST(Movement, FlipRollRepeatPadTriangles) {
  const Tensor x = arange(6).reshape({2, 3});
  EXPECT_EQ(numbers(x.flip({0, 1})), (List{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(numbers(x.t().flip({0})), (List{2, 5, 1, 4, 0, 3}));
  EXPECT_EQ(numbers(x.roll({1}, {1})), (List{2, 0, 1, 5, 3, 4}));
  EXPECT_EQ(numbers(x.roll({-2})), (List{2, 3, 4, 5, 0, 1}));
  EXPECT_EQ(numbers(x.repeat({2, 1})), (List{0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(numbers(x.tile({2})), (List{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(numbers(x.pad({1, 0}, "constant", 9)), (List{9, 0, 1, 2, 9, 3, 4, 5}));
  EXPECT_EQ(numbers(x.pad({-1, 1, 0, -1})), (List{1, 2, 0}));
  EXPECT_EQ(numbers(x.pad({2, 1}, "reflect")), (List{2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4}));
  EXPECT_EQ(numbers(x.pad({1, 1}, "replicate")), (List{0, 0, 1, 2, 2, 3, 3, 4, 5, 5}));
  EXPECT_EQ(numbers(x.pad({1, 1}, "circular")), (List{2, 0, 1, 2, 0, 5, 3, 4, 5, 3}));
  EXPECT_EQ(numbers(x.tril()), (List{0, 0, 0, 3, 4, 0}));
  EXPECT_EQ(numbers(x.triu(1)), (List{0, 1, 2, 0, 0, 5}));
  EXPECT_EQ(ones({2, 2}, kBool).tril().dtype(), kBool);
  EXPECT_EQ(numbers(eye(2, 3)), (List{1, 0, 0, 0, 1, 0}));
}

TEST(Creation, FromDataAndRanges) {
  EXPECT_EQ(tensor({1, 2, 3}).dtype(), kInt64);
  EXPECT_EQ(tensor({1.5, 2.0}).dtype(), kFloat32);
  EXPECT_EQ(tensor({1.5, 2.0}, kFloat64).data<double>()[0], 1.5);
  EXPECT_EQ(tensor({true, false}).dtype(), kBool);
  EXPECT_EQ(tensor(2.5).dim(), 0);
  EXPECT_EQ(tensor({{1, 2}, {3, 4}}).sizes(), (Shape{2, 2}));
  EXPECT_EQ(tensor({{{1}, {2}}, {{3}, {4}}}).sizes(), (Shape{2, 2, 1}));
  EXPECT_THROW(tensor({{1, 2}, {3}}), ShapeError);
  EXPECT_EQ(numbers(arange(5, -4, -2)), (List{5, 3, 1, -1, -3}));
  EXPECT_EQ(arange(1.0, 2.0, 0.3).numel(), 4);
  EXPECT_THROW(arange(0, 3, -1), ValueError);
  EXPECT_EQ(linspace(0, 1, 5).data<float>()[4], 1.0f);
  EXPECT_EQ(full({2}, 2.5).dtype(), kFloat32);
  EXPECT_EQ(full_like(tensor({1, 2}), 1.5, kFloat32).data<float>()[1], 1.5f);
  bool deleted = false;
  float memory[2] = {1, 2};
  {
    const Tensor blob = from_blob(memory, {2}, kFloat32, [&](void*) { deleted = true; });
    blob.mul_(2);
    EXPECT_FALSE(deleted);
  }
  EXPECT_TRUE(deleted);
  EXPECT_EQ(memory[1], 4);
}

TEST(Matmul, ShapesAndMessages) {
  const Tensor a = arange(6).reshape({2, 3}).to(kFloat32);
  EXPECT_EQ(numbers(matmul(a, a.t())), (List{5, 14, 14, 50}));
  EXPECT_EQ(numbers(matmul(a.t(), a)), (List{9, 12, 15, 12, 17, 22, 15, 22, 29}));
  EXPECT_EQ(numbers(matmul(a, tensor({1.f, 0.f, 2.f}))), (List{4, 13}));
  EXPECT_EQ(numbers(matmul(tensor({1.f, 2.f}), a)), (List{6, 9, 12}));
  EXPECT_EQ(matmul(zeros({4, 1, 2, 3}), zeros({5, 3, 2})).sizes(), (Shape{4, 5, 2, 2}));
  EXPECT_EQ(matmul(zeros({2, 0}), zeros({0, 3})).sizes(), (Shape{2, 3}));
  EXPECT_EQ(numbers(linear(a, a, tensor({1.f, 2.f}))), (List{6, 16, 15, 52}));
  try {
    matmul(zeros({32, 784}), zeros({128, 784}));
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(),
                 "[matmul] inner sizes differ: a is [32, 784], b is [128, 784] (784 != 128); did "
                 "you mean b.transpose(0, 1)?");
  }
}

TEST(Complex, ArithmeticAndCopies) {
  const Tensor z = complex(tensor({1.f, 2.f}), tensor({3.f, -1.f}));
  EXPECT_EQ(numbers(real(z * z)), (List{-8, 3}));
  EXPECT_EQ(numbers(imag(z * z)), (List{6, -4}));
  EXPECT_EQ(numbers(imag(conj(z))), (List{-3, 1}));
  const Tensor w = zeros({2, 2}, kComplex64);
  w.select(1, 1).copy_(z);
  w.select(1, 0).copy_(tensor({5, 6}));
  w.add_(1);
  EXPECT_EQ(numbers(real(w)), (List{6, 2, 7, 3}));
  EXPECT_EQ(numbers(imag(w)), (List{0, 3, 0, -1}));
  EXPECT_EQ(numbers(real(matmul(w, w))), (List{50, 21, 63, 22}));
  EXPECT_EQ(numbers(imag(matmul(w, w))), (List{21, 25, -7, 15}));
}

TEST(Random, SameForAnySplit) {
  manual_seed(3);
  const Tensor a = rand({1000}), b = randint(-2, 5, {1000});
  manual_seed(3);
  EXPECT_EQ(numbers(eq(a, rand({1000})).all()), List{1});
  EXPECT_EQ(numbers(eq(b, randint(-2, 5, {1000})).all()), List{1});
  EXPECT_EQ(numbers(b.amin()), List{-2});
  EXPECT_EQ(numbers(b.amax()), List{4});
  const Tensor n = empty({3000}, kFloat64);
  n.normal_(5, 2);
  EXPECT_NEAR(n.mean().data<double>()[0], 5, 0.2);
}

}  // namespace
}  // namespace tenon
