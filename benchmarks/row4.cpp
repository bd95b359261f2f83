// Row 4: the digits CNN (conv 32 3x3, conv 64 3x3, pool, dense 128, dense 10), batch 64, in float32
// and in mixed precision with bfloat16, eager and compiled.

#include <memory>

#include "benchmarks/timing.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/autocast.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/compile.h"
#include "tenon/models/digits_cnn.h"
#include "tenon/ops/functions.h"
#include "tenon/optim/adam.h"

using namespace tenon;

namespace {

constexpr int64_t kBatch = 64;

/// A body that does one step, which `wrap` makes of the eager one.
template <class Wrap>
benchmark::Suite::Body training(bool mixed, Wrap wrap) {
  manual_seed(1);
  const models::DigitsCNN model;
  auto optimizer = std::make_shared<optim::Adam>(
      model.parameters(), optim::AdamOptions{.learning_rate = benchmark::kLearningRate});
  const Tensor x = randn({kBatch, 1, 28, 28}), y = randint(0, 10, {kBatch});
  return wrap([model, optimizer, mixed, x, y] {
    optimizer->zero_grad();
    Tensor loss;
    {
      const Autocast autocast(kBFloat16, mixed);
      loss = cross_entropy(model(x), y);
    }
    loss.backward();
    optimizer->step();
  });
}

template <class Wrap>
benchmark::Suite::Body inference(bool mixed, Wrap wrap) {
  manual_seed(1);
  models::DigitsCNN model;
  model.eval();
  const Tensor x = randn({kBatch, 1, 28, 28});
  // The result outlives the call: a compiled function leaves out what nobody can see.
  return [forward = wrap([model, mixed, x] {
            const InferenceMode inference;
            const Autocast autocast(kBFloat16, mixed);
            return model(x);
          })]() mutable { benchmark::keep(forward()); };
}

template <class Wrap>
void add_cases(benchmark::Suite& suite, const std::string& prefix, Wrap wrap) {
  for (const bool mixed : {false, true}) {
    const std::string dtype = mixed ? "bf16" : "f32";
    suite.rate(prefix + "digits CNN training, " + dtype, "images/s", kBatch,
               [=] { return training(mixed, wrap); });
    suite.rate(prefix + "digits CNN inference, " + dtype, "images/s", kBatch,
               [=] { return inference(mixed, wrap); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Suite suite("Tenon");
  add_cases(suite, "", [](auto step) { return step; });
  add_cases(suite, "compiled ", [](auto step) { return compile(step); });
  return suite.run(argc, argv);
}
