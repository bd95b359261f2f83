// Row 4: the digits CNN (conv 32 3x3, conv 64 3x3, pool, dense 128, dense 10), batch 64, float32.

#include <memory>

#include "benchmarks/timing.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/modes.h"
#include "tenon/models/digits_cnn.h"
#include "tenon/ops/functions.h"
#include "tenon/optim/adam.h"

using namespace tenon;

int main(int argc, char** argv) {
  constexpr int64_t kBatch = 64;
  benchmark::Suite suite("Tenon");
  suite.rate("digits CNN training, f32", "images/s", kBatch, [] {
    manual_seed(1);
    const models::DigitsCNN model;
    auto optimizer = std::make_shared<optim::Adam>(model.parameters());
    return [model, optimizer, x = randn({kBatch, 1, 28, 28}), y = randint(0, 10, {kBatch})] {
      optimizer->zero_grad();
      cross_entropy(model(x), y).backward();
      optimizer->step();
    };
  });
  suite.rate("digits CNN inference, f32", "images/s", kBatch, [] {
    manual_seed(1);
    models::DigitsCNN model;
    model.eval();
    return [model, x = randn({kBatch, 1, 28, 28})] {
      const InferenceMode inference;
      benchmark::keep(model(x));
    };
  });
  return suite.run(argc, argv);
}
