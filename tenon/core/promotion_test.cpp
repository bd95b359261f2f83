#include "tenon/core/promotion.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

DType of(const Tensor& a, const Tensor& b) {
  const Tensor* const operands[] = {&a, &b};
  return result_type(operands);
}

Tensor with_dims(DType dtype) { return new_tensor({2}, dtype, kMeta); }
Tensor without_dims(DType dtype) { return new_tensor({}, dtype, kMeta); }

TEST(Promotion, DimsGiveThePrecision) {
  EXPECT_EQ(of(with_dims(kFloat32), without_dims(kFloat64)), kFloat32);
  EXPECT_EQ(of(without_dims(kFloat64), with_dims(kBFloat16)), kBFloat16);
  EXPECT_EQ(of(with_dims(kInt8), without_dims(kInt64)), kInt8);
  EXPECT_EQ(of(with_dims(kUInt64), without_dims(kInt64)), kUInt64);
  EXPECT_EQ(of(with_dims(kComplex64), without_dims(kFloat64)), kComplex64);
}

TEST(Promotion, AHigherCategoryComesThrough) {
  EXPECT_EQ(of(with_dims(kInt32), without_dims(kFloat64)), kFloat64);
  EXPECT_EQ(of(with_dims(kInt64), without_dims(kFloat16)), kFloat16);
  EXPECT_EQ(of(with_dims(kBool), without_dims(kUInt8)), kUInt8);
  EXPECT_EQ(of(with_dims(kFloat32), without_dims(kComplex128)), kComplex64);
  EXPECT_EQ(of(with_dims(kFloat64), without_dims(kComplex64)), kComplex128);
  EXPECT_EQ(of(with_dims(kInt8), without_dims(kComplex128)), kComplex128);
}

TEST(Promotion, OfOneRankBothCount) {
  EXPECT_EQ(of(with_dims(kFloat32), with_dims(kFloat64)), kFloat64);
  EXPECT_EQ(of(without_dims(kFloat32), without_dims(kFloat64)), kFloat64);
  EXPECT_EQ(of(without_dims(kUInt8), without_dims(kInt8)), kInt16);
}

TEST(Promotion, NumbersOfTheHostComeLast) {
  Promotion promotion;
  promotion.add(Scalar(2.5));
  EXPECT_EQ(promotion.result(), kFloat32);
  promotion.add(without_dims(kFloat16));
  EXPECT_EQ(promotion.result(), kFloat16);
  promotion.add(with_dims(kInt8));
  EXPECT_EQ(promotion.result(), kFloat16);
  promotion.add(with_dims(kFloat64));
  EXPECT_EQ(promotion.result(), kFloat64);
  EXPECT_EQ(Promotion().result(), kFloat32);
}

}  // namespace
}  // namespace tenon
