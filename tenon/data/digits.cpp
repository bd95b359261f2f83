#include "tenon/data/digits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/base/parallel.h"
#include "tenon/core/philox.h"
#include "tenon/data/digit_strokes_internal.h"

// Only +, -, *, / and square roots on float32, all of which IEEE 754 rounds alike everywhere: this
// is what makes the bytes the same on any machine.

namespace tenon::data {
namespace {

constexpr int kSide = static_cast<int>(kDigitSide);
constexpr int kPixels = kSide * kSide;

/// The random numbers of one image.
class Draw {
 public:
  Draw(uint64_t seed, uint64_t image) : seed_(seed), image_(image) {}
  uint32_t bits() {
    constexpr uint32_t kStream = 3;
    if (next_ == 4) {
      numbers_ = philox_block(seed_, image_, kStream, block_++);
      next_ = 0;
    }
    return numbers_[next_++];
  }
  uint32_t below(uint32_t count) { return static_cast<uint32_t>(uint64_t{bits()} * count >> 32); }
  /// Uniform in [-1, 1).
  float uniform() { return static_cast<float>(bits() >> 8) * 0x1p-23f - 1.0f; }
  float between(float low, float high) { return low + (high - low) * (uniform() * 0.5f + 0.5f); }
  /// A bell curve of standard deviation 1, within +-3: the sum of three uniform numbers.
  float bell() { return uniform() + uniform() + uniform(); }

 private:
  uint64_t seed_, image_, block_ = 0;
  std::array<uint32_t, 4> numbers_{};
  int next_ = 4;
};

/// From the unit square of a digit to pixels: bend, then slant, stretch, turn and move.
struct Placement {
  float bend_x, bend_y, slant, width, height, cosine, sine, shift_x, shift_y;

  Placement(Draw& draw, float variation) {
    bend_x = 0.16f * variation * draw.bell();
    bend_y = 0.08f * variation * draw.bell();
    slant = 0.10f + 0.17f * variation * draw.bell();
    width = 13.0f * (1.0f + 0.15f * variation * draw.bell());
    height = 19.0f * (1.0f + 0.07f * variation * draw.bell());
    // A turn by 2 atan(t), without a sine of the machine's library.
    const float t = 0.05f * variation * draw.bell();
    cosine = (1.0f - t * t) / (1.0f + t * t);
    sine = 2.0f * t / (1.0f + t * t);
    shift_x = 0.8f * variation * draw.bell();
    shift_y = 0.8f * variation * draw.bell();
  }

  StrokePoint operator()(StrokePoint p) const {
    const float u = p.x - 0.5f, v = p.y - 0.5f;
    const float x = (u + bend_x * (4.0f * v * v - 0.4f) - slant * v) * width;
    const float y = (v + bend_y * (4.0f * u * u - 0.2f)) * height;
    return {x * cosine - y * sine + shift_x + 13.5f, x * sine + y * cosine + shift_y + 13.5f};
  }
};

/// A line of the pen, from one place and half-width to the next.
struct Segment {
  StrokePoint from, to;
  float from_radius, to_radius;
};

/// How black the pen leaves each pixel: 1 within the line, falling to 0 over `softness` pixels.
class Canvas {
 public:
  explicit Canvas(float softness) : softness_(softness) {}

  void draw(const Segment& segment) {
    const float reach = std::max(segment.from_radius, segment.to_radius) + softness_;
    const auto [left, right] = range(segment.from.x, segment.to.x, reach);
    const auto [top, bottom] = range(segment.from.y, segment.to.y, reach);
    const float dx = segment.to.x - segment.from.x, dy = segment.to.y - segment.from.y;
    const float length2 = dx * dx + dy * dy;
    const float per_length2 = length2 > 1e-6f ? 1.0f / length2 : 0.0f;
    const float per_softness = 1.0f / softness_;
    for (int y = top; y <= bottom; ++y) {
      for (int x = left; x <= right; ++x) {
        const float px = static_cast<float>(x) - segment.from.x;
        const float py = static_cast<float>(y) - segment.from.y;
        const float along = std::clamp((px * dx + py * dy) * per_length2, 0.0f, 1.0f);
        const float ex = px - along * dx, ey = py - along * dy;
        const float radius =
            segment.from_radius + along * (segment.to_radius - segment.from_radius);
        const float distance = std::sqrt(ex * ex + ey * ey);
        const float ink = std::clamp((radius - distance) * per_softness + 0.5f, 0.0f, 1.0f);
        float& pixel = ink_[static_cast<size_t>(y * kSide + x)];
        pixel = std::max(pixel, ink);
      }
    }
  }
  float ink(int pixel) const { return ink_[static_cast<size_t>(pixel)]; }

 private:
  static std::pair<int, int> range(float a, float b, float reach) {
    const float low = std::clamp(std::min(a, b) - reach, 0.0f, static_cast<float>(kSide));
    const float high = std::clamp(std::max(a, b) + reach, -1.0f, static_cast<float>(kSide - 1));
    return {static_cast<int>(low), static_cast<int>(high)};
  }

