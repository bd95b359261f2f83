// Trains a convolutional network on digits that Tenon draws, and reads a few of them.
// usage: digits_cnn [epochs]

#include <tenon/tenon.h>

#include <cstdlib>
#include <iostream>

using namespace tenon;

struct Digits : nn::Module {
  nn::Conv2d conv1 = child("conv1", nn::Conv2d(1, 16, 3, {.padding = 1}));
  nn::Conv2d conv2 = child("conv2", nn::Conv2d(16, 32, 3, {.padding = 1}));
  nn::Linear fc1 = child("fc1", nn::Linear(32 * 7 * 7, 64));
  nn::Linear fc2 = child("fc2", nn::Linear(64, 10));

  Tensor forward(const Tensor& x) override {
    Tensor y = max_pool2d(relu(conv1(x)), {2});
    y = max_pool2d(relu(conv2(y)), {2});
    return fc2(relu(fc1(flatten(y, 1))));
  }
};

int main(int argc, char** argv) {
  manual_seed(1);
  const int64_t epochs = argc > 1 ? std::atoi(argv[1]) : 1;
  const data::TrainAndTest digits = data::draw_digit_sets(2000, 500, 1);
  data::DataLoader loader(digits.train, {.batch_size = 50, .shuffle = true, .seed = 1});
  data::DataLoader test(digits.test, {.batch_size = 100});

  Digits model;
  std::cout << model;
  optim::AdamW optimizer(model.parameters(), {.learning_rate = 2e-3});
  train::Trainer trainer(model, optimizer, {.epochs = epochs});
  trainer.fit(loader, test);
  const train::Evaluation result = trainer.evaluate(test);
  std::cout << "accuracy " << 100 * result.accuracy << "% on " << result.samples << " digits\n";

  const Tensor guesses = argmax(trainer.predict(test), 1);
  for (int64_t i = 0; i < 5; ++i) {
    std::cout << "digit " << digits.test.labels()[i].item<int64_t>() << " is read as "
              << guesses[i].item<int64_t>() << '\n';
  }
}
