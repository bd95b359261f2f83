// Row 2: linear regression, 1,000 eager SGD steps on x[32, 1] with a scalar weight and bias.

#include "benchmarks/timing.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/sgd.h"

using namespace tenon;

int main(int argc, char** argv) {
  constexpr int kSteps = 1000;
  benchmark::Suite suite("Tenon");
  suite.time("linear regression, SGD step", "us", 1e6 / kSteps, [] {
    const Tensor x = reshape(linspace(-1, 1, 32), {32, 1});
    return [x, y = x * 2] {
      Tensor weight = zeros({}), bias = zeros({});
      weight.requires_grad_();
      bias.requires_grad_();
      optim::SGD optimizer({weight, bias}, {.learning_rate = 0.01});
      for (int step = 0; step < kSteps; ++step) {
        optimizer.zero_grad();
        mse_loss(x * weight + bias, y).backward();
        optimizer.step();
      }
    };
  });
  return suite.run(argc, argv);
}
