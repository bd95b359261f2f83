#include "tenon/data/data_loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "tenon/base/error.h"
#include "tenon/data/sampler.h"
#include "tenon/data/transforms.h"

namespace tenon::data {
namespace {

/// Example i: input [i, i, i] (int32), target i.
TensorDataset counting(int64_t count) {
  Tensor inputs = new_tensor({count, 3}, kInt32);
  Tensor targets = new_tensor({count}, kInt64);
  for (int64_t i = 0; i < count; ++i) {
    std::fill_n(inputs.data<int32_t>() + 3 * i, 3, static_cast<int32_t>(i));
    targets.data<int64_t>()[i] = i;
  }
  return TensorDataset(inputs, targets);
}

std::vector<int64_t> targets_of(const Tensor& y) {
  return {y.data<int64_t>(), y.data<int64_t>() + y.numel()};
}

std::vector<int64_t> run(DataLoader& loader) {
  std::vector<int64_t> seen;
  for (auto [x, y] : loader) {
    EXPECT_EQ(x.size(0), y.size(0));
    for (int64_t i = 0; i < 3 * y.numel(); ++i) {
      EXPECT_EQ(x.data<int32_t>()[i], y.data<int64_t>()[i / 3]);
    }
    const auto targets = targets_of(y);
    seen.insert(seen.end(), targets.begin(), targets.end());
  }
  return seen;
}

class Loader : public testing::TestWithParam<bool> {
 protected:
  DataLoaderOptions options(int64_t batch_size, bool shuffle = false) const {
    return {.batch_size = batch_size, .shuffle = shuffle, .seed = 7, .prefetch = GetParam()};
  }
};
INSTANTIATE_TEST_SUITE_P(Prefetch, Loader, testing::Bool());

TEST_P(Loader, GivesEveryExampleOnceInOrder) {
  DataLoader loader(counting(103), options(10));
  EXPECT_EQ(loader.size(), 11);
  std::vector<int64_t> expected(103);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(run(loader), expected);
  EXPECT_EQ(run(loader), expected);
  EXPECT_EQ(loader.state(), (DataLoaderState{2, 0}));
}

TEST_P(Loader, DropsTheLastBatch) {
  auto dropping = options(10);
  dropping.drop_last = true;
  DataLoader loader(counting(103), dropping);
  EXPECT_EQ(loader.size(), 10);
  EXPECT_EQ(run(loader).size(), 100u);
  DataLoader none(counting(3), dropping);
  EXPECT_EQ(run(none).size(), 0u);
  DataLoader empty(counting(0), options(4));
  EXPECT_EQ(run(empty).size(), 0u);
}

TEST_P(Loader, ShufflesByEpochAndSeed) {
  DataLoader loader(counting(1000), options(64, true));
  const auto first = run(loader), second = run(loader);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, shuffled_indices(1000, 7, 0));
  EXPECT_EQ(second, shuffled_indices(1000, 7, 1));
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(sorted[static_cast<size_t>(i)], i);
}

TEST_P(Loader, GoesOnWithTheSameBatches) {
  DataLoader whole(counting(500), options(7, true));
  run(whole);
  std::vector<int64_t> rest;
  DataLoaderState stopped;
  int batch = 0;
  for (auto [x, y] : whole) {
    if (++batch == 23) stopped = whole.state();
    if (batch > 23) {
      const auto targets = targets_of(y);
      rest.insert(rest.end(), targets.begin(), targets.end());
    }
  }
  EXPECT_EQ(stopped, (DataLoaderState{1, 23}));
  const auto next_epoch = run(whole);
  DataLoader resumed(counting(500), options(7, true));
  resumed.set_state(stopped);
  EXPECT_EQ(run(resumed), rest);
  EXPECT_EQ(run(resumed), next_epoch);
  // At the very end of an epoch, nothing is left of it.
  resumed.set_state({1, resumed.size()});
  EXPECT_TRUE(run(resumed).empty());
  EXPECT_EQ(resumed.state(), (DataLoaderState{2, 0}));
  EXPECT_THROW(resumed.set_state({0, resumed.size() + 1}), ValueError);
  EXPECT_THROW(resumed.set_state({-1, 0}), ValueError);
}

TEST_P(Loader, LeavingEarlyEndsTheEpoch) {
  DataLoader loader(counting(400), options(2, true));
  for (int epoch = 0; epoch < 20; ++epoch) {
    int batches = 0;
    for (auto [x, y] : loader) {
      EXPECT_EQ(y.data<int64_t>()[0],
                shuffled_indices(400, 7, epoch)[static_cast<size_t>(2 * batches)]);
      if (++batches == epoch + 1) break;
    }
    EXPECT_EQ(loader.state(), (DataLoaderState{epoch, epoch + 1}));
  }
}

/// Fails at one example.
class Failing final : public Dataset {
 public:
  int64_t size() const override { return 100; }
  Example get(int64_t index) const override {
    if (index == 57) throw std::runtime_error("example 57 is broken");
    const TensorDataset good = counting(100);
    return good.get(index);
  }
};

TEST_P(Loader, ErrorsComeInTheLoopAtTheirBatch) {
  DataLoader loader(Failing{}, options(10));
  int batches = 0;
  try {
    for (auto [x, y] : loader) ++batches;
    FAIL() << "no error";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "example 57 is broken");
  }
  EXPECT_EQ(batches, 5);
}

TEST_P(Loader, TransformsDrawTheSameForAnExampleOfAnEpoch) {
  Tensor images = new_tensor({50, 6, 6}, kUInt8);
  for (int64_t i = 0; i < images.numel(); ++i) {
    images.data<uint8_t>()[i] = static_cast<uint8_t>(i * 7);
  }
  Tensor labels = new_tensor({50}, kUInt8);
  std::fill_n(labels.data<uint8_t>(), 50, uint8_t{3});
  const ImageDataset dataset(images, labels);
  const auto pixels = [&](int64_t batch_size, bool prefetch) {
    auto with = options(batch_size);
    with.prefetch = prefetch;
    with.transform = compose({random_shift(2), random_rotation(20), random_horizontal_flip()});
    DataLoader loader(dataset, with);
    std::vector<float> all;
    for (int epoch = 0; epoch < 2; ++epoch) {
      for (auto [x, y] : loader) {
        EXPECT_EQ(y.data<int64_t>()[0], 3);
        all.insert(all.end(), x.data<float>(), x.data<float>() + x.numel());
      }
    }
    return all;
  };
  const auto one = pixels(1, GetParam()), many = pixels(16, false);
  EXPECT_TRUE(one == many);
  const auto half = static_cast<std::ptrdiff_t>(one.size() / 2);
  EXPECT_FALSE(std::equal(one.begin(), one.begin() + half, one.begin() + half));
}

TEST(DataLoader, RefusesNonsense) {
  EXPECT_THROW(DataLoader(counting(3), {.batch_size = 0}), ValueError);
  EXPECT_THROW(DataLoader(std::shared_ptr<const Dataset>(), {}), ValueError);
}

TEST(Sampler, OrdersAreEquallyLikely) {
  int counts[6] = {};
  for (int64_t epoch = 0; epoch < 6000; ++epoch) {
    const auto order = shuffled_indices(3, 1, epoch);
    ++counts[order[0] * 2 + (order[1] > order[2] ? 1 : 0)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(Sampler, IsTheSameEverywhere) {
  EXPECT_EQ(shuffled_indices(8, 1, 2), (std::vector<int64_t>{0, 6, 2, 3, 4, 1, 7, 5}));
}

}  // namespace
}  // namespace tenon::data
