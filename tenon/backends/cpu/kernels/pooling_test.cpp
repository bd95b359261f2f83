#include "tenon/backends/cpu/kernels/pooling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

PoolArgs pool(int64_t planes, int64_t ih, int64_t iw, int64_t kernel, int64_t stride,
              int64_t padding, int64_t dilation, bool round_up) {
  PoolArgs args;
  args.planes = planes;
  args.ih = ih;
  args.iw = iw;
  args.kh = args.kw = kernel;
  args.stride_h = args.stride_w = stride;
  args.padding_h = args.padding_w = padding;
  args.dilation_h = args.dilation_w = dilation;
  const auto out = [&](int64_t size) {
    const int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1;
    int64_t count = (room + (round_up ? stride - 1 : 0)) / stride + 1;
    if (round_up && (count - 1) * stride >= size + padding) --count;
    return count;
  };
  args.oh = out(ih);
  args.ow = out(iw);
  return args;
}

const std::vector<PoolArgs>& cases() {
  static const std::vector<PoolArgs> list = {
      pool(6, 8, 10, 2, 2, 0, 1, false), pool(6, 9, 11, 2, 2, 0, 1, false),
      pool(6, 9, 11, 2, 2, 0, 1, true),  pool(5, 12, 7, 3, 2, 1, 1, false),
      pool(5, 12, 7, 3, 2, 1, 1, true),  pool(3, 10, 10, 3, 1, 1, 1, false),
      pool(3, 11, 13, 3, 2, 1, 2, true), pool(200, 24, 24, 2, 2, 0, 1, false),
      pool(0, 4, 4, 2, 2, 0, 1, false),  pool(3, 9, 61, 3, 1, 1, 1, false),
      pool(3, 9, 77, 3, 2, 1, 1, false), pool(2, 20, 80, 5, 3, 2, 2, true),
  };
  return list;
}

template <class T>
std::vector<T> draw(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = T(static_cast<float>(random() % 201) / 50.0f);
  return values;
}

template <class T>
class PoolingTest : public testing::Test {};
using Types = testing::Types<float, double, BFloat16, Float16>;
TYPED_TEST_SUITE(PoolingTest, Types);

TYPED_TEST(PoolingTest, MaxAgreesWithPlainLoops) {
  using T = TypeParam;
  for (PoolArgs p : cases()) {
    p.dtype = dtype_of<T>;
    const auto x = draw<T>(p.planes * p.ih * p.iw, 1), dy = draw<T>(p.planes * p.oh * p.ow, 2);
    std::vector<T> y(dy.size()), dx(x.size(), T(9.0f)), without(dy.size());
    std::vector<int64_t> indices(dy.size());
    max_pool_forward(p, x.data(), y.data(), indices.data());
    max_pool_forward(p, x.data(), without.data(), nullptr);
    max_pool_backward(p, dy.data(), indices.data(), dx.data());
    std::vector<double> want_dx(x.size());
    for (size_t o = 0; o < y.size(); ++o) {
      const auto place = static_cast<int64_t>(o);
      const int64_t plane = place / (p.oh * p.ow), oy = place / p.ow % p.oh, ox = place % p.ow;
      double best = -1;
      int64_t at = -1;
      for (int64_t ky = 0; ky < p.kh; ++ky) {
        for (int64_t kx = 0; kx < p.kw; ++kx) {
          const int64_t iy = oy * p.stride_h - p.padding_h + ky * p.dilation_h;
          const int64_t ix = ox * p.stride_w - p.padding_w + kx * p.dilation_w;
          if (iy < 0 || iy >= p.ih || ix < 0 || ix >= p.iw) continue;
          const int64_t here = iy * p.iw + ix;
          const auto value =
              static_cast<double>(x[static_cast<size_t>(plane * p.ih * p.iw + here)]);
          if (value > best) {
            best = value;
            at = here;
          }
        }
      }
      ASSERT_EQ(static_cast<double>(y[o]), best);
      ASSERT_EQ(static_cast<double>(without[o]), best);
      ASSERT_EQ(indices[o], at);
      want_dx[static_cast<size_t>(plane * p.ih * p.iw + at)] += static_cast<double>(dy[o]);
    }
    for (size_t i = 0; i < dx.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(dx[i]), want_dx[i],
                  (sizeof(T) == 2 ? 0x1p-8 : 1e-6) * (1 + want_dx[i]));
    }
  }
}

