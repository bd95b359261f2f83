// Row 3: one Adam step of a small network, where the framework costs more than the arithmetic,
// eager, compiled and pure.

#include <memory>

#include "benchmarks/timing.h"
#include "tenon/core/generator.h"
#include "tenon/graph/compile.h"
#include "tenon/nn/linear.h"
#include "tenon/ops/functions.h"
#include "tenon/optim/adam.h"

using namespace tenon;

namespace {

constexpr optim::AdamOptions kOptions{.learning_rate = benchmark::kLearningRate};

struct SmallNetwork : nn::Module {
  nn::Linear fc1 = child("fc1", nn::Linear(16, 32));
  nn::Linear fc2 = child("fc2", nn::Linear(32, 32));
  nn::Linear fc3 = child("fc3", nn::Linear(32, 4));
  Tensor forward(const Tensor& x) override { return fc3(relu(fc2(relu(fc1(x))))); }
};

/// A body that does one step, which `wrap` makes of the eager one.
template <class Wrap>
benchmark::Suite::Body training(Wrap wrap) {
  manual_seed(1);
  const SmallNetwork model;
  auto optimizer = std::make_shared<optim::Adam>(model.parameters(), kOptions);
  const Tensor x = randn({16, 16}), y = randint(0, 4, {16});
  return wrap([model, optimizer, x, y] {
    optimizer->zero_grad();
    cross_entropy(model(x), y).backward();
    optimizer->step();
  });
}

/// The same by a pure function, whose code runs once: the optimizer counts its steps in a tensor.
benchmark::Suite::Body pure_training() {
  manual_seed(1);
  const SmallNetwork model;
  optim::AdamOptions options = kOptions;
  options.capturable = true;
  auto optimizer = std::make_shared<optim::Adam>(model.parameters(), options);
  auto step = compile(
      [model, optimizer](const Tensor& x, const Tensor& y) {
        optimizer->zero_grad();
        cross_entropy(model(x), y).backward();
        optimizer->step();
      },
      {.pure = true});
  const Tensor x = randn({16, 16}), y = randint(0, 4, {16});
  return [=]() mutable { step(x, y); };
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Suite suite("Tenon");
  suite.time("MLP 16-32-32-4, Adam step", "us", 1e6,
             [] { return training([](auto step) { return step; }); });
  suite.time("compiled MLP 16-32-32-4, Adam step", "us", 1e6,
             [] { return training([](auto step) { return compile(step); }); });
  suite.time("pure MLP 16-32-32-4, Adam step", "us", 1e6, pure_training);
  return suite.run(argc, argv);
}
