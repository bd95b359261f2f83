#include "tenon/models/digits_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::models {
namespace {

constexpr int64_t kSide = 28;

/// Lightness in [0, 1], row by row.
struct Grey {
  int64_t height;
  int64_t width;
  std::vector<double> values;
  double at(int64_t y, int64_t x) const { return values[static_cast<size_t>(y * width + x)]; }
};

void check_image(std::string_view call, const Tensor& image) {
  if (image.dtype() != kUInt8) {
    fail<DTypeError>(call, fmt::format("expected uint8, got {}", name_of(image.dtype())));
  }
  if (image.dim() < 2 || image.dim() > 3 || image.numel() == 0) {
    fail<ShapeError>(call, fmt::format("expected [height, width] or [height, width, channels], "
                                       "got {}",
                                       to_string(image.sizes())));
  }
}

Grey grey_of(const Tensor& picture) {
  const int64_t height = picture.size(0), width = picture.size(1);
  const int64_t channels = picture.dim() == 3 ? picture.size(2) : 1;
  const std::vector<uint8_t> bytes = picture.to_vector<uint8_t>();
  Grey grey{height, width, std::vector<double>(static_cast<size_t>(height * width))};
  for (size_t i = 0; i < grey.values.size(); ++i) {
    const uint8_t* pixel = bytes.data() + i * static_cast<size_t>(channels);
    // ITU-R BT.601
    const double light =
        channels >= 3 ? 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2] : pixel[0];
    const double alpha = channels == 2 || channels == 4 ? pixel[channels - 1] / 255.0 : 1;
    // Transparent pixels show white paper when the ink is dark; the inversion below settles it.
    grey.values[i] = alpha * light / 255 + (1 - alpha);
  }
  return grey;
}

/// The border tells the background: a light one means dark ink.
void make_light_on_dark(Grey& grey) {
  double border = 0;
  int64_t count = 0;
  for (int64_t y = 0; y < grey.height; ++y) {
    for (int64_t x = 0; x < grey.width; ++x) {
      if (y > 0 && x > 0 && y + 1 < grey.height && x + 1 < grey.width) continue;
      border += grey.at(y, x);
      ++count;
    }
  }
  if (border / static_cast<double>(count) <= 0.5) return;
  for (double& value : grey.values) value = 1 - value;
}

/// The mean over [y0, y1) x [x0, x1), which may cut pixels.
double area_mean(const Grey& grey, double y0, double y1, double x0, double x1) {
  double total = 0;
  for (auto y = static_cast<int64_t>(y0); y < std::min<double>(std::ceil(y1), grey.height); ++y) {
    const double rows = std::min<double>(y1, y + 1) - std::max<double>(y0, y);
    for (auto x = static_cast<int64_t>(x0); x < std::min<double>(std::ceil(x1), grey.width); ++x) {
      total += rows * (std::min<double>(x1, x + 1) - std::max<double>(x0, x)) * grey.at(y, x);
    }
  }
  return total / ((y1 - y0) * (x1 - x0));
}

}  // namespace

Tensor digits_input(const Tensor& images) {
  if (images.dtype() != kUInt8) {
    fail<DTypeError>("digits_input",
                     fmt::format("expected uint8, got {}", name_of(images.dtype())));
  }
  if (images.dim() < 2 || images.dim() > 3 || images.size(-1) != kSide ||
      images.size(-2) != kSide) {
    fail<ShapeError>("digits_input", fmt::format("expected [28, 28] or [count, 28, 28], got {}; "
                                                 "digit_image() scales a picture",
                                                 to_string(images.sizes())));
  }
  const NoGrad no_grad;
  const int64_t count = images.dim() == 3 ? images.size(0) : 1;
  return (images.to(kFloat32) * (1 / 255.0)).reshape({count, 1, kSide, kSide});
}

Tensor digit_image(const Tensor& picture) {
  check_image("digit_image", picture);
  Grey grey = grey_of(picture);
  make_light_on_dark(grey);
  Tensor image = zeros({kSide, kSide}, kUInt8);
  const double scale = static_cast<double>(std::max(grey.height, grey.width)) / kSide;
  const double top = (kSide - static_cast<double>(grey.height) / scale) / 2;
  const double left = (kSide - static_cast<double>(grey.width) / scale) / 2;
  const auto height = static_cast<double>(grey.height), width = static_cast<double>(grey.width);
  for (int64_t y = 0; y < kSide; ++y) {
    for (int64_t x = 0; x < kSide; ++x) {
      const double y0 = std::clamp((y - top) * scale, 0.0, height);
      const double y1 = std::clamp((y + 1 - top) * scale, 0.0, height);
      const double x0 = std::clamp((x - left) * scale, 0.0, width);
      const double x1 = std::clamp((x + 1 - left) * scale, 0.0, width);
      if (!(y1 > y0 && x1 > x0)) continue;
      const double value = area_mean(grey, y0, y1, x0, x1);
      image.data<uint8_t>()[y * kSide + x] = static_cast<uint8_t>(std::lround(255 * value));
    }
  }
  return image;
}

std::string image_as_text(const Tensor& image) {
  check_image("image_as_text", image);
  constexpr std::string_view kShades = " .:-=+*#%@";
  const std::vector<uint8_t> values = image.to_vector<uint8_t>();
  std::string text;
  for (int64_t y = 0; y < image.size(0); ++y) {
    std::string row;
    for (int64_t x = 0; x < image.size(1); ++x) {
      const size_t value = values[static_cast<size_t>(y * image.size(1) + x)];
      row.append(2, kShades[value * (kShades.size() - 1) / 255]);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

}  // namespace tenon::models
