// A network of two layers, trained on random data and saved.

#include <tenon/tenon.h>
#include <iostream>
using namespace tenon;

struct SimpleNN : nn::Module {
  nn::Linear fc1 = child("fc1", nn::Linear(784, 128));
  nn::Linear fc2 = child("fc2", nn::Linear(128, 10));
  Tensor forward(const Tensor& x) override { return fc2(relu(fc1(x))); }
};

int main() {
  manual_seed(1);
  SimpleNN model;
  optim::Adam optimizer(model.parameters(), {.learning_rate = 1e-3});
  Tensor x = randn({1000, 784}), y = randint(0, 10, {1000});
  for (int epoch = 0; epoch < 10; ++epoch) {
    optimizer.zero_grad();
    Tensor loss = cross_entropy(model(x), y);
    loss.backward();
    optimizer.step();
    std::cout << epoch << ' ' << loss.item<float>() << '\n';
  }
  save(model.state_dict(), "simple.safetensors");
  model.load_state_dict(load("simple.safetensors"));
}
