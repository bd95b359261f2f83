// Training in mixed precision: it converges, and a compiled step gives what the eager one does.

#include "tenon/dispatch/autocast.h"

#include <gtest/gtest.h>

#include "tenon/core/generator.h"
#include "tenon/graph/compile.h"
#include "tenon/nn/nn.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/optim.h"

namespace tenon {
namespace {

struct Training {
  nn::Sequential model{nn::Linear(2, 32), nn::LayerNorm({32}), nn::ReLU(), nn::Linear(32, 4)};
  optim::Adam optimizer{model.parameters(), {.learning_rate = 0.01}};
  Tensor x, y;

  /// Points in four quadrants; the class is the quadrant.
  Training() {
    x = randn({128, 2});
    const Tensor signs = (x > 0).to(kInt64);
    y = signs.select(1, 0) + signs.select(1, 1) * 2;
  }
  Tensor step(DType dtype) {
    optimizer.zero_grad();
    Tensor loss;
    {
      const Autocast autocast(dtype);
      loss = cross_entropy(model(x), y);
    }
    loss.backward();
    optimizer.step();
    return loss.detach();
  }
};

std::vector<float> losses_of(int steps, DType dtype, bool compiled) {
  manual_seed(3);
  Training training;
  auto function = compile([&] { return training.step(dtype); });
  std::vector<float> losses;
  for (int i = 0; i < steps; ++i) {
    losses.push_back((compiled ? function() : training.step(dtype)).item<float>());
  }
  for (const Tensor& parameter : training.model.parameters()) {
    EXPECT_EQ(parameter.dtype(), kFloat32);
    EXPECT_EQ(parameter.grad().dtype(), kFloat32);
  }
  EXPECT_EQ(function.counters().eager_calls, 0);
  return losses;
}

TEST(AutocastTraining, Converges) {
  const std::vector<float> losses = losses_of(150, kBFloat16, false);
  EXPECT_GT(losses.front(), 1.f);
  EXPECT_LT(losses.back(), 0.15f);
}

TEST(AutocastTraining, CompiledStepsGiveTheEagerLosses) {
  for (const DType dtype : {kBFloat16, kFloat16}) {
    const std::vector<float> eager = losses_of(20, dtype, false);
    const std::vector<float> compiled = losses_of(20, dtype, true);
    for (size_t i = 0; i < eager.size(); ++i) {
      // The parameters drift apart where fused sums round otherwise.
      EXPECT_NEAR(compiled[i], eager[i], 1e-3) << "step " << i << " in " << name_of(dtype);
    }
  }
}

TEST(AutocastTraining, AForwardPassHasTheSameBitsCompiled) {
  manual_seed(3);
  Training training;
  const auto forward = [&] {
    const Autocast autocast(kBFloat16);
    return training.model(training.x);
  };
  auto function = compile(forward);
  const std::vector<float> want = forward().to_vector<float>();
  for (int call = 0; call < 3; ++call) EXPECT_EQ(function().to_vector<float>(), want);
  EXPECT_EQ(function().dtype(), kBFloat16);
}

TEST(AutocastTraining, ARegionAroundCompiledCallsSeesNewVersionsOfParameters) {
  Tensor w = full({8, 8}, 1.f).requires_grad_();
  const Tensor x = ones({8, 8});
  auto product = compile([&] { return matmul(x, w); });
  const Autocast autocast(kBFloat16);
  for (const float value : {1.f, 2.f, 3.f}) {
    {
      const NoGrad no_grad;
      w.fill_(value);
    }
    for (int call = 0; call < 3; ++call) {
      EXPECT_EQ(product().to_vector<float>(), std::vector<float>(64, 8 * value));
    }
  }
  {  // written while the function runs
    auto written = compile([&] {
      const Tensor before = matmul(x, w);
      const NoGrad no_grad;
      w.mul_(2);
      return matmul(x, w) - before;
    });
    EXPECT_EQ(written().to_vector<float>(), std::vector<float>(64, 24));
    EXPECT_EQ(written().to_vector<float>(), std::vector<float>(64, 48));
  }
}

TEST(AutocastTraining, ModesMayChangeBetweenAndWithinCompiledCalls) {
  const Tensor x = randn({8, 8}), w = randn({8, 8});
  bool enabled = false;
  const auto body = [&] {
    const Autocast autocast(kBFloat16, enabled);
    const Tensor y = matmul(x, w);
    const Autocast off(kBFloat16, false);
    return softmax(y, 1) + matmul(x, w);
  };
  auto function = compile(body);
  for (int call = 0; call < 8; ++call) {
    enabled = call % 3 == 0;
    const Tensor want = body(), got = function();
    EXPECT_EQ(got.dtype(), want.dtype());
    EXPECT_EQ(got.to_vector<float>(), want.to_vector<float>()) << call;
  }
}

}  // namespace
}  // namespace tenon
