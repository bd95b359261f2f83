// Small products that run side by side in a plan: the bits of eager ones, whatever the order in
// which they were written down.

#include <gtest/gtest.h>

#include <algorithm>

#include "tenon/autograd/autograd.h"
#include "tenon/base/parallel.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/profile.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

std::vector<std::string> steps_of(const std::function<void()>& run) {
  start_profiling();
  run();
  std::vector<std::string> names;
  for (const ProfileEvent& event : stop_profiling().list) {
    if (event.category == "step") names.push_back(event.name);
  }
  return names;
}

bool has_step(const std::vector<std::string>& steps, const std::string& name) {
  return std::find(steps.begin(), steps.end(), name) != steps.end();
}

using Titles = std::vector<std::string>;

TEST(StepsTogether, QueriesKeysAndValuesAreOneStep) {
  manual_seed(1);
  // From products that are small even together to such that are shared out to threads.
  for (const int64_t units : {33, 100, 300}) {
    for (const int64_t rows : {1, 5, 8}) {
      const Tensor x = randn({rows, units}), bias = randn({units});
      const Tensor query = randn({units, units}), key = randn({units, units});
      const Tensor value = randn({units, 2 * units});
      const auto f = [&] {
        return cat({linear(x, query, bias), linear(x, key), matmul(x, value)}, 1);
      };
      const std::vector<float> want = f().to_vector<float>();
      auto compiled = compile(f);
      for (int i = 0; i < 3; ++i) EXPECT_EQ(compiled().to_vector<float>(), want) << units;
      const Titles steps = steps_of([&] { compiled(); });
      EXPECT_TRUE(has_step(steps, "linear | linear | matmul"))
          << testing::PrintToString(steps) << compiled.explain();
      EXPECT_NE(compiled.explain().find("at once: %"), std::string::npos) << compiled.explain();
    }
  }
}

TEST(StepsTogether, ThreadsTakeWholeProductsThatAreTooSmallToBeShared) {
  manual_seed(7);
  const Tensor x = randn({64, 80});
  const Tensor query = randn({80, 80}), key = randn({80, 80}), value = randn({80, 96});
  const auto sums = [&] {
    return cat({sum(linear(x, query), {1}), sum(linear(x, key), {1}), sum(matmul(x, value), {1})});
  };
  const int before = num_threads();
  const std::vector<float> want = sums().to_vector<float>();
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    auto compiled =
        compile(sums, {.without_passes = {"chains"}});  // those would take the sums, too
    for (int i = 0; i < 3; ++i) EXPECT_EQ(compiled().to_vector<float>(), want) << threads;
    const Titles steps = steps_of([&] { compiled(); });
    EXPECT_TRUE(has_step(steps, "linear | linear | matmul"))
        << testing::PrintToString(steps) << compiled.explain();
  }
  set_num_threads(before);
}

TEST(StepsTogether, GatesWrittenOneByOneMeet) {
  manual_seed(2);
  const Tensor x = randn({1, 200}), a = randn({200, 200}), b = randn({200, 200});
  const auto f = [&] { return sum(sigmoid(linear(x, a))) + sum(tanh(linear(x, b))); };
  const float want = f().item<float>();
  auto together = compile(f), apart = compile(f, {.without_passes = {"side-by-side"}});
  EXPECT_EQ(together().item<float>(), want);
  EXPECT_EQ(apart().item<float>(), want);
  const Titles steps = steps_of([&] { together(); });
  EXPECT_TRUE(has_step(steps, "linear | linear")) << testing::PrintToString(steps);
}

