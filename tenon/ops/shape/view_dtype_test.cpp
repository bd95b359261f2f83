#include "tenon/ops/shape/view_dtype.h"

#include <gtest/gtest.h>

#include <bit>

#include "tenon/base/error.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

TEST(ViewDType, SharesTheBytes) {
  const Tensor x = arange(0.0, 6.0, 1.0, kFloat32).view({2, 3});
  const Tensor bits = view_dtype(x.t(), kInt32);
  EXPECT_EQ(bits.sizes(), (Shape{3, 2}));
  EXPECT_EQ(bits.strides(), (Shape{1, 3}));
  EXPECT_EQ(bits[2][1].item<int32_t>(), std::bit_cast<int32_t>(5.0f));
  bits[0][0].fill_(std::bit_cast<int32_t>(-7.5f));
  EXPECT_EQ(x[0][0].item<float>(), -7.5f);
  EXPECT_FALSE(view_dtype((x.clone().requires_grad_() * 2), kFloat32).requires_grad());
}

TEST(ViewDType, TheLastDimScales) {
  const Tensor x = arange(0, 12, 1, kInt32).view({3, 4});
  const Tensor halves = view_dtype(x.narrow(1, 1, 2), kInt16);
  EXPECT_EQ(halves.sizes(), (Shape{3, 4}));
  EXPECT_EQ(halves.strides(), (Shape{8, 1}));
  EXPECT_EQ(halves.storage_offset(), 2);
  EXPECT_EQ(halves[2].to_vector<int64_t>(), (std::vector<int64_t>{9, 0, 10, 0}));
  const Tensor whole = view_dtype(x.narrow(1, 2, 2), kInt64);
  EXPECT_EQ(whole.sizes(), (Shape{3, 1}));
  EXPECT_EQ(whole.to_vector<int64_t>(),
            (std::vector<int64_t>{2 + (int64_t{3} << 32), 6 + (int64_t{7} << 32),
                                  10 + (int64_t{11} << 32)}));
  EXPECT_EQ(view_dtype(empty({4, 6}, kFloat16, kMeta), kFloat32).sizes(), (Shape{4, 3}));
}

TEST(ViewDType, MistakesAreTold) {
  const Tensor x = arange(0, 12, 1, kInt32).view({3, 4});
  EXPECT_MESSAGE(ShapeError, "[view] to see int32 as int64, the size of the last dim must be a",
                 view_dtype(x.narrow(1, 0, 3), kInt64));
  EXPECT_MESSAGE(ShapeError, "the offset must be a multiple of 2",
                 view_dtype(x.narrow(1, 1, 2), kInt64));
  EXPECT_MESSAGE(ShapeError, "the last dim must have stride 1", view_dtype(x.t(), kInt8));
  EXPECT_MESSAGE(ShapeError, "every other stride must be a multiple of 2",
                 view_dtype(arange(0, 9, 1, kInt32).view({3, 3}).narrow(1, 0, 2), kInt64));
  EXPECT_MESSAGE(ShapeError, "there must be a dim", view_dtype(zeros({}, kInt32), kInt8));
  EXPECT_MESSAGE(DTypeError, "bytes of int32 can't be seen as bool", view_dtype(x, kBool));
  EXPECT_EQ(view_dtype(ones({2}, kBool), kUInt8).to_vector<int64_t>(),
            (std::vector<int64_t>{1, 1}));
}

TEST(ViewDType, CompiledFunctionsWriteAndReadTheSameBytes) {
  const std::function<Tensor(const Tensor&)> flip = [](const Tensor& x) {
    Tensor y = x * 2;
    Tensor bits = view_dtype(y, kInt32);
    bits.copy_(bitwise_xor(bits, int64_t{INT32_MIN}));  // the sign
    Tensor bytes = view_dtype(y, kUInt8).view({-1, 4});
    bytes.select(1, 0).fill_(0);
    return y + view_dtype(bits + 0, kFloat32);
  };
  auto compiled = compile(flip);
  for (int i = 0; i < 4; ++i) {
    const Tensor x = arange(1.0, 40.0 + i, 1.0, kFloat32);
    EXPECT_EQ(flip(x)[1].item<float>(), -8);
    EXPECT_EQ(compiled(x).to_vector<float>(), flip(x).to_vector<float>());
  }
}

}  // namespace
}  // namespace tenon
