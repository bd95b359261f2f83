#pragma once

#include <string>

#include "tenon/core/tensor.h"

namespace tenon::models {

/// What DigitsCNN takes, of images as they are in IDX files: uint8 [28, 28] or [count, 28, 28],
/// light on dark, to float32 [count, 1, 28, 28] with white as 1. Throws ShapeError, DTypeError.
TENON_API Tensor digits_input(const Tensor& images);

/// One picture of a digit as uint8 [28, 28], light on dark: colours become grey, transparent pixels
/// background, dark on light is inverted, and other sizes are scaled by area to fit, centred. Takes
/// uint8 [height, width] or [height, width, channels] as `read_png` gives. Throws ShapeError,
/// DTypeError.
TENON_API Tensor digit_image(const Tensor& picture);

/// A uint8 [height, width] image as text, two characters a pixel and one line a row.
TENON_API std::string image_as_text(const Tensor& image);

}  // namespace tenon::models