TEST(StepsTogether, RowsTimesOneMatrixReadItOnce) {
  manual_seed(7);
  // k beyond what kernels cut into pieces, columns that fill no vector, and both layouts.
  for (const int64_t columns : {40, 133, 700}) {
    const Tensor weight = randn({320, columns}), turned = randn({columns, 320});
    const Tensor bias = randn({columns});
    std::vector<Tensor> rows;
    for (int i = 0; i < 11; ++i) rows.push_back(randn({i % 3 == 2 ? 2 : 1, 320}));
    const auto f = [&] {
      std::vector<Tensor> results;
      for (const Tensor& row : rows) results.push_back(matmul(row, weight));
      for (const Tensor& row : rows) results.push_back(linear(row, turned, bias));
      return cat(results, 0);
    };
    const std::vector<float> want = f().to_vector<float>();
    auto compiled = compile(f);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(compiled().to_vector<float>(), want) << columns;
    const Titles steps = steps_of([&] { compiled(); });
    EXPECT_LT(steps.size(), 8u) << testing::PrintToString(steps);
  }
}

/// The gradient of a weight that single rows were multiplied with.
TEST(StepsTogether, SumsOfProductsOfOneRowAreOneStep) {
  manual_seed(8);
  Tensor weight = randn({130, 70}), bias = randn({130});
  std::vector<Tensor> inputs;
  for (int i = 0; i < 5; ++i) inputs.push_back(randn(i % 2 ? Shape{70} : Shape{1, 70}));
  weight.requires_grad_();
  const auto f = [&] {
    weight.set_grad({});
    Tensor loss = zeros({});
    for (const Tensor& x : inputs) loss = loss + sum(tanh(linear(x, weight, bias)));
    for (const Tensor& x : inputs) loss = loss + sum(tanh(matmul(x, weight.t())));
    loss.backward();
    return weight.grad().clone();
  };
  const std::vector<float> want = f().to_vector<float>();
  auto compiled = compile(f);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(compiled().to_vector<float>(), want);
  const Titles steps = steps_of([&] { compiled(); });
  const auto sums = std::count_if(steps.begin(), steps.end(), [](const std::string& name) {
    return name.find("mul+add+mul+add") != std::string::npos;
  });
  EXPECT_GE(sums, 1) << testing::PrintToString(steps);
}

TEST(StepsTogether, ManyAreCutIntoSeveralSteps) {
  manual_seed(3);
  const Tensor x = randn({2, 64});
  std::vector<Tensor> weights;
  for (int i = 0; i < 19; ++i) weights.push_back(randn({64, 64}));
  const auto f = [&] {
    std::vector<Tensor> results;
    for (const Tensor& weight : weights) results.push_back(linear(x, weight));
    return cat(results, 0);
  };
  const std::vector<float> want = f().to_vector<float>();
  auto compiled = compile(f);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(compiled().to_vector<float>(), want);
}

TEST(StepsTogether, ThoseThatWaitForEachOtherStayInOrder) {
  manual_seed(4);
  const Tensor x = randn({4, 64}), w = randn({64, 64}) * 0.1;
  const auto f = [&] { return linear(linear(x, w), w) + matmul(x, w); };
  const std::vector<float> want = f().to_vector<float>();
  auto compiled = compile(f);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(compiled().to_vector<float>(), want);
}

TEST(StepsTogether, OtherSizesAndManyRowsRunAsTheyAre) {
  manual_seed(5);
  const Tensor a = randn({48, 64}), b = randn({48, 64});
  Tensor x;
  const auto f = [&] { return linear(x, a) * linear(x, b); };
  auto compiled = compile(f);
  for (const int64_t rows : {2, 0, 90, 8, 1}) {
    x = randn({rows, 64});
    EXPECT_EQ(compiled().to_vector<float>(), f().to_vector<float>()) << rows;
  }
}

TEST(StepsTogether, SameBitsForAnyNumberOfThreads) {
  manual_seed(6);
  const Tensor x = randn({1, 300}), h = randn({1, 300});
  const Tensor input = randn({1200, 300}), hidden = randn({1200, 300});
  auto compiled = compile([&] { return linear(x, input) + linear(h, hidden); });
  const int before = num_threads();
  set_num_threads(1);
  const std::vector<float> want = compiled().to_vector<float>();
  for (const int threads : {2, 5}) {
    set_num_threads(threads);
    EXPECT_EQ(compiled().to_vector<float>(), want) << threads;
  }
  set_num_threads(before);
}

}  // namespace
}  // namespace tenon
