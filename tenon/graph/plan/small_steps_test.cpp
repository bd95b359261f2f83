// Steps of plans over few elements: as machine code they give what the interpreter gives.

#include <gtest/gtest.h>

#include <cstdlib>

#include "tenon/graph/compile.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/adam.h"
#include "tenon/tile/machine_code.h"

namespace tenon::graph {
namespace {

bool has_machine_code() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && std::getenv("TENON_ISA") == nullptr;
#else
  return false;
#endif
}

/// A few steps of training on few numbers; parameters and losses.
std::vector<float> trained(tile::MachineCodeMode mode) {
  const tile::MachineCodeMode before = tile::machine_code();
  tile::set_machine_code(mode);
  Tensor w = full({7}, 0.5), b = zeros({});
  w.requires_grad_();
  b.requires_grad_();
  optim::Adam optimizer({w, b}, {.learning_rate = 0.1, .capturable = true});
  auto step = compile(
      [&](const Tensor& x, const Tensor& y) {
        optimizer.zero_grad();
        const Tensor loss = mse_loss(tanh(x * w + b), y);
        loss.backward();
        optimizer.step();
        return loss.detach();
      },
      {.pure = true});
  const Tensor x = reshape(linspace(-1, 1, 7), {7}), y = sin(x);
  std::vector<float> numbers;
  for (int i = 0; i < 10; ++i) numbers.push_back(step(x, y).item<float>());
  for (const float value : w.to_vector<float>()) numbers.push_back(value);
  numbers.push_back(b.item<float>());
  tile::set_machine_code(before);
  return numbers;
}

TEST(SmallSteps, AreMachineCodeOnceTheyAreHot) {
  const std::vector<float> interpreted = trained(tile::MachineCodeMode::kOff);
  const int64_t before = tile::machine_code_stats().compiled;
  EXPECT_EQ(trained(tile::MachineCodeMode::kAlways), interpreted);
  if (!has_machine_code()) GTEST_SKIP() << "no machine code for this processor";
  EXPECT_GT(tile::machine_code_stats().compiled, before);
}

TEST(SmallSteps, ExplainSaysWhatStepsRunAs) {
  const tile::MachineCodeMode before = tile::machine_code();
  const Tensor x = linspace(-1, 1, 32).reshape({4, 8}), w = x.t() * 0.5, v = x.t() * 0.25;
  const auto explained = [&](tile::MachineCodeMode mode) {
    tile::set_machine_code(mode);
    auto f = compile([&] { return exp(matmul(x, w) * matmul(x, v)); });
    for (int i = 0; i < 3; ++i) f();
    return f.explain();
  };
  const std::string text = explained(tile::MachineCodeMode::kOff);
  EXPECT_NE(text.find("runs: 2 kernels, 1 tile programs, 1 of them over few elements\n"),
            std::string::npos)
      << text;
  const std::string coded = explained(tile::MachineCodeMode::kAlways);
  EXPECT_EQ(coded.find("1 of these as machine code") != std::string::npos, has_machine_code())
      << coded;
  tile::set_machine_code(before);
}

/// Parameters after a few steps of a small network: updates of many sizes, of one program.
std::vector<float> trained_network(tile::MachineCodeMode mode, bool capturable) {
  const tile::MachineCodeMode before = tile::machine_code();
  tile::set_machine_code(mode);
  const auto parameter = [](IntList sizes, int64_t count) {
    Tensor x = reshape(sin(linspace(1, 50, count)) * 0.3, sizes);
    x.requires_grad_();
    return x;
  };
  const Tensor w1 = parameter({30, 17}, 510), b1 = parameter({30}, 30),
               w2 = parameter({5, 30}, 150), b2 = parameter({5}, 5);
  optim::Adam slow({w1, b1}, {.learning_rate = 0.01, .capturable = capturable});
  optim::Adam fast({w2, b2}, {.learning_rate = 0.1, .capturable = capturable});
  auto step = compile([&](const Tensor& x, const Tensor& y) {
    slow.zero_grad();
    fast.zero_grad();
    cross_entropy(linear(relu(linear(x, w1, b1)), w2, b2), y).backward();
    slow.step();
    fast.step();
  });
  const Tensor x = reshape(cos(linspace(0, 9, 16 * 17)), {16, 17}), y = remainder(arange(16), 5);
  for (int i = 0; i < 5; ++i) step(x, y);
  std::vector<float> numbers;
  for (const Tensor& p : {w1, b1, w2, b2}) {
    for (const float value : p.detach().to_vector<float>()) numbers.push_back(value);
  }
  tile::set_machine_code(before);
  return numbers;
}

TEST(SmallSteps, UpdatesOfAllParametersAreOnePieceOfCode) {
  for (const bool capturable : {false, true}) {
    const std::vector<float> interpreted = trained_network(tile::MachineCodeMode::kOff, capturable);
    EXPECT_EQ(trained_network(tile::MachineCodeMode::kAlways, capturable), interpreted);
  }
}

}  // namespace
}  // namespace tenon::graph
