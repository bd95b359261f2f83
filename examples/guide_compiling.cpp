// The guide's part on compiling: the same code eager and compiled, pure replays, programs in files.

#include <tenon/tenon.h>

#include <iostream>

using namespace tenon;

void compiled_step() {
  nn::Sequential model(nn::Linear(8, 32), nn::ReLU(), nn::Linear(32, 2));
  optim::AdamW optimizer(model.parameters(), {.learning_rate = 0.01});
  auto step = compile([&](const Tensor& x, const Tensor& y) {
    optimizer.zero_grad();
    Tensor loss = cross_entropy(model(x), y);
    if (loss.item<float>() > 10) loss = loss * 0.1;  // data-dependent: just runs
    loss.backward();
    optimizer.step();
    return loss;
  });
  for (int i = 0; i < 20; ++i) {
    Tensor x = randn({16, 8});
    std::cout << step(x, (sum(x, {1}) > 0).to(kInt64)).item<float>() << '\n';
  }
  std::cout << step.counters().plans << " plans\n";  // made in the first calls
  std::cout << step.explain();
}

void pure_function() {
  nn::Sequential model(nn::Linear(8, 32), nn::GELU(), nn::Linear(32, 2));
  auto predict = compile(
      [&](const Tensor& x) {
        const NoGrad no_grad;
        return softmax(model(x), 1);
      },
      {.pure = true});
  for (int i = 0; i < 3; ++i) std::cout << predict(randn({4, 8})) << '\n';
  std::cout << predict.counters().replays << " calls ran without the function's code\n";
}

void pure_training() {
  nn::Linear model(8, 2);
  optim::Adam optimizer(model.parameters(), {.capturable = true});
  auto step = compile(
      [&](const Tensor& x, const Tensor& y) {
        optimizer.zero_grad();
        cross_entropy(model(x), y).backward();
        optimizer.step();
      },
      {.pure = true});
  for (int i = 0; i < 20; ++i) {
    optimizer.set_learning_rate(0.01 / (1 + i));  // holds for the next call
    Tensor x = randn({16, 8});
    step(x, (sum(x, {1}) > 0).to(kInt64));
  }
}

void program_in_a_file() {
  nn::Sequential model(nn::Linear(8, 32), nn::ReLU(), nn::Linear(32, 2));
  model.eval();
  save_program([&](const Tensor& x) { return softmax(model(x), 1); },
               {{"x", randn({4, 8}), {"batch", ""}}}, "guide_program.safetensors",
               {.weights = model.state_dict(), .outputs = {"probabilities"}});

  Program program = Program::load("guide_program.safetensors");  // no model code needed
  std::cout << program.run({randn({100, 8})})[0].sizes()[0] << " rows\n";
}

void profile() {
  nn::Sequential predict(nn::Linear(8, 32), nn::ReLU(), nn::Linear(32, 2));
  const Tensor x = randn({64, 8});
  Profiler profiler;
  for (int i = 0; i < 10; ++i) {
    const RecordFunction scope("predict");
    predict(x);
  }
  profiler.stop();
  std::cout << profiler.table();
  profiler.export_chrome_trace("guide_trace.json");
}

int main() {
  manual_seed(1);
  compiled_step();
  pure_function();
  pure_training();
  program_in_a_file();
  profile();
}
