// Blocks held against the convolutions that they begin with, which convolution_test.cpp holds
// against plain loops.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "tenon/backends/cpu/dnnl/convolution.h"
#include "tenon/backends/cpu/dnnl/runtime.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

struct Sizes {
  int64_t n, ic, oc, height, width, padding;
};

/// Images as they lie: [n, c, h, w] in blocks of `width` channels, or row-major.
template <class T>
std::vector<T> in_blocks(const std::vector<T>& plain, int64_t channels, int64_t places,
                         int64_t width, bool back = false) {
  if (width == 0) return plain;
  std::vector<T> result(plain.size());
  for (size_t i = 0; i < plain.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const int64_t place = at % places, c = at / places % channels, image = at / places / channels;
    const auto there = static_cast<size_t>(
        ((image * channels + c / width * width) * places + place * width) + c % width);
    (back ? result[i] : result[there]) = back ? plain[there] : plain[i];
  }
  return result;
}

template <class T>
struct Problem {
  ConvArgs args;
  std::vector<T> x, w, bias, y, dx, dw, dbias;

  explicit Problem(const Sizes& s) {
    args.dtype = dtype_of<T>;
    args.n = s.n;
    args.ic = s.ic;
    args.oc = s.oc;
    args.ih = s.height;
    args.iw = s.width;
    args.kh = args.kw = 3;
    args.padding_h = args.padding_w = s.padding;
    args.oh = s.height + 2 * s.padding - 2;
    args.ow = s.width + 2 * s.padding - 2;
    x = draw(x_size(), 1);
    w = draw(args.oc * args.ic * 9, 2);
    bias = draw(args.oc, 3);
    y.resize(static_cast<size_t>(y_size()));
    dx.resize(x.size());
    dw.resize(w.size());
    dbias.resize(bias.size());
  }
  int64_t x_size() const { return args.n * args.ic * args.ih * args.iw; }
  int64_t y_size() const { return args.n * args.oc * args.oh * args.ow; }
  int64_t x_places() const { return args.ih * args.iw; }
  int64_t y_places() const { return args.oh * args.ow; }

  static std::vector<T> draw(int64_t count, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<T> values(static_cast<size_t>(count));
    for (T& value : values) value = T(static_cast<float>(random() % 2001) / 1000.0f - 1.0f);
    return values;
  }
};

template <class T>
void expect_close(const std::vector<T>& got, const std::vector<T>& want, double terms,
                  const char* what) {
  const double eps = std::is_same_v<T, float> ? 0x1p-19 : 0x1p-7;
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const double a = static_cast<float>(got[i]), b = static_cast<float>(want[i]);
    ASSERT_LE(std::abs(a - b), eps * std::abs(b) + 0x1p-20 * terms + eps) << what << " at " << i;
  }
}

template <class T>
class ConvolutionBlockTest : public testing::Test {};
using Types = testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(ConvolutionBlockTest, Types);

const std::vector<Sizes>& sizes() {
  static const std::vector<Sizes> list = {{17, 32, 64, 26, 26, 0},
                                          {3, 16, 32, 9, 7, 1},
                                          {1, 64, 48, 12, 13, 1},
                                          {20, 1, 32, 11, 10, 0},
                                          {6, 3, 16, 8, 8, 1}};
  return list;
}

/// The layouts that a block of these channels may ask for.
std::vector<int64_t> widths(int64_t channels) {
  if (channels % 16 != 0) return {0};
  return {0, 16, channels};
}

TYPED_TEST(ConvolutionBlockTest, ForwardWithRelu) {
  for (const Sizes& s : sizes()) {
    Problem<TypeParam> p(s);
    convolution_forward(p.args, p.x.data(), p.w.data(), p.bias.data(), p.y.data());
    for (TypeParam& value : p.y) value = TypeParam(std::max(0.0f, static_cast<float>(value)));
    for (const int64_t x_width : widths(s.ic)) {
      for (const int64_t y_width : widths(s.oc)) {
        const auto x = in_blocks(p.x, s.ic, p.x_places(), x_width);
        std::vector<TypeParam> y(p.y.size());
        const ConvBlock block{x_width, y_width, true, nullptr, nullptr};
        ASSERT_TRUE(convolution_block_forward(p.args, block, x.data(), p.w.data(), p.bias.data(),
                                              y.data()));
        expect_close(in_blocks(y, s.oc, p.y_places(), y_width, true), p.y,
                     static_cast<double>(s.ic * 9), "forward");
      }
    }
  }
}

