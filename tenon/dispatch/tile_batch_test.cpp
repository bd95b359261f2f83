#include "tenon/dispatch/tile_batch.h"

#include <gtest/gtest.h>

#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

TEST(TileBatch, RunsWhatItCollects) {
  const Tensor x = linspace(-1, 1, 5000), y = reshape(x, {50, 100});
  const std::vector<float> e = exp(x).to_vector<float>(), s = sum(y, {0}).to_vector<float>();
  Tensor exponentials, sums;
  {
    TileBatch batch;
    exponentials = exp(x);
    sums = sum(y, {0});
    batch.run();
  }
  EXPECT_EQ(exponentials.to_vector<float>(), e);
  EXPECT_EQ(sums.to_vector<float>(), s);
}

TEST(TileBatch, AResultIsThereForACallThatReadsIt) {
  const Tensor x = linspace(-1, 1, 5000);
  const std::vector<float> want = (exp(x) * 2).to_vector<float>();
  TileBatch batch;
  const Tensor doubled = exp(x) * full({5000}, 2);
  batch.run();
  EXPECT_EQ(doubled.to_vector<float>(), want);
}

TEST(TileBatch, WithoutARunNothingHappens) {
  Tensor x = ones({5000});
  {
    TileBatch batch;
    x.mul_(2);
  }
  EXPECT_EQ(x.to_vector<float>(), ones({5000}).to_vector<float>());
  x.mul_(2);
  EXPECT_EQ(sum(x).item<float>(), 10000);
}

}  // namespace
}  // namespace tenon
