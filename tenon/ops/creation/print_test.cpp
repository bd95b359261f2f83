#include "tenon/core/print.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"

namespace tenon {
namespace {

TEST(Print, NumPysLook) {
  EXPECT_EQ(tensor(2.5).to_string(), "tensor(2.5)");
  EXPECT_EQ(tensor({1, -20, 3}).to_string(), "tensor([  1, -20,   3])");
  EXPECT_EQ(tensor({1.0, 2.5, -3.25}).to_string(), "tensor([ 1.  ,  2.5 , -3.25])");
  EXPECT_EQ(tensor({{true, false}}).to_string(), "tensor([[ true, false]])");
  EXPECT_EQ(tensor({{1, 2}, {3, 4}}, kInt32).to_string(),
            "tensor([[1, 2],\n        [3, 4]], dtype=int32)");
  EXPECT_EQ(arange(4).reshape({2, 1, 2}).to_string(), "tensor([[[0, 1]],\n\n        [[2, 3]]])");
  EXPECT_EQ(arange(6).reshape({2, 3}).t().to_string(),
            "tensor([[0, 3],\n        [1, 4],\n        [2, 5]])");
  EXPECT_EQ(tensor({1e-6, 1.0}).to_string(), "tensor([1.e-06, 1.e+00])");
  EXPECT_EQ(tensor({NAN, INFINITY, -1.5f}).to_string(), "tensor([ nan,  inf, -1.5])");
  EXPECT_EQ(complex(tensor({1.0, 2.0}), tensor({0.5, -1.0})).to_string(),
            "tensor([1.+0.5j, 2.-1.j ], dtype=complex64)");
}

TEST(Print, SummariesAndOddShapes) {
  EXPECT_EQ(arange(2000).to_string(), "tensor([   0,    1,    2, ..., 1997, 1998, 1999])");
  EXPECT_EQ(zeros({0}).to_string(), "tensor([])");
  EXPECT_EQ(zeros({2, 0}).to_string(), "tensor([], size=(2, 0))");
  EXPECT_EQ(empty({2, 3}, kFloat32, kMeta).to_string(), "tensor(..., device='meta', size=(2, 3))");
  EXPECT_EQ(zeros({2000, 8}).to_string(),
            "tensor([[0., 0., 0., ..., 0., 0., 0.],\n        [0., 0., 0., ..., 0., 0., 0.],\n"
            "        [0., 0., 0., ..., 0., 0., 0.],\n        ...,\n"
            "        [0., 0., 0., ..., 0., 0., 0.],\n        [0., 0., 0., ..., 0., 0., 0.],\n"
            "        [0., 0., 0., ..., 0., 0., 0.]])");
}

}  // namespace
}  // namespace tenon