  float softness_;
  std::array<float, kPixels> ink_{};
};

/// The Catmull-Rom curve between b and c at t in [0, 1].
StrokePoint curve(StrokePoint a, StrokePoint b, StrokePoint c, StrokePoint d, float t) {
  const auto at = [t](float p, float q, float r, float s) {
    return q +
           0.5f * t *
               (r - p + t * (2.0f * p - 5.0f * q + 4.0f * r - s + t * (3.0f * (q - r) + s - p)));
  };
  return {at(a.x, b.x, c.x, d.x), at(a.y, b.y, c.y, d.y)};
}

/// The pen's half-width, which drifts along a stroke.
class Pen {
 public:
  Pen(Draw& draw, float variation)
      : draw_(draw),
        drift_(0.10f * variation),
        usual_(1.25f * (1.0f + 0.22f * variation * draw.bell())),
        now_(usual_) {}
  float next() {
    now_ += 0.2f * (usual_ - now_) + drift_ * draw_.uniform();
    now_ = std::clamp(now_, 0.55f, 2.6f);
    return now_;
  }

 private:
  Draw& draw_;
  float drift_, usual_, now_;
};

void draw_stroke(Stroke stroke, std::span<const StrokePoint> jitter, const Placement& place,
                 Pen& pen, Canvas& canvas) {
  constexpr int kSteps = 4;  // lines per piece of a curve
  constexpr size_t kMostPoints = 16;
  std::array<StrokePoint, kMostPoints> points;
  const size_t count = stroke.size();
  for (size_t i = 0; i < count; ++i) {
    points[i] = {stroke[i].x + jitter[i].x, stroke[i].y + jitter[i].y};
  }
  StrokePoint before = place(points[0]);
  float radius = pen.next();
  for (size_t i = 0; i + 1 < count; ++i) {
    const StrokePoint a = points[i == 0 ? 0 : i - 1], b = points[i], c = points[i + 1];
    const StrokePoint d = points[std::min(i + 2, count - 1)];
    for (int step = 1; step <= kSteps; ++step) {
      const StrokePoint now = place(curve(a, b, c, d, static_cast<float>(step) / kSteps));
      const float now_radius = pen.next();
      canvas.draw({before, now, radius, now_radius});
      before = now;
      radius = now_radius;
    }
  }
}

/// Shakes the points of all strokes of a style; points that two strokes share stay together.
class Jitter {
 public:
  Jitter(Draw& draw, float variation) : draw_(draw), amount_(0.035f * variation) {}
  StrokePoint at(StrokePoint point) {
    for (size_t i = 0; i < count_; ++i) {
      if (known_[i].x == point.x && known_[i].y == point.y) return moves_[i];
    }
    const StrokePoint move{amount_ * draw_.bell(), amount_ * draw_.bell()};
    if (count_ < known_.size()) {
      known_[count_] = point;
      moves_[count_++] = move;
    }
    return move;
  }

 private:
  Draw& draw_;
  float amount_;
  size_t count_ = 0;
  std::array<StrokePoint, 32> known_, moves_;
};

/// Draws one image and returns its digit.
uint8_t draw_digit(uint64_t seed, uint64_t image, float variation, uint8_t* pixels) {
  Draw draw(seed, image);
  const auto digit = static_cast<uint8_t>(draw.below(10));
  const std::span<const DigitStyle> styles = digit_styles(digit);
  const DigitStyle style = styles[draw.below(static_cast<uint32_t>(styles.size()))];
  const Placement place(draw, variation);
  Pen pen(draw, variation);
  Canvas canvas(1.0f + 0.5f * variation * draw.between(0, 1));
  Jitter jitter(draw, variation);
  for (const Stroke stroke : style) {
    std::array<StrokePoint, 16> moves;
    for (size_t i = 0; i < stroke.size(); ++i) moves[i] = jitter.at(stroke[i]);
    draw_stroke(stroke, moves, place, pen, canvas);
  }
  const float brightness = 255.0f * (1.0f - 0.15f * variation * draw.between(0, 1));
  const float noise = 5.0f * variation * draw.between(0, 1);
  for (int i = 0; i < kPixels; ++i) {
    const float value = brightness * canvas.ink(i) + noise * draw.bell();
    pixels[i] = static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
  }
  return digit;
}

}  // namespace

ImageDataset draw_digits(int64_t count, uint64_t seed, int64_t first, const DigitOptions& options) {
  if (count < 0 || first < 0) {
    fail<ValueError>("draw_digits",
                     fmt::format("expected a count and a first number of 0 or more, got "
                                 "{} and {}",
                                 count, first));
  }
  if (!(options.variation >= 0 && options.variation <= 2)) {
    fail<ValueError>("draw_digits",
                     fmt::format("expected a variation of 0 to 2, got {}", options.variation));
  }
  Tensor images = new_tensor({count, kDigitSide, kDigitSide}, kUInt8);
  Tensor labels = new_tensor({count}, kUInt8);
  uint8_t* pixels = images.data<uint8_t>();
  uint8_t* label = labels.data<uint8_t>();
  const auto variation = static_cast<float>(options.variation);
  constexpr int64_t kGrain = 64;
  parallel_for(count, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      label[i] =
          draw_digit(seed, static_cast<uint64_t>(first + i), variation, pixels + i * kPixels);
    }
  });
  return ImageDataset(std::move(images), labels, options.image);
}

TrainAndTest draw_digit_sets(int64_t train_count, int64_t test_count, uint64_t seed,
                             const DigitOptions& options) {
  return {draw_digits(train_count, seed, 0, options),
          draw_digits(test_count, seed, train_count, options)};
}

}  // namespace tenon::data
