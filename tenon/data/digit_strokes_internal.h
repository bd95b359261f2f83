#pragma once

#include <cstdint>
#include <span>

namespace tenon::data {

/// A point of a digit's skeleton: x to the right, y down, the digit within [0, 1] x [0, 1].
struct StrokePoint {
  float x;
  float y;
};

/// A smooth line through the points.
using Stroke = std::span<const StrokePoint>;

/// One way of writing a digit.
using DigitStyle = std::span<const Stroke>;

/// The ways of writing `digit`, 0 to 9.
std::span<const DigitStyle> digit_styles(int digit);

}  // namespace tenon::data
