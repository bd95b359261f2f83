#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;
using Bools = std::vector<bool>;

TEST(DTypes, TrueDivisionAndFunctionsMakeFloats) {
  const Tensor whole = tensor({1, 2, 3}, kInt32);
  EXPECT_EQ((whole / whole).dtype(), kFloat32);
  EXPECT_EQ(exp(whole).dtype(), kFloat32);
  EXPECT_EQ(sigmoid(whole == 1).dtype(), kFloat32);
  EXPECT_EQ(floor_divide(whole, 2).dtype(), kInt32);
  EXPECT_EQ(floor(whole).dtype(), kInt32);
  EXPECT_EQ((whole < 2).dtype(), kBool);
  EXPECT_EQ(isnan(whole).dtype(), kBool);
  EXPECT_EQ((whole.to(kFloat16) * whole).dtype(), kFloat16);
  EXPECT_EQ((whole + 1.5).dtype(), kFloat32);
}

TEST(DTypes, RefusesWhatHasNoMeaning) {
  const Tensor mask = tensor({true, false});
  EXPECT_THROW(mask - mask, DTypeError);
  EXPECT_THROW(neg(mask), DTypeError);
  EXPECT_THROW(bitwise_and(tensor({1.f}), tensor({1.f})), DTypeError);
  EXPECT_THROW(gelu(tensor({1, 2})), DTypeError);
  EXPECT_THROW(where(tensor({1, 0}), tensor({1.f}), tensor({2.f})), DTypeError);
  EXPECT_THROW(gelu(tensor({1.f}), "fast"), ValueError);
}

TEST(Numbers, BesideHalvesKeepTheirDigitsAsFactorsAndDivisors) {
  const Tensor x = tensor({1.f, 0.f, 0.001f}).to(kFloat16);
  for (const Tensor& y : {x * 65536.0, 65536 * x, mul(x, 65536), x.mul(65536.0)}) {
    EXPECT_EQ(y.dtype(), kFloat16);
    EXPECT_EQ(y.to(kFloat32).to_vector<float>(), (Floats{kInf, 0, 65.5625f}));
  }
  EXPECT_EQ((x / 1e6).to(kFloat32).to_vector<float>()[0], 0x11p-24f);
  EXPECT_EQ((tensor({0.1f}).to(kFloat16) == 0.1).to_vector<bool>(), Bools{true});
}

TEST(Numbers, FillBoolsWithWhetherTheyAreNot0) {
  EXPECT_EQ(fill(tensor({true, false}), 0.5).to_vector<bool>(), (Bools{true, true}));
  EXPECT_EQ(full({1}, 0.5, kBool).to_vector<bool>(), Bools{true});
}

TEST(Numbers, WrittenByMaskedFillAreOfTheTensorsDType) {
  const Tensor mask = tensor({true, false});
  const Tensor filled = masked_fill(tensor({1, 2}), mask, 2.7);
  EXPECT_EQ(filled.dtype(), kInt64);
  EXPECT_EQ(filled.to_vector<int64_t>(), (Ints{2, 2}));
  EXPECT_EQ(masked_fill(mask, mask, 0).to_vector<bool>(), (Bools{false, false}));
  EXPECT_THROW(masked_fill(tensor({1.f, 2.f}), mask, std::complex<float>(0, 1)), DTypeError);
  EXPECT_THROW(masked_fill(mask, mask, tensor(0.5f)), DTypeError);
}

TEST(Division, FollowsPython) {
  const Tensor a = tensor({7, -7, 7, -7, 1}), b = tensor({2, 2, -2, -2, -1});
  EXPECT_EQ(floor_divide(a, b).to_vector<int64_t>(), (Ints{3, -4, -4, 3, -1}));
  EXPECT_EQ(remainder(a, b).to_vector<int64_t>(), (Ints{1, 1, -1, -1, 0}));
  EXPECT_EQ(fmod(a, b).to_vector<int64_t>(), (Ints{1, -1, 1, -1, 0}));
  EXPECT_EQ(remainder(tensor({-5.5f}), 2).item<float>(), 0.5f);
}

TEST(Power, OfIntegers) {
  const Tensor base = tensor({2, -1, 1, 0, 3});
  EXPECT_EQ(pow(base, -1).to_vector<int64_t>(), (Ints{0, -1, 1, 0, 0}));
  EXPECT_EQ(pow(base, 3).to_vector<int64_t>(), (Ints{8, -1, 1, 0, 27}));
}

TEST(Extremes, NanWins) {
  const Tensor a = tensor({kNan, 1.f, 2.f}), b = tensor({0.f, kNan, 3.f});
  EXPECT_EQ(isnan(maximum(a, b)).to_vector<bool>(), (Bools{true, true, false}));
  EXPECT_EQ(isnan(minimum(a, b)).to_vector<bool>(), (Bools{true, true, false}));
  EXPECT_TRUE(std::isnan(relu(tensor({kNan})).item<float>()));
  EXPECT_TRUE(std::isnan(clamp(tensor({kNan}), 0, 1).item<float>()));
}