TYPED_TEST(PoolingTest, MeanAgreesWithPlainLoops) {
  using T = TypeParam;
  for (PoolArgs p : cases()) {
    if (p.dilation_h != 1) continue;
    for (const bool include : {true, false}) {
      p.dtype = dtype_of<T>;
      p.count_include_pad = include;
      const auto x = draw<T>(p.planes * p.ih * p.iw, 1), dy = draw<T>(p.planes * p.oh * p.ow, 2);
      std::vector<T> y(dy.size()), dx(x.size(), T(9.0f));
      avg_pool_forward(p, x.data(), y.data());
      avg_pool_backward(p, dy.data(), dx.data());
      std::vector<double> want_dx(x.size());
      const double eps = sizeof(T) == 2 ? 0x1p-8 : 1e-5;
      for (size_t o = 0; o < y.size(); ++o) {
        const auto place = static_cast<int64_t>(o);
        const int64_t plane = place / (p.oh * p.ow), oy = place / p.ow % p.oh, ox = place % p.ow;
        double sum = 0, count = 0;
        std::vector<size_t> inside;
        for (int64_t ky = 0; ky < p.kh; ++ky) {
          for (int64_t kx = 0; kx < p.kw; ++kx) {
            const int64_t iy = oy * p.stride_h - p.padding_h + ky;
            const int64_t ix = ox * p.stride_w - p.padding_w + kx;
            if (iy >= p.ih + p.padding_h || ix >= p.iw + p.padding_w) continue;
            const bool is_inside = iy >= 0 && iy < p.ih && ix >= 0 && ix < p.iw;
            if (is_inside || include) count += 1;
            if (!is_inside) continue;
            inside.push_back(static_cast<size_t>((plane * p.ih + iy) * p.iw + ix));
            sum += static_cast<double>(x[inside.back()]);
          }
        }
        ASSERT_NEAR(static_cast<double>(y[o]), sum / count, eps * (1 + sum / count));
        for (const size_t i : inside) want_dx[i] += static_cast<double>(dy[o]) / count;
      }
      for (size_t i = 0; i < dx.size(); ++i) {
        ASSERT_NEAR(static_cast<double>(dx[i]), want_dx[i], eps * (1 + want_dx[i]));
      }
    }
  }
}

TEST(Pooling, ANaNWinsAndTheFirstOfEqualsIsNamed) {
  const PoolArgs p = pool(1, 2, 6, 2, 2, 0, 1, false);
  const std::vector<float> x = {1, 2, 7, 7, NAN, 3, 0, 2, 7, 7, 9, 4};
  std::vector<float> y(3);
  std::vector<int64_t> indices(3);
  max_pool_forward(p, x.data(), y.data(), indices.data());
  EXPECT_EQ(y[0], 2);
  EXPECT_EQ(y[1], 7);
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_EQ(indices, (std::vector<int64_t>{1, 2, 4}));
}

TEST(Pooling, ANaNWinsInLongRowsToo) {
  constexpr int64_t kWindows = 37;
  const PoolArgs p = pool(1, 2, 2 * kWindows, 2, 2, 0, 1, false);
  for (int64_t corner = 0; corner < 4; ++corner) {
    std::vector<float> x(4 * kWindows, 5.0f), y(kWindows);
    std::vector<int64_t> indices(kWindows);
    for (int64_t i = 0; i < kWindows; i += 2) {
      x[static_cast<size_t>(corner / 2 * 2 * kWindows + 2 * i + corner % 2)] = NAN;
    }
    max_pool_forward(p, x.data(), y.data(), indices.data());
    for (int64_t i = 0; i < kWindows; ++i) {
      const auto at = static_cast<size_t>(i);
      EXPECT_EQ(std::isnan(y[at]), i % 2 == 0);
      EXPECT_EQ(indices[at], 2 * i + (i % 2 == 0 ? corner / 2 * 2 * kWindows + corner % 2 : 0));
    }
  }
}

TEST(Pooling, ANaNWinsInWindowsThatOverlap) {
  for (const int64_t stride : {1, 2, 3}) {
    const PoolArgs p = pool(1, 3, 60, 3, stride, 1, 1, false);
    std::vector<float> x(180, -INFINITY), y(static_cast<size_t>(p.oh * p.ow));
    std::vector<int64_t> indices(y.size());
    x[60 + 20] = x[120 + 20] = NAN;
    max_pool_forward(p, x.data(), y.data(), indices.data());
    for (int64_t i = 0; i < p.ow; ++i) {
      const int64_t first = i * stride - 1;
      const bool has_nan = first <= 20 && 20 <= first + 2;
      EXPECT_EQ(std::isnan(y[static_cast<size_t>(i)]), has_nan) << i << " by " << stride;
      // The first place inside the input, where nothing is larger than what isn't there.
      const int64_t want = has_nan ? 60 + 20 : std::max<int64_t>(first, 0);
      EXPECT_EQ(indices[static_cast<size_t>(i)], want) << i << " by " << stride;
    }
  }
}

TEST(Pooling, IntegersHaveAMaximumButNoMean) {
  PoolArgs p = pool(1, 2, 2, 2, 2, 0, 1, false);
  p.dtype = kInt32;
  const int32_t x[4] = {-5, -2, -9, -3};
  int32_t y = 0;
  int64_t index = 0;
  max_pool_forward(p, x, &y, &index);
  EXPECT_EQ(y, -2);
  EXPECT_EQ(index, 1);
  EXPECT_THROW(avg_pool_forward(p, x, &y), DTypeError);
  EXPECT_THROW(avg_pool_backward(p, x, &y), DTypeError);
  EXPECT_THROW(max_pool_backward(p, x, &index, &y), DTypeError);
}

TEST(Pooling, SameBitsForAnyNumberOfThreads) {
  const PoolArgs p = pool(64, 25, 27, 3, 2, 1, 1, true);
  const auto x = draw<float>(p.planes * p.ih * p.iw, 1);
  const int before = num_threads();
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 8}) {
    set_num_threads(threads);
    std::vector<float> y(static_cast<size_t>(p.planes * p.oh * p.ow)), dx(x.size());
    avg_pool_forward(p, x.data(), y.data());
    avg_pool_backward(p, y.data(), dx.data());
    y.insert(y.end(), dx.begin(), dx.end());
    results.push_back(y);
  }
  set_num_threads(before);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

}  // namespace
}  // namespace tenon::cpu
