// Euclidean distances by their own kernel against norms of differences.

#include <gtest/gtest.h>

#include <cmath>

#include "tenon/autograd/autograd.h"
#include "tenon/base/parallel.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/samples.h"

namespace tenon {
namespace {

using ops::sample_tensor;

Tensor by_differences(const Tensor& a, const Tensor& b) {
  return norm(unsqueeze(a, -2) - unsqueeze(b, -3), 2, {-1});
}

double distance(const Tensor& a, const Tensor& b) {
  return amax(abs(a.to(kFloat64) - b.to(kFloat64))).item<double>();
}

TEST(Distances, AgreeWithNormsOfDifferences) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    for (const auto& [m, n, k] : {std::tuple<int64_t, int64_t, int64_t>{1, 1, 1},
                                  {3, 33, 5},
                                  {130, 47, 300},
                                  {6, 200, 64}}) {
      std::vector<std::vector<Tensor>> results;
      for (const bool by_kernel : {true, false}) {
        Tensor a = sample_tensor({2, m, k}, -1, 1, 1).to(dtype);
        Tensor b = sample_tensor({1, n, k}, -1, 1, 2).to(dtype);
        a.requires_grad_();
        b.requires_grad_();
        const Tensor y = by_kernel ? cdist(a, b) : by_differences(a, b);
        sum(y * sample_tensor(y.sizes(), -1, 1, 3).to(dtype)).backward();
        results.push_back({y.detach(), a.grad(), b.grad()});
      }
      const double tolerance = dtype == kFloat64 ? 1e-13 : 1e-5;
      for (size_t i = 0; i < 3; ++i) {
        ASSERT_EQ(results[0][i].sizes(), results[1][i].sizes());
        const double scale = 1 + amax(abs(results[1][i])).to(kFloat64).item<double>();
        EXPECT_LT(distance(results[0][i], results[1][i]), tolerance * scale)
            << "result " << i << " of " << m << " by " << n << " by " << k;
      }
    }
  }
}

TEST(Distances, KeepTheDigitsOfRowsThatLieCloseTogether) {
  const Tensor a = full({1, 64}, 1000.0, kFloat32), b = full({1, 64}, 1000.0 + 0x1p-10, kFloat32);
  EXPECT_EQ(cdist(a, b).item<float>(), 8 * 0x1p-10f);
  EXPECT_EQ(cdist(a, a).item<float>(), 0);
}

TEST(Distances, HaveNoGradientAtZero) {
  Tensor a = ones({2, 3});
  a.requires_grad_();
  sum(cdist(a, ones({1, 3}))).backward();
  EXPECT_EQ(amax(abs(a.grad())).item<float>(), 0);
}

TEST(Distances, SameBitsForAnyNumberOfThreads) {
  const Tensor a = sample_tensor({300, 40}).to(kFloat32);
  const Tensor b = sample_tensor({200, 40}, -1, 1, 2).to(kFloat32);
  const int before = num_threads();
  set_num_threads(1);
  const Tensor want = cdist(a, b);
  set_num_threads(3);
  EXPECT_EQ(distance(cdist(a, b), want), 0);
  set_num_threads(before);
}

}  // namespace
}  // namespace tenon
