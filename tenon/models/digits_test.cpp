#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/models/digits_cnn.h"
#include "tenon/models/digits_input.h"
#include "tenon/ops/functions.h"

namespace tenon::models {
namespace {

TEST(DigitsCNN, HasTheBenchmarksShape) {
  const DigitsCNN model;
  // 320 + 18,496 + 1,179,776 + 1,290
  EXPECT_EQ(model.parameter_count(), 1199882);
  EXPECT_EQ(model(zeros({2, 1, 28, 28})).sizes(), (Shape{2, 10}));
}

TEST(DigitsInput, ScalesBytes) {
  const Tensor input = digits_input(full({2, 28, 28}, 51, kUInt8));
  EXPECT_EQ(input.sizes(), (Shape{2, 1, 28, 28}));
  EXPECT_NEAR(input.to_vector<double>()[0], 0.2, 1e-7);
  EXPECT_THROW(digits_input(zeros({2, 27, 28}, kUInt8)), ShapeError);
  EXPECT_THROW(digits_input(zeros({28, 28})), DTypeError);
}

TEST(DigitImage, KeepsWhatIsReady) {
  Tensor image = zeros({28, 28}, kUInt8);
  for (int i = 0; i < 28 * 28; ++i) image.data<uint8_t>()[i] = i % 28 == 14 ? 200 : 3;
  EXPECT_EQ(digit_image(image).to_vector<uint8_t>(), image.to_vector<uint8_t>());
}

TEST(DigitImage, InvertsScalesAndCentres) {
  // A black square on white paper, 56 high and 28 wide: half the size, with 7 columns on each side.
  Tensor picture = full({56, 28, 3}, 255, kUInt8);
  for (int64_t y = 20; y < 36; ++y) {
    for (int64_t x = 8; x < 20; ++x) {
      for (int64_t c = 0; c < 3; ++c) picture.data<uint8_t>()[(y * 28 + x) * 3 + c] = 0;
    }
  }
  const std::vector<uint8_t> image = digit_image(picture).to_vector<uint8_t>();
  for (size_t y = 0; y < 28; ++y) {
    for (size_t x = 0; x < 28; ++x) {
      const bool ink = y >= 10 && y < 18 && x >= 11 && x < 17;
      EXPECT_EQ(image[y * 28 + x], ink ? 255 : 0) << y << ' ' << x;
    }
  }
  EXPECT_THROW(digit_image(zeros({3}, kUInt8)), ShapeError);
}

TEST(ImageAsText, DrawsTwoCharactersAPixel) {
  Tensor image = zeros({2, 3}, kUInt8);
  image.data<uint8_t>()[1] = 255;
  image.data<uint8_t>()[3] = 128;
  EXPECT_EQ(image_as_text(image), "  @@\n==\n");
}

}  // namespace
}  // namespace tenon::models
