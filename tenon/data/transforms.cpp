#include "tenon/data/transforms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tenon/base/error.h"
#include "tenon/core/philox.h"

namespace tenon::data {
namespace {

/// Uniform in [0, 1).
double draw(Generator& generator) {
  constexpr uint32_t kStream = 4;
  const auto numbers = philox_block(generator.seed(), generator.advance(1), kStream, 0);
  return static_cast<double>(uint64_t{numbers[1]} << 21 | numbers[0] >> 11) * 0x1p-53;
}

/// A float32 image as channels of rows.
struct Image {
  int64_t channels, height, width;
  const float* pixels;

  Image(std::string_view call, const Tensor& tensor)
      : channels(0), height(0), width(0), pixels(tensor.data<float>()) {
    if (tensor.dim() != 3 || !tensor.is_contiguous()) {
      fail<ShapeError>(call, fmt::format("expected a contiguous [channels, height, width], got {}",
                                         to_string(tensor.sizes())));
    }
    channels = tensor.size(0);
    height = tensor.size(1);
    width = tensor.size(2);
  }
  /// 0 outside.
  float at(int64_t channel, int64_t y, int64_t x) const {
    const bool inside = y >= 0 && y < height && x >= 0 && x < width;
    return inside ? pixels[(channel * height + y) * width + x] : 0.0f;
  }
};

/// A new image whose pixel (y, x) of each channel is `pixel(channel, y, x)`.
template <class Pixel>
Tensor make_image(const Image& like, Pixel&& pixel) {
  Tensor result = new_tensor({like.channels, like.height, like.width}, kFloat32);
  float* to = result.data<float>();
  for (int64_t c = 0; c < like.channels; ++c) {
    for (int64_t y = 0; y < like.height; ++y) {
      for (int64_t x = 0; x < like.width; ++x) *to++ = pixel(c, y, x);
    }
  }
  return result;
}

void check_contiguous(std::string_view call, const Tensor& tensor) {
  if (!tensor.is_contiguous()) fail<ShapeError>(call, "expected a contiguous tensor");
}

}  // namespace

Transform to_float() {
  return [](const Tensor& input, Generator&) {
    check_contiguous("to_float", input);
    Tensor result = new_tensor(input.sizes(), kFloat32);
    const uint8_t* from = input.data<uint8_t>();
    std::transform(from, from + input.numel(), result.data<float>(),
                   [](uint8_t value) { return static_cast<float>(value) / 255.0f; });
    return result;
  };
}

Transform normalize(std::vector<float> mean, std::vector<float> standard_deviation) {
  const bool positive = std::all_of(standard_deviation.begin(), standard_deviation.end(),
                                    [](float value) { return value > 0; });
  if (mean.empty() || mean.size() != standard_deviation.size() || !positive) {
    fail<ValueError>("normalize",
                     fmt::format("expected as many deviations above 0 as means, got [{}] and [{}]",
                                 fmt::join(standard_deviation, ", "), fmt::join(mean, ", ")));
  }
  return [mean = std::move(mean), deviation = std::move(standard_deviation)](const Tensor& input,
                                                                             Generator&) {
    check_contiguous("normalize", input);
    const auto channels = static_cast<int64_t>(mean.size());
    if (channels > 1 && (input.dim() == 0 || input.size(0) != channels)) {
      fail<ShapeError>("normalize", fmt::format("expected {} channels, got {}", channels,
                                                to_string(input.sizes())));
    }
    Tensor result = new_tensor(input.sizes(), kFloat32);
    const float* from = input.data<float>();
    float* to = result.data<float>();
    const int64_t each = input.numel() / channels;
    for (int64_t i = 0; i < input.numel(); ++i) {
      const auto c = static_cast<size_t>(i / each);
      to[i] = (from[i] - mean[c]) / deviation[c];
    }
    return result;
  };
}

Transform random_shift(int64_t pixels) {
  if (pixels < 0) {
    fail<ValueError>("random_shift", fmt::format("expected 0 or more pixels, got {}", pixels));
  }
  return [pixels](const Tensor& input, Generator& generator) {
    const Image image("random_shift", input);
    const auto range = static_cast<double>(2 * pixels + 1);
    const int64_t down = static_cast<int64_t>(draw(generator) * range) - pixels;
    const int64_t right = static_cast<int64_t>(draw(generator) * range) - pixels;
    return make_image(
        image, [&](int64_t c, int64_t y, int64_t x) { return image.at(c, y - down, x - right); });
  };
}

Transform random_rotation(double degrees) {
  if (!(degrees >= 0 && degrees <= 180)) {
    fail<ValueError>("random_rotation", fmt::format("expected 0 to 180 degrees, got {}", degrees));
  }
  return [degrees](const Tensor& input, Generator& generator) {
    const Image image("random_rotation", input);
    const double angle = (2 * draw(generator) - 1) * degrees * std::numbers::pi / 180;
    const double cosine = std::cos(angle), sine = std::sin(angle);
    const double centre_y = static_cast<double>(image.height - 1) / 2;
    const double centre_x = static_cast<double>(image.width - 1) / 2;
    return make_image(image, [&](int64_t c, int64_t y, int64_t x) {
      const double v = static_cast<double>(y) - centre_y, u = static_cast<double>(x) - centre_x;
      const double from_y = centre_y + cosine * v - sine * u;
      const double from_x = centre_x + sine * v + cosine * u;
      const double top = std::floor(from_y), left = std::floor(from_x);
      const auto row = static_cast<int64_t>(top), column = static_cast<int64_t>(left);
      const auto down = static_cast<float>(from_y - top), right = static_cast<float>(from_x - left);
      const float above =
          (1 - right) * image.at(c, row, column) + right * image.at(c, row, column + 1);
      const float below =
          (1 - right) * image.at(c, row + 1, column) + right * image.at(c, row + 1, column + 1);
      return (1 - down) * above + down * below;
    });
  };
}

Transform random_horizontal_flip(double probability) {
  if (!(probability >= 0 && probability <= 1)) {
    fail<ValueError>("random_horizontal_flip",
                     fmt::format("expected a probability of 0 to 1, got {}", probability));
  }
  return [probability](const Tensor& input, Generator& generator) -> Tensor {
    const Image image("random_horizontal_flip", input);
    if (draw(generator) >= probability) return input;
    return make_image(image, [&](int64_t c, int64_t y, int64_t x) {
      return image.at(c, y, image.width - 1 - x);
    });
  };
}

Transform compose(std::vector<Transform> transforms) {
  return [transforms = std::move(transforms)](const Tensor& input, Generator& generator) {
    Tensor result = input;
    for (const Transform& transform : transforms) result = transform(result, generator);
    return result;
  };
}

}  // namespace tenon::data
