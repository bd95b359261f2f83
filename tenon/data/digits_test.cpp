#include "tenon/data/digits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/base/parallel.h"
#include "tenon/io/idx.h"

namespace tenon::data {
namespace {

/// FNV-1a.
uint64_t hash(const Tensor& tensor) {
  uint64_t value = 0xcbf29ce484222325;
  const auto* bytes = static_cast<const uint8_t*>(tensor.raw_data());
  for (size_t i = 0; i < tensor.nbytes(); ++i) value = (value ^ bytes[i]) * 0x100000001b3;
  return value;
}

TEST(Digits, AreTheSameBytesEverywhere) {
  const ImageDataset digits = draw_digits(200, 1);
  EXPECT_EQ(hash(digits.images()), 11167137907018848711u);
  EXPECT_EQ(hash(digits.labels()), 16962694288997963138u);
}

TEST(Digits, DependOnSeedAndNumberAlone) {
  const int threads = num_threads();
  set_num_threads(1);
  const ImageDataset one = draw_digits(300, 5);
  set_num_threads(8);
  const ImageDataset eight = draw_digits(300, 5);
  set_num_threads(threads);
  EXPECT_EQ(hash(one.images()), hash(eight.images()));
  EXPECT_EQ(hash(draw_digits(100, 5, 200).images()), hash(one.subset(200, 300).images()));
  EXPECT_NE(hash(draw_digits(300, 6).images()), hash(one.images()));
  const TrainAndTest sets = draw_digit_sets(200, 100, 5);
  EXPECT_EQ(hash(sets.train.images()), hash(draw_digits(200, 5).images()));
  EXPECT_EQ(hash(sets.test.images()), hash(draw_digits(100, 5, 200).images()));
}

TEST(Digits, LookLikeDigits) {
  const ImageDataset digits = draw_digits(4000, 2);
  int64_t counts[10] = {};
  double ink = 0;
  for (int64_t i = 0; i < digits.size(); ++i) {
    ++counts[digits.labels().data<int64_t>()[i]];
    const uint8_t* pixels = digits.images().data<uint8_t>() + i * 784;
    int bright = 0;
    for (int p = 0; p < 784; ++p) bright += pixels[p] > 150 ? 1 : 0;
    EXPECT_GT(bright, 10) << i;
    EXPECT_LT(bright, 300) << i;
    ink += bright;
  }
  for (const int64_t count : counts) EXPECT_NEAR(static_cast<double>(count), 400, 80);
  EXPECT_NEAR(ink / 4000, 75, 25);
}

TEST(Digits, WithoutVariationOnlyTheStyleDiffers) {
  const ImageDataset digits = draw_digits(300, 3, 0, {.variation = 0});
  std::vector<uint64_t> kinds;
  for (int64_t i = 0; i < digits.size(); ++i) {
    const uint64_t kind = hash(digits.subset(i, i + 1).images());
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  EXPECT_EQ(kinds.size(), 22u);
  EXPECT_THROW(draw_digits(-1, 1), ValueError);
  EXPECT_THROW(draw_digits(1, 1, 0, {.variation = 3}), ValueError);
}

TEST(DigitsFolder, ReadsBothSetsOrSplitsOne) {
  const std::string folder = testing::TempDir() + "tenon-digits-folder";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  EXPECT_THROW(read_digit_sets(folder), IoError);
  const auto image_file = [&](const char* set) {
    return folder + "/" + set + "-images-idx3-ubyte";
  };
  const auto label_file = [&](const char* set) {
    return folder + "/" + set + "-labels-idx1-ubyte";
  };
  Tensor images = new_tensor({10, 2, 2}, kUInt8);
  Tensor labels = new_tensor({10}, kUInt8);
  for (int i = 0; i < 40; ++i) images.data<uint8_t>()[i] = static_cast<uint8_t>(i);
  for (int i = 0; i < 10; ++i) labels.data<uint8_t>()[i] = static_cast<uint8_t>(i);
  write_idx(images, image_file("t10k") + ".gz");
  EXPECT_THROW(read_digit_sets(folder), IoError);
  write_idx(labels, label_file("t10k"));
  TrainAndTest sets = read_digit_sets(folder);
  EXPECT_EQ(sets.train.size(), 8);
  EXPECT_EQ(sets.test.size(), 2);
  EXPECT_EQ(sets.test.images().data<uint8_t>()[0], 32);
  EXPECT_EQ(sets.test.labels().data<int64_t>()[0], 8);
  write_idx(images, image_file("train"));
  write_idx(labels, label_file("train"));
  sets = read_digit_sets(folder);
  EXPECT_EQ(sets.train.size(), 10);
  EXPECT_EQ(sets.test.size(), 10);
  labels.data<uint8_t>()[3] = 10;
  write_idx(labels, label_file("train"));
  EXPECT_THROW(read_digit_sets(folder), IoError);
  write_idx(new_tensor({9}, kUInt8), label_file("train"));
  EXPECT_THROW(read_digit_sets(folder), IoError);
  std::filesystem::remove_all(folder);
}

TEST(DigitsFolder, ReadsTheRealOnes) {
  const char* shared = std::getenv("TENON_SHARED");
  // __FILE__ is <source>/tenon/data/digits_test.cpp; the data lies beside the source tree.
  const auto source = std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path();
  const auto root = shared ? std::filesystem::path(shared) : source.parent_path() / "shared";
  const std::string folder = (root / "data/mnist").string();
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the real digits aren't here: " << folder
                 << "; set TENON_SHARED to their folder";
  }
  const TrainAndTest sets = read_digit_sets(folder);
  EXPECT_EQ(sets.train.size(), 8000);
  EXPECT_EQ(sets.test.size(), 2000);
  EXPECT_EQ(to_string(sets.train.images().sizes()), "[8000, 1, 28, 28]");
  const std::vector<int64_t> expected = {7, 2, 1, 0, 4, 1, 4, 9, 5, 9};
  const int64_t* labels = sets.train.labels().data<int64_t>();
  EXPECT_EQ(std::vector<int64_t>(labels, labels + 10), expected);
}

}  // namespace
}  // namespace tenon::data
