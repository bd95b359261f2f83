#pragma once

#include <string>

#include "tenon/core/tensor.h"

namespace tenon {

/// Reads a PNG image as uint8: [height, width] for grey, [height, width, channels] with 2 (grey and
/// alpha), 3 (red, green, blue) or 4 channels else. Palettes become colours, 16-bit samples are
/// scaled to 8 bits, samples of less than 8 bits to the full range. Throws IoError on anything that
/// is no whole PNG.
TENON_API Tensor read_png(const std::string& path);

/// Writes a uint8 tensor of one of the shapes that `read_png` gives; the file appears whole or not
/// at all. Throws DTypeError, ShapeError, ValueError (not contiguous host memory), IoError.
TENON_API void write_png(const Tensor& image, const std::string& path);

}  // namespace tenon
