// Rows long enough for vectors, in float32, against float64, which goes element by element along
// the last dim.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string_view>

#include "tenon/autograd/autograd.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/samples.h"

namespace tenon {
namespace {

using ops::sample_tensor;

double distance(const Tensor& a, const Tensor& b) {
  return amax(abs(a.to(kFloat64) - b.to(kFloat64))).item<double>();
}

/// Result and gradient.
std::vector<Tensor> resized(const Tensor& x, IntList size, const char* mode, bool antialias) {
  Tensor from = x.detach();
  from.requires_grad_();
  const Tensor y = interpolate(from, size, {}, mode, false, false, antialias);
  sum(y * sample_tensor(y.sizes(), -1, 1, 2).to(y.dtype())).backward();
  return {y.detach(), from.grad()};
}

TEST(Interpolate, LongRowsAgreeWithSingleElements) {
  for (const auto& [from, to] : {std::pair<int64_t, int64_t>{37, 80}, {80, 37}, {16, 16}}) {
    const Tensor x = sample_tensor({2, 3, from, from + 3}).to(kFloat32);
    for (const char* mode : {"nearest", "nearest-exact", "area", "bilinear", "bicubic"}) {
      const bool has_filter = std::string_view(mode).starts_with("bi");
      for (const bool antialias : {false, true}) {
        if (antialias && !has_filter) continue;
        const auto got = resized(x, {to, to + 1}, mode, antialias);
        const auto want = resized(x.to(kFloat64), {to, to + 1}, mode, antialias);
        for (size_t i = 0; i < 2; ++i) {
          EXPECT_LT(distance(got[i], want[i]), 1e-5)
              << mode << " from " << from << " to " << to << ", result " << i;
        }
      }
    }
  }
}

TEST(Interpolate, ReadsNothingBesideItsNeighbours) {
  Tensor x = zeros({1, 1, 40});
  x.select(2, 20).fill_(std::numeric_limits<double>::infinity());
  const Tensor y = interpolate(x, {80}, {}, "linear");
  const std::vector<float> values = y.to_vector<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(std::isinf(values[i]), i >= 39 && i <= 42) << i;
    EXPECT_FALSE(std::isnan(values[i])) << i;
  }
}

}  // namespace
}  // namespace tenon
