#pragma once

#include <vector>

#include "tenon/data/data_loader.h"

namespace tenon::data {

/// Bytes to numbers: y = x / 255, float32 of the same sizes. Throws DTypeError unless uint8.
TENON_API Transform to_float();

/// y = (x - mean[c]) / standard_deviation[c] for each channel c of a float32 [channels, height,
/// width] (any sizes with one mean). Throws ValueError where the lists differ in length or a
/// deviation isn't above 0.
TENON_API Transform normalize(std::vector<float> mean, std::vector<float> standard_deviation);

/// Moves a float32 [channels, height, width] by up to `pixels` whole pixels along each side; what
/// comes in is 0. Throws ValueError on a negative number.
TENON_API Transform random_shift(int64_t pixels);

/// Turns a float32 [channels, height, width] about its centre by up to `degrees` either way, with
/// bilinear interpolation; what comes in is 0. Throws ValueError outside [0, 180].
TENON_API Transform random_rotation(double degrees);

/// Mirrors left and right with this probability.
TENON_API Transform random_horizontal_flip(double probability = 0.5);

/// One transform after the other.
TENON_API Transform compose(std::vector<Transform> transforms);

}  // namespace tenon::data