TEST(Clamp, TakesEitherBoundAndPromotes) {
  const Tensor x = tensor({-3, 0, 3});
  EXPECT_EQ(clamp(x, -1).to_vector<int64_t>(), (Ints{-1, 0, 3}));
  EXPECT_EQ(clamp(x, {}, 1).to_vector<int64_t>(), (Ints{-3, 0, 1}));
  const Tensor y = clamp(x, -0.5, 0.5);
  EXPECT_EQ(y.dtype(), kFloat32);
  EXPECT_EQ(y.to_vector<float>(), (Floats{-0.5f, 0, 0.5f}));
}

TEST(SpecialValues, OfFunctions) {
  EXPECT_EQ(log(tensor({0.f})).item<float>(), -kInf);
  EXPECT_TRUE(std::isnan(sqrt(tensor({-1.f})).item<float>()));
  EXPECT_EQ(round(tensor({0.5f, 1.5f, -2.5f})).to_vector<float>(), (Floats{0, 2, -2}));
  EXPECT_EQ(isinf(tensor({kInf, -kInf, kNan, 1.f})).to_vector<bool>(),
            (Bools{true, true, false, false}));
  EXPECT_EQ(softplus(tensor({100.f})).item<float>(), 100.f);
  EXPECT_EQ(elu(tensor({1000.f})).item<float>(), 1000.f);
  EXPECT_EQ(silu(tensor({-1000.f})).item<float>(), 0.f);
  EXPECT_EQ(bitwise_not(tensor({true, false})).to_vector<bool>(), (Bools{false, true}));
}

TEST(Ldexp, ReachesFromOneEndOfTheDTypeToTheOther) {
  const float least = std::numeric_limits<float>::denorm_min(), largest = std::ldexp(1.f, 127);
  const Tensor x = tensor({least, largest, 0.f, kInf, 1.1e-10f});
  EXPECT_EQ(ldexp(x, tensor({276, -276, 1000, -1000, 140})).to_vector<float>(),
            (Floats{largest, least, 0, kInf, std::ldexp(1.1e-10f, 140)}));
  EXPECT_EQ(ldexp(x, tensor(-1000)).to_vector<float>()[1], 0);
  EXPECT_EQ(ldexp(tensor({0.75}, kFloat16), tensor({-14})).item<float>(), std::ldexp(0.75f, -14));
}

TEST(ComplexPowers, OfZero) {
  const std::complex<double> zero, i(0, 1);
  const Tensor z = full({}, zero, kComplex128);
  for (const std::complex<double> b : {1.0 + i, 0.5 - 3.0 * i, 2.0 + 0.0 * i}) {
    EXPECT_EQ(pow(z, Scalar(b)).item().to_complex(), zero);
  }
  EXPECT_TRUE(std::isnan(real(pow(z, Scalar(i))).item<double>()));
}

TEST(SpecialValues, OfIntegersAreComputedInFloats) {
  const Tensor x = tensor({0, 1, 100});
  EXPECT_EQ(logit(x.to(kUInt8), 0.25).to_vector<float>(),
            logit(x.to(kFloat32), 0.25).to_vector<float>());
  EXPECT_TRUE(std::isnan(logit(x.to(kUInt8))[2].item<float>()));
  EXPECT_EQ(special_log_ndtr(-x.to(kInt8)).to_vector<float>(),
            special_log_ndtr(-x.to(kFloat32)).to_vector<float>());
  EXPECT_EQ(special_log_ndtr(x.to(kUInt8)).to_vector<float>(),
            special_log_ndtr(x.to(kFloat32)).to_vector<float>());
}

// Published value: scipy.special.ndtr(1) = 0.8413447460685429.
TEST(Gelu, BothForms) {
  const Tensor one = tensor({1.0}, kFloat64);
  EXPECT_NEAR(gelu(one).item<double>(), 0.8413447460685429, 1e-14);
  const double u = std::sqrt(2 / M_PI) * 1.044715;
  EXPECT_NEAR(gelu(one, "tanh").item<double>(), 0.5 * (1 + std::tanh(u)), 1e-14);
}

TEST(InPlace, KeepsDTypeAndRefusesToNarrow) {
  const Tensor x = tensor({1.f, 2.f});
  x.mul_(3).sub_(tensor({1.f, 1.f})).relu_();
  EXPECT_EQ(x.to_vector<float>(), (Floats{2, 5}));
  EXPECT_THROW(tensor({1, 2}).div_(2), DTypeError);
  EXPECT_THROW(tensor({1.f}).add_(x), ShapeError);
}

}  // namespace
}  // namespace tenon
