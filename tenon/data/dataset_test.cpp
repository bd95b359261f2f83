#include "tenon/data/dataset.h"

#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/data/gather_internal.h"
#include "tenon/data/transforms.h"

namespace tenon::data {
namespace {

Tensor bytes_image(IntList sizes) {
  Tensor image = new_tensor(sizes, kUInt8);
  for (int64_t i = 0; i < image.numel(); ++i) image.data<uint8_t>()[i] = static_cast<uint8_t>(i);
  return image;
}

Tensor floats(IntList sizes, std::initializer_list<float> values) {
  Tensor tensor = new_tensor(sizes, kFloat32);
  std::copy(values.begin(), values.end(), tensor.data<float>());
  return tensor;
}

std::vector<float> values(const Tensor& tensor) {
  return {tensor.data<float>(), tensor.data<float>() + tensor.numel()};
}

TEST(Gather, ConvertsLikeTheFormula) {
  std::vector<uint8_t> source(5 * 75);
  for (size_t i = 0; i < source.size(); ++i) source[i] = static_cast<uint8_t>(i * 37);
  const std::vector<int64_t> rows = {4, 0, 0, 2, 3, 1, 4};
  std::vector<float> result(rows.size() * 75);
  gather_rows_as_float(source.data(), rows, 75, 0.3f, -0.7f, result.data());
  for (size_t i = 0; i < result.size(); ++i) {
    const uint8_t byte = source[static_cast<size_t>(rows[i / 75]) * 75 + i % 75];
    const volatile float product = static_cast<float>(byte) * 0.3f;
    ASSERT_EQ(result[i], product + -0.7f) << i;
  }
}

TEST(ImageDataset, GivesFloatsAndInt64) {
  Tensor labels = new_tensor({2}, kUInt8);
  labels.data<uint8_t>()[0] = 9;
  labels.data<uint8_t>()[1] = 4;
  const ImageDataset dataset(bytes_image({2, 2, 3}), labels,
                             {.mean = 0.5, .standard_deviation = 0.25});
  const std::vector<int64_t> indices = {1, 0};
  const Example batch = dataset.get_batch(indices);
  EXPECT_EQ(to_string(batch.input.sizes()), "[2, 1, 2, 3]");
  EXPECT_EQ(batch.target.data<int64_t>()[0], 4);
  EXPECT_EQ(batch.target.data<int64_t>()[1], 9);
  EXPECT_NEAR(batch.input.data<float>()[0], (6 / 255. - 0.5) / 0.25, 1e-6);
  EXPECT_EQ(to_string(dataset.get(0).input.sizes()), "[1, 2, 3]");
  EXPECT_EQ(dataset.get(0).target.dim(), 0);
  const ImageDataset last = dataset.subset(1, 2);
  EXPECT_EQ(last.size(), 1);
  EXPECT_EQ(last.get(0).target.data<int64_t>()[0], 4);
  EXPECT_EQ(last.get(0).input.data<float>()[0], batch.input.data<float>()[0]);
}

TEST(Datasets, RefuseWhatDoesntFit) {
  const Tensor images = bytes_image({2, 2, 3});
  const Tensor labels = new_tensor({2}, kInt64);
  EXPECT_THROW(ImageDataset(new_tensor({2, 2, 3}, kFloat32), labels), DTypeError);
  EXPECT_THROW(ImageDataset(images, new_tensor({2}, kFloat32)), DTypeError);
  EXPECT_THROW(ImageDataset(images, new_tensor({3}, kInt64)), ShapeError);
  EXPECT_THROW(ImageDataset(images, labels, {.standard_deviation = 0}), ValueError);
  EXPECT_THROW(TensorDataset(images, new_tensor({3}, kInt64)), ShapeError);
  EXPECT_THROW(TensorDataset(new_tensor({}, kFloat32), labels), ShapeError);
  EXPECT_THROW(TensorDataset(Tensor(), labels), ValueError);
  const TensorDataset dataset(images, labels);
  EXPECT_THROW(dataset.get(2), IndexError);
  EXPECT_THROW(dataset.get(-1), IndexError);
  EXPECT_THROW(ImageDataset(images, labels).subset(1, 3), IndexError);
}

/// Examples of different sizes.
class Growing final : public Dataset {
 public:
  int64_t size() const override { return 3; }
  Example get(int64_t index) const override {
    return {new_tensor({index}, kFloat32), new_tensor({}, kInt64)};
  }
};

TEST(Datasets, ExamplesOfABatchMustAgree) {
  const std::vector<int64_t> one = {2}, two = {1, 2};
  EXPECT_EQ(to_string(Growing().get_batch(one).input.sizes()), "[1, 2]");
  EXPECT_THROW(Growing().get_batch(two), ShapeError);
}

TEST(Transforms, ComputeTheirFormulas) {
  Generator generator(3);
  EXPECT_EQ(values(to_float()(bytes_image({1, 1, 3}), generator)),
            (std::vector<float>{0, 1 / 255.0f, 2 / 255.0f}));
  EXPECT_EQ(values(normalize({1, 2}, {2, 4})(floats({2, 1, 2}, {1, 3, 2, 6}), generator)),
            (std::vector<float>{0, 1, 0, 1}));
  const Tensor image = floats({1, 2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(values(random_horizontal_flip(1)(image, generator)), (std::vector<float>{2, 1, 4, 3}));
  EXPECT_EQ(values(random_horizontal_flip(0)(image, generator)), values(image));
  EXPECT_EQ(values(random_shift(0)(image, generator)), values(image));
  EXPECT_EQ(values(random_rotation(0)(image, generator)), values(image));
  EXPECT_THROW(normalize({1}, {0}), ValueError);
  EXPECT_THROW(normalize({1, 2}, {1}), ValueError);
  EXPECT_THROW(normalize({1, 2}, {1, 1})(image, generator), ShapeError);
  EXPECT_THROW(random_shift(-1), ValueError);
  EXPECT_THROW(random_rotation(181), ValueError);
  EXPECT_THROW(random_shift(1)(floats({2}, {1, 2}), generator), ShapeError);
}

TEST(Transforms, ShiftsReachEveryPlaceEquallyOften) {
  int counts[9] = {};
  Tensor image = floats({1, 3, 3}, {0, 0, 0, 0, 1, 0, 0, 0, 0});
  Generator generator(11);
  for (int i = 0; i < 9000; ++i) {
    const auto moved = values(random_shift(1)(image, generator));
    ++counts[std::find(moved.begin(), moved.end(), 1.0f) - moved.begin()];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace tenon::data
