#include "tenon/backends/cpu/linalg/channel_blocks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace tenon::cpu {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Small multiples of a fourth, so that windows have equal values; and some NaN.
template <class T>
std::vector<T> draw(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<T> values(count);
  for (T& value : values) {
    const float nan = random() % 2 == 0 ? kNaN : -kNaN;
    value = T(random() % 40 == 0 ? nan : static_cast<float>(random() % 17) / 4 - 2);
  }
  return values;
}

bool is_off(float value) { return value <= 0; }

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

template <class T>
class ChannelBlocksTest : public testing::Test {};
using Types = testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(ChannelBlocksTest, Types);

TYPED_TEST(ChannelBlocksTest, ReluAndItsGradient) {
  for (const size_t count : {1u, 7u, 16u, 37u, 64u}) {
    const std::vector<TypeParam> x = draw<TypeParam>(count, 1), dy = draw<TypeParam>(count, 2);
    std::vector<TypeParam> y = x, dx = dy;
    relu_in_place(dtype_of<TypeParam>, y.data(), static_cast<int64_t>(count));
    mask_in_place(dtype_of<TypeParam>, dx.data(), x.data(), static_cast<int64_t>(count));
    for (size_t i = 0; i < count; ++i) {
      const bool off = is_off(static_cast<float>(x[i]));
      EXPECT_TRUE(same(static_cast<float>(y[i]), off ? 0 : static_cast<float>(x[i])));
      EXPECT_TRUE(same(static_cast<float>(dx[i]), off ? 0 : static_cast<float>(dy[i])));
    }
  }
}

/// The first largest of a window, the last NaN where there is one.
int largest(const float (&window)[4]) {
  int best = 0;
  for (int k = 1; k < 4; ++k) {
    if (window[k] > window[best] || std::isnan(window[k])) best = k;
  }
  return best;
}

template <class T>
void check_pooling(int64_t height, int64_t width, int64_t stride, int64_t channels) {
  const BlockImage image{height, width, stride, channels};
  const std::vector<T> z = draw<T>(static_cast<size_t>(height * width * stride), 3);
  const int64_t pooled = height / 2 * (width / 2);
  std::vector<T> values(static_cast<size_t>(pooled * 16), T(5.0f)), dz(z.size(), T(7.0f));
  std::vector<uint8_t> places(values.size(), 9);
  pool_block(dtype_of<T>, z.data(), image, values.data(), places.data());
  const std::vector<T> dy = draw<T>(values.size(), 4);
  unpool_block(dtype_of<T>, dy.data(), places.data(), image, dz.data());
  std::vector<float> want(z.size(), 7);
  const auto at = [&](int64_t y, int64_t x, int64_t c) {
    return static_cast<size_t>((y * width + x) * stride + c);
  };
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < height * width; ++i) want[at(0, i, c)] = 0;
    for (int64_t p = 0; p < pooled; ++p) {
      const int64_t y = p / (width / 2) * 2, x = p % (width / 2) * 2;
      const size_t places_of[4] = {at(y, x, c), at(y, x + 1, c), at(y + 1, x, c),
                                   at(y + 1, x + 1, c)};
      float window[4];
      for (int k = 0; k < 4; ++k) window[k] = static_cast<float>(z[places_of[k]]);
      const int best = largest(window);
      const bool off = is_off(window[best]);
      const auto here = static_cast<size_t>(p * 16 + c);
      EXPECT_TRUE(same(static_cast<float>(values[here]), off ? 0 : window[best]));
      EXPECT_EQ(places[here], off ? 4 : best);
      if (!off) want[places_of[best]] = static_cast<float>(dy[here]);
    }
  }
  for (size_t i = 0; i < dz.size(); ++i) {
    EXPECT_TRUE(same(static_cast<float>(dz[i]), want[i])) << i;
  }
}

TYPED_TEST(ChannelBlocksTest, PoolingAndItsGradient) {
  for (const int64_t height : {2, 5, 8}) {
    for (const int64_t width : {2, 7, 6}) {
      check_pooling<TypeParam>(height, width, 16, 16);
      check_pooling<TypeParam>(height, width, 32, 16);
      check_pooling<TypeParam>(height, width, 8, 8);
    }
  }
}

TYPED_TEST(ChannelBlocksTest, FewChannels) {
  const int64_t height = 3, width = 5, stride = 32, channels = 2, x_width = width + 2;
  const int64_t plane = (height + 2) * x_width;
  std::vector<float> x(static_cast<size_t>(channels * plane)), bias(16);
  std::vector<float> filters(static_cast<size_t>(channels * 9 * 16));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) - 3;
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i) - 8.25f;
  for (size_t i = 0; i < filters.size(); ++i) filters[i] = static_cast<float>(i % 5) - 2.125f;
  for (const bool relu : {false, true}) {
    std::vector<TypeParam> z(static_cast<size_t>(height * width * stride), TypeParam(77.0f));
    filter_few_channels(dtype_of<TypeParam>,
                        {x.data(), filters.data(), bias.data(), channels, x_width, relu},
                        {height, width, stride}, z.data());
    for (int64_t i = 0; i < height * width; ++i) {
      for (int64_t c = 0; c < stride; ++c) {
        float want = c < 16 ? bias[static_cast<size_t>(c)] : 77;
        for (int64_t k = 0; k < 9 * channels && c < 16; ++k) {
          const int64_t place =
              k / 9 * plane + (i / width + k % 9 / 3) * x_width + i % width + k % 3;
          want += x[static_cast<size_t>(place)] * filters[static_cast<size_t>(k * 16 + c)];
        }
        if (relu && want <= 0) want = 0;
        // Multiples of an eighth, whose sums are exact; one rounding to the dtype.
        EXPECT_EQ(static_cast<float>(z[static_cast<size_t>(i * stride + c)]),
                  static_cast<float>(TypeParam(want)));
      }
    }
  }
}

TYPED_TEST(ChannelBlocksTest, GradientsOfFilters) {
  const int64_t height = 3, width = 5, stride = 32, x_width = width + 2;
  std::vector<float> x(static_cast<size_t>((height + 2) * x_width));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) - 3;
  std::vector<TypeParam> dz(static_cast<size_t>(height * width * stride));
  for (size_t i = 0; i < dz.size(); ++i) dz[i] = TypeParam(static_cast<float>(i % 11) - 5);
  std::vector<float> sums(160, 1), want = sums;
  add_filter_gradients(dtype_of<TypeParam>, x.data(), x_width, dz.data(), {height, width, stride},
                       sums.data());
  for (int64_t i = 0; i < height * width; ++i) {
    for (int64_t c = 0; c < 16; ++c) {
      const auto value = static_cast<float>(dz[static_cast<size_t>(i * stride + c)]);
      for (int64_t k = 0; k < 9; ++k) {
        const int64_t place = (i / width + k / 3) * x_width + i % width + k % 3;
        want[static_cast<size_t>(k * 16 + c)] += value * x[static_cast<size_t>(place)];
      }
      want[static_cast<size_t>(144 + c)] += value;
    }
  }
  EXPECT_EQ(sums, want);  // small whole numbers, whose sums are exact
}

}  // namespace
}  // namespace tenon::cpu
