// Rows 1 to 3 in libtorch, timed by the same code as ours. Built by benchmarks/compare.

#include <torch/torch.h>

#include <memory>

#include "benchmarks/timing.h"

namespace benchmark = tenon::benchmark;

namespace {

constexpr int kMultiplies = 10;

torch::Tensor ones_with_gradient() {
  return torch::ones({8}, torch::TensorOptions().requires_grad(true));
}

void multiply_and_backward(const torch::Tensor& x, const torch::Tensor& y,
                           const torch::Tensor& dy) {
  torch::Tensor h = x;
  for (int i = 0; i < kMultiplies; ++i) h = h * y;
  h.backward(dy);
}

void add_row1(benchmark::Suite& suite) {
  suite.time("add", "ns", 1e9, [] {
    return [x = torch::ones({8}), y = torch::ones({8})] { benchmark::keep(at::add(x, y)); };
  });
  suite.time("add with gradient", "ns", 1e9, [] {
    return [x = ones_with_gradient(), y = torch::ones({8})] { benchmark::keep(at::add(x, y)); };
  });
  suite.time("multiply forward + backward", "ns", 1e9 / kMultiplies, [] {
    return [x = ones_with_gradient(), y = torch::ones({8}), dy = torch::ones({8})]() mutable {
      multiply_and_backward(x, y, dy);
      x.mutable_grad().reset();
    };
  });
  suite.time("multiply forward + backward, two gradients", "ns", 1e9 / kMultiplies, [] {
    return [x = ones_with_gradient(), y = ones_with_gradient(), dy = torch::ones({8})]() mutable {
      multiply_and_backward(x, y, dy);
      x.mutable_grad().reset();
      y.mutable_grad().reset();
    };
  });
}

void add_row2(benchmark::Suite& suite) {
  suite.time("linear regression, SGD step", "us", 1e6 / 1000, [] {
    const torch::Tensor x = torch::linspace(-1, 1, 32).reshape({32, 1});
    const torch::Tensor y = x * 2;
    return [x, y] {
      torch::Tensor weight = torch::zeros({}, torch::requires_grad());
      torch::Tensor bias = torch::zeros({}, torch::requires_grad());
      torch::optim::SGD optimizer({weight, bias}, torch::optim::SGDOptions(0.01));
      for (int step = 0; step < 1000; ++step) {
        optimizer.zero_grad();
        torch::mse_loss(x * weight + bias, y).backward();
        optimizer.step();
      }
    };
  });
}

void add_row3(benchmark::Suite& suite) {
  suite.time("MLP 16-32-32-4, Adam step", "us", 1e6, [] {
    torch::manual_seed(1);
    torch::nn::Sequential model(torch::nn::Linear(16, 32), torch::nn::ReLU(),
                                torch::nn::Linear(32, 32), torch::nn::ReLU(),
                                torch::nn::Linear(32, 4));
    auto optimizer = std::make_shared<torch::optim::Adam>(
        model->parameters(), torch::optim::AdamOptions(benchmark::kLearningRate));
    return
        [model, optimizer, x = torch::randn({16, 16}), y = torch::randint(0, 4, {16})]() mutable {
          optimizer->zero_grad();
          torch::nn::functional::cross_entropy(model->forward(x), y).backward();
          optimizer->step();
        };
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Suite suite("libtorch " TORCH_VERSION);
  add_row1(suite);
  add_row2(suite);
  add_row3(suite);
  return suite.run(argc, argv);
}
