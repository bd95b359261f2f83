// The guide's third part: networks, data, training, files (docs/guide.md).

#include <tenon/tenon.h>

#include <iostream>

using namespace tenon;

struct Classifier : nn::Module {
  nn::Linear hidden = child("hidden", nn::Linear(2, 16));
  nn::Linear out = child("out", nn::Linear(16, 2));
  Tensor forward(const Tensor& x) override { return out(relu(hidden(x))); }
};

/// Points within a circle are of class 1, those around it of class 0.
data::TensorDataset points(int64_t count, uint64_t seed) {
  Generator generator(seed);
  const Tensor x = randn({count, 2}, kFloat32, kCpu, &generator);
  return data::TensorDataset(x, (sum(square(x), {1}) < 1.4).to(kInt64));
}

void train_by_hand() {
  Classifier model;
  data::DataLoader loader(points(400, 1), {.batch_size = 20, .shuffle = true, .seed = 1});
  optim::SGD optimizer(model.parameters(), {.learning_rate = 0.1, .momentum = 0.9});
  optim::StepLR schedule(optimizer, {.step_size = 5, .gamma = 0.5});
  for (int epoch = 0; epoch < 10; ++epoch) {
    double total = 0;
    for (auto [x, y] : loader) {
      optimizer.zero_grad();
      Tensor loss = cross_entropy(model(x), y);
      loss.backward();
      nn::clip_grad_norm_(model.parameters(), 1.0);
      optimizer.step();
      total += loss.item<float>();
    }
    schedule.step();
    std::cout << epoch << ' ' << total / static_cast<double>(loader.size()) << '\n';
  }
}

void train_in_mixed_precision() {
  Classifier model;
  data::DataLoader loader(points(400, 1), {.batch_size = 20, .shuffle = true, .seed = 1});
  optim::AdamW optimizer(model.parameters(), {.learning_rate = 0.01});
  for (auto [x, y] : loader) {
    optimizer.zero_grad();
    Tensor loss;
    {
      const Autocast autocast(kBFloat16);
      loss = cross_entropy(model(x), y);  // products in bfloat16, the loss in float32
    }
    loss.backward();
    optimizer.step();  // float32 parameters, and gradients of them
  }
}

void train_by_trainer() {
  nn::Sequential model(nn::Linear(2, 16), nn::ReLU(), nn::Dropout(0.1), nn::Linear(16, 2));
  std::cout << model;  // a tree with shapes and parameter counts
  data::DataLoader loader(points(400, 1), {.batch_size = 20, .shuffle = true, .seed = 1});
  data::DataLoader validation(points(100, 2), {.batch_size = 50});
  optim::AdamW optimizer(model.parameters(), {.learning_rate = 0.01});
  train::Trainer trainer(model, optimizer, {.epochs = 10, .checkpoint_folder = "guide_run"});
  trainer.resume();  // goes on, to the same bits, where a killed run was
  trainer.fit(loader, validation);
  std::cout << trainer.evaluate(validation).accuracy << '\n';
}

void keep_weights() {
  Classifier model;
  save(model.state_dict(), "guide.safetensors");
  Classifier other;
  other.load_state_dict(load("guide.safetensors"));  // an error lists what doesn't fit
  Classifier same = model;                           // shares the parameters
  Classifier twin = model.clone();                   // has its own
  model.eval();                                      // dropout and batch norm as in use
  const InferenceMode inference;                     // nothing is recorded
  std::cout << argmax(model(ones({3, 2})), 1) << '\n';
}

int main() {
  manual_seed(1);
  train_by_hand();
  train_in_mixed_precision();
  train_by_trainer();
  keep_weights();
}
