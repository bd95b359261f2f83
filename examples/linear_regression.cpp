// Learns y = 2 x from four points by gradient descent.

#include <tenon/tenon.h>

#include <iostream>

using namespace tenon;

int main() {
  manual_seed(1);
  const Tensor x = tensor({1.f, 2.f, 3.f, 4.f}).reshape({4, 1});
  const Tensor y = x * 2;

  nn::Linear model(1, 1);
  optim::SGD optimizer(model.parameters(), {.learning_rate = 0.01});
  for (int step = 1; step <= 1000; ++step) {
    optimizer.zero_grad();
    const Tensor loss = mse_loss(model(x), y);
    loss.backward();
    optimizer.step();
    if (step % 200 == 0) std::cout << "step " << step << "  loss " << loss.item<float>() << '\n';
  }
  std::cout << "y = " << model.weight.item<float>() << " x + " << model.bias.item<float>() << '\n';

  const NoGrad no_grad;
  std::cout << "x = 5 gives " << model(tensor({5.f}).reshape({1, 1})).item<float>() << '\n';
}
