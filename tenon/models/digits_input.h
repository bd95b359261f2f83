#pragma once

#include <string>

#include "tenon/core/generator.h"
#include "tenon/core/tensor.h"

namespace tenon::models {

/// Of MNIST's training images, with white as 1: what DigitsCNN's inputs are scaled by.
inline constexpr double kDigitMean = 0.1307, kDigitDeviation = 0.3081;

/// What DigitsCNN takes, of images as they are in IDX files: uint8 [28, 28] or [count, 28, 28], light
/// on dark, to float32 [count, 1, 28, 28] scaled to MNIST's mean and deviation.
/// Throws ShapeError, DTypeError.
TENON_API Tensor digits_input(const Tensor& images);

/// `input`, float32 [channels, height, width], moved by up to `most` pixels in both directions, as
/// `generator` draws; what comes in at the edges is the image's smallest value. Makes more of few
/// training images. Throws ShapeError, DTypeError.
TENON_API Tensor random_shift(const Tensor& input, int64_t most, Generator& generator);

/// One picture of a digit as uint8 [28, 28], light on dark: colours become grey, transparent pixels
/// background, dark on light is inverted, and other sizes are scaled by area to fit, centred. Takes
/// uint8 [height, width] or [height, width, channels] as `read_png` gives. Throws ShapeError,
/// DTypeError.
TENON_API Tensor digit_image(const Tensor& picture);

/// A uint8 [height, width] image as text, two characters a pixel and one line a row.
TENON_API std::string image_as_text(const Tensor& image);

}  // namespace tenon::models
