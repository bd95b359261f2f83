// Row 4: the digits CNN (conv 32 3x3, conv 64 3x3, pool, dense 128, dense 10), batch 64, in float32
// and in mixed precision with bfloat16.

#include <memory>

#include "benchmarks/timing.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/autocast.h"
#include "tenon/dispatch/modes.h"
#include "tenon/models/digits_cnn.h"
#include "tenon/ops/functions.h"
#include "tenon/optim/adam.h"

using namespace tenon;

namespace {

constexpr int64_t kBatch = 64;

benchmark::Suite::Body prepare_training(bool mixed) {
  manual_seed(1);
  const models::DigitsCNN model;
  auto optimizer = std::make_shared<optim::Adam>(model.parameters());
  return [model, optimizer, mixed, x = randn({kBatch, 1, 28, 28}), y = randint(0, 10, {kBatch})] {
    optimizer->zero_grad();
    Tensor loss;
    {
      const Autocast autocast(kBFloat16, mixed);
      loss = cross_entropy(model(x), y);
    }
    loss.backward();
    optimizer->step();
  };
}

benchmark::Suite::Body prepare_inference(bool mixed) {
  manual_seed(1);
  models::DigitsCNN model;
  model.eval();
  return [model, mixed, x = randn({kBatch, 1, 28, 28})] {
    const InferenceMode inference;
    const Autocast autocast(kBFloat16, mixed);
    benchmark::keep(model(x));
  };
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Suite suite("Tenon");
  for (const bool mixed : {false, true}) {
    const std::string dtype = mixed ? "bf16" : "f32";
    suite.rate("digits CNN training, " + dtype, "images/s", kBatch,
               [mixed] { return prepare_training(mixed); });
    suite.rate("digits CNN inference, " + dtype, "images/s", kBatch,
               [mixed] { return prepare_inference(mixed); });
  }
  return suite.run(argc, argv);
}
