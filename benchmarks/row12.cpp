// Row 12: batches of 64 shuffled 28x28 float images that lie in memory.

#include <memory>

#include "benchmarks/timing.h"
#include "tenon/core/generator.h"
#include "tenon/data/data_loader.h"
#include "tenon/ops/functions.h"

using namespace tenon;

int main(int argc, char** argv) {
  constexpr int64_t kImages = 60000;
  benchmark::Suite suite("Tenon");
  suite.rate("shuffled 28x28 images, batch 64", "images/s", kImages, [] {
    manual_seed(1);
    const data::TensorDataset images(rand({kImages, 1, 28, 28}), randint(0, 10, {kImages}));
    auto loader = std::make_shared<data::DataLoader>(
        images, data::DataLoaderOptions{.batch_size = 64, .shuffle = true});
    return [loader] {
      for (const auto& [x, y] : *loader) benchmark::keep(x);
    };
  });
  return suite.run(argc, argv);
}