TYPED_TEST(ConvolutionBlockTest, Gradients) {
  for (const Sizes& s : sizes()) {
    Problem<TypeParam> p(s);
    const auto dy = p.draw(p.y_size(), 5);
    convolution_backward_data(p.args, dy.data(), p.w.data(), p.dx.data());
    convolution_backward_weights(p.args, p.x.data(), dy.data(), p.dw.data(), p.dbias.data());
    auto masked = p.dx;
    for (size_t i = 0; i < masked.size(); ++i) {
      if (static_cast<float>(p.x[i]) <= 0) masked[i] = TypeParam(0.0f);
    }
    for (const int64_t x_width : widths(s.ic)) {
      for (const int64_t y_width : widths(s.oc)) {
        const auto x = in_blocks(p.x, s.ic, p.x_places(), x_width);
        const auto there = in_blocks(dy, s.oc, p.y_places(), y_width);
        Problem<TypeParam> got(s);
        ConvBlock block{x_width, y_width, false, nullptr, nullptr};
        ASSERT_TRUE(convolution_block_backward_weights(p.args, block, x.data(), there.data(),
                                                       got.dw.data(), got.dbias.data()));
        const auto images = static_cast<double>(s.n * p.y_places());
        expect_close(got.dw, p.dw, images, "weights");
        expect_close(got.dbias, p.dbias, images, "bias");
        block.result = x.data();
        ASSERT_TRUE(convolution_block_backward_data(p.args, block, there.data(), p.w.data(),
                                                    got.dx.data()));
        expect_close(in_blocks(got.dx, s.ic, p.x_places(), x_width, true), masked,
                     static_cast<double>(s.oc * 9), "data");
      }
    }
  }
}

TYPED_TEST(ConvolutionBlockTest, Pooled) {
  for (const Sizes& s : sizes()) {
    Problem<TypeParam> p(s);
    const ConvArgs& c = p.args;
    convolution_forward(c, p.x.data(), p.w.data(), p.bias.data(), p.y.data());
    const int64_t height = c.oh / 2, width = c.ow / 2;
    std::vector<TypeParam> values(static_cast<size_t>(s.n * s.oc * height * width));
    std::vector<uint8_t> blocked(values.size(), 9);
    ConvBlock block;
    block.places = blocked.data();
    ASSERT_TRUE(
        convolution_block_forward(c, block, p.x.data(), p.w.data(), p.bias.data(), values.data()));
    const auto places = in_blocks(blocked, s.oc, height * width, 16, true);
    const auto dy = p.draw(static_cast<int64_t>(values.size()), 7);
    std::vector<TypeParam> dz(p.y.size(), TypeParam(0.0f)), largest(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      const int64_t plane = at / (height * width), place = at % (height * width);
      float most = 0;
      for (int64_t k = 0; k < 4; ++k) {
        const auto z = static_cast<size_t>(
            plane * p.y_places() + (place / width * 2 + k / 2) * c.ow + place % width * 2 + k % 2);
        most = std::max(most, static_cast<float>(p.y[z]));
        if (places[i] != k) continue;
        dz[z] = dy[i];
        EXPECT_NEAR(static_cast<float>(p.y[z]), static_cast<float>(values[i]), 0.05);
      }
      largest[i] = TypeParam(most);
      ASSERT_LE(places[i], 4);
    }
    expect_close(values, largest, static_cast<double>(s.ic * 9), "values");
    convolution_backward_data(c, dz.data(), p.w.data(), p.dx.data());
    convolution_backward_weights(c, p.x.data(), dz.data(), p.dw.data(), p.dbias.data());
    Problem<TypeParam> got(s);
    ASSERT_TRUE(convolution_block_backward_data(c, block, dy.data(), p.w.data(), got.dx.data()));
    ASSERT_TRUE(convolution_block_backward_weights(c, block, p.x.data(), dy.data(), got.dw.data(),
                                                   got.dbias.data()));
    expect_close(got.dx, p.dx, static_cast<double>(s.oc * 9), "data");
    expect_close(got.dw, p.dw, static_cast<double>(s.n * p.y_places()), "weights");
    expect_close(got.dbias, p.dbias, static_cast<double>(s.n * p.y_places()), "bias");
  }
}

TEST(ConvolutionBlock, SameBitsForAnyNumberOfThreads) {
  Problem<float> p({20, 32, 64, 26, 26, 0});
  const int before = num_threads();
  const auto run = [&](int threads) {
    set_num_threads(threads);
    std::vector<uint8_t> places(static_cast<size_t>(20 * 64 * 12 * 12));
    ConvBlock block;
    block.places = places.data();
    std::vector<float> values(places.size());
    EXPECT_TRUE(convolution_block_forward(p.args, block, p.x.data(), p.w.data(), p.bias.data(),
                                          values.data()));
    EXPECT_TRUE(convolution_block_backward_weights(p.args, block, p.x.data(), values.data(),
                                                   p.dw.data(), p.dbias.data()));
    values.insert(values.end(), p.dw.begin(), p.dw.end());
    return values;
  };
  const std::vector<float> one = run(1);
  for (const int threads : {2, 8}) {
    const std::vector<float> many = run(threads);
    EXPECT_EQ(std::memcmp(one.data(), many.data(), one.size() * sizeof(float)), 0) << threads;
  }
  set_num_threads(before);
}

TEST(ConvolutionBlock, IsNotOfferedForOtherDTypes) {
  Problem<double> p({2, 16, 16, 8, 8, 1});
  EXPECT_FALSE(convolution_block_forward(p.args, {}, p.x.data(), p.w.data(), nullptr, p.y.data()));
}

}  // namespace
}  // namespace tenon::cpu
