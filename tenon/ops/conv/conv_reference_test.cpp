// Convolution and pooling against loops over their definitions, and their gradients against finite
// differences, over windows that overlap, leave gaps, hang over the end, and lie in the padding.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenon/autograd/gradcheck.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/samples.h"

namespace tenon {
namespace {

using ops::sample_tensor;

struct Windows {
  int64_t kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w;
  bool ceil_mode = false;

  Shape kernel() const { return {kernel_h, kernel_w}; }
  Shape stride() const { return {stride_h, stride_w}; }
  Shape padding() const { return {padding_h, padding_w}; }
  Shape dilation() const { return {dilation_h, dilation_w}; }
};

/// x[n, c, i, j] of a row-major float64 tensor [n, c, h, w].
struct Images {
  explicit Images(const Tensor& x) : values(x.to_vector<double>()), sizes(x.sizes()) {}
  double at(int64_t n, int64_t c, int64_t i, int64_t j) const {
    return values[static_cast<size_t>(((n * sizes[1] + c) * sizes[2] + i) * sizes[3] + j)];
  }
  bool inside(int64_t i, int64_t j) const {
    return i >= 0 && i < sizes[2] && j >= 0 && j < sizes[3];
  }
  std::vector<double> values;
  Shape sizes;
};

void expect_near(const Tensor& got, const std::vector<double>& want, const char* what) {
  const std::vector<double> values = got.to_vector<double>();
  ASSERT_EQ(values.size(), want.size()) << what;
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(values[i], want[i], 1e-12) << what << i;
}

/// Calls body(n, c, i, j) for every place of the result, row by row.
template <class Body>
void for_each_place(const Shape& sizes, Body body) {
  for (int64_t n = 0; n < sizes[0]; ++n)
    for (int64_t c = 0; c < sizes[1]; ++c)
      for (int64_t i = 0; i < sizes[2]; ++i)
        for (int64_t j = 0; j < sizes[3]; ++j) body(n, c, i, j);
}

std::vector<double> convolved(const Tensor& x, const Tensor& weight, const Tensor& bias,
                              const Shape& sizes, const Windows& w, int64_t groups) {
  const Images images(x), filters(weight);
  const std::vector<double> biases = bias.to_vector<double>();
  const int64_t per_group = sizes[1] / groups, in_group = filters.sizes[1];
  std::vector<double> result;
  for_each_place(sizes, [&](int64_t n, int64_t o, int64_t i, int64_t j) {
    double sum = biases[static_cast<size_t>(o)];
    for_each_place(
        {1, in_group, w.kernel_h, w.kernel_w}, [&](int64_t, int64_t c, int64_t k, int64_t l) {
          const int64_t y = i * w.stride_h - w.padding_h + k * w.dilation_h;
          const int64_t z = j * w.stride_w - w.padding_w + l * w.dilation_w;
          if (!images.inside(y, z)) return;
          sum += filters.at(o, c, k, l) * images.at(n, o / per_group * in_group + c, y, z);
        });
    result.push_back(sum);
  });
  return result;
}

enum class Pooling { kMax, kMean, kMeanWithPadding };

std::vector<double> pooled(const Tensor& x, const Shape& sizes, const Windows& w, Pooling pooling) {
  const Images images(x);
  std::vector<double> result;
  for_each_place(sizes, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
    double sum = 0, largest = -std::numeric_limits<double>::infinity();
    int64_t inside = 0, padded = 0;
    for (int64_t k = 0; k < w.kernel_h; ++k) {
      for (int64_t l = 0; l < w.kernel_w; ++l) {
        const int64_t y = i * w.stride_h - w.padding_h + k * w.dilation_h;
        const int64_t z = j * w.stride_w - w.padding_w + l * w.dilation_w;
        padded += y < images.sizes[2] + w.padding_h && z < images.sizes[3] + w.padding_w;
        if (!images.inside(y, z)) continue;
        sum += images.at(n, c, y, z);
        largest = std::max(largest, images.at(n, c, y, z));
        ++inside;
      }
    }
    const int64_t count = pooling == Pooling::kMean ? inside : padded;
    result.push_back(pooling == Pooling::kMax ? largest : sum / static_cast<double>(count));
  });
  return result;
}

/// Windows that fit images of 5 x 6, with padding of at most half the kernel.
std::vector<Windows> all_windows() {
  return {{1, 1, 1, 1, 0, 0, 1, 1},       {2, 3, 1, 2, 0, 1, 1, 1}, {3, 2, 2, 3, 1, 1, 1, 1},
          {2, 2, 3, 3, 0, 0, 1, 1},       {3, 3, 1, 1, 1, 1, 2, 2}, {2, 2, 2, 2, 1, 1, 3, 4},
          {5, 6, 1, 1, 0, 0, 1, 1},       {5, 6, 9, 9, 2, 3, 1, 1}, {2, 2, 2, 2, 0, 0, 1, 1, true},
          {3, 3, 2, 2, 1, 1, 1, 1, true}, {2, 4, 3, 5, 1, 2, 1, 1}, {2, 4, 3, 4, 1, 2, 1, 1, true}};
}

Tensor differentiable(IntList sizes, uint64_t seed) {
  Tensor x = sample_tensor(sizes, -2, 2, seed);
  x.requires_grad_();
  return x;
}

/// Values far enough apart that no finite difference changes which one is largest.
Tensor apart(IntList sizes) {
  Tensor x = new_tensor(sizes, kFloat64);
  auto* values = x.data<double>();
  for (int64_t i = 0; i < x.numel(); ++i) values[i] = static_cast<double>(i * 37 % 101) / 10 - 5;
  x.requires_grad_();
  return x;
}

TEST(ConvReference, Conv2dIsItsDefinition) {
  for (const int64_t groups : {1, 2}) {
    for (const Windows& w : all_windows()) {
      const Tensor x = differentiable({2, 4, 5, 6}, 1);
      const Tensor weight = differentiable({6, 4 / groups, w.kernel_h, w.kernel_w}, 2);
      const Tensor bias = differentiable({6}, 3);
      const auto function = [&](const std::vector<Tensor>& in) -> std::vector<Tensor> {
        return {conv2d(in[0], in[1], in[2], w.stride(), w.padding(), w.dilation(), groups)};
      };
      const Tensor y = function({x, weight, bias})[0];
      expect_near(y, convolved(x, weight, bias, y.sizes(), w, groups), "conv2d, element ");
      EXPECT_TRUE(gradcheck(function, {x, weight, bias}));
    }
  }
}

TEST(ConvReference, DepthwiseWithSeveralFiltersAChannel) {
  const Windows w{3, 2, 2, 1, 1, 0, 1, 2};
  const Tensor x = differentiable({2, 3, 5, 6}, 1), bias = differentiable({6}, 3);
  const Tensor weight = differentiable({6, 1, 3, 2}, 2);
  const auto function = [&](const std::vector<Tensor>& in) -> std::vector<Tensor> {
    return {conv2d(in[0], in[1], in[2], w.stride(), w.padding(), w.dilation(), 3)};
  };
  const Tensor y = function({x, weight, bias})[0];
  expect_near(y, convolved(x, weight, bias, y.sizes(), w, 3), "depthwise, element ");
  EXPECT_TRUE(gradcheck(function, {x, weight, bias}));
  EXPECT_TRUE(gradgradcheck(function, {x, weight, bias}));
}

TEST(ConvReference, Conv1dIsConv2dOfHeightOne) {
  for (const Windows& w : {Windows{1, 3, 1, 2, 0, 1, 1, 1}, Windows{1, 2, 1, 3, 0, 4, 1, 5}}) {
    const Tensor x = differentiable({2, 4, 7}, 1), weight = differentiable({6, 2, w.kernel_w}, 2);
    const Tensor bias = differentiable({6}, 3);
    const auto function = [&](const std::vector<Tensor>& in) -> std::vector<Tensor> {
      return {conv1d(in[0], in[1], in[2], {w.stride_w}, {w.padding_w}, {w.dilation_w}, 2)};
    };
    const Tensor y = function({x, weight, bias})[0];
    const Shape sizes = {2, 6, 1, y.size(-1)};
    expect_near(y, convolved(unsqueeze(x, -2), unsqueeze(weight, -2), bias, sizes, w, 2),
                "conv1d ");
    EXPECT_TRUE(gradcheck(function, {x, weight, bias}));
  }
}

TEST(ConvReference, MaxPoolIsItsDefinition) {
  const Tensor x = apart({2, 3, 5, 6});
  for (const Windows& w : all_windows()) {
    const auto function = [&](const std::vector<Tensor>& in) -> std::vector<Tensor> {
      return {max_pool2d(in[0], w.kernel(), w.stride(), w.padding(), w.dilation(), w.ceil_mode)};
    };
    const auto [y, indices] =
        max_pool2d_with_indices(x, w.kernel(), w.stride(), w.padding(), w.dilation(), w.ceil_mode);
    expect_near(y, pooled(x, y.sizes(), w, Pooling::kMax), "max_pool2d, element ");
    const Tensor picked = gather(flatten(x, -2, -1), -1, flatten(indices, -2, -1));
    expect_near(picked, y.to_vector<double>(), "the element at the index, ");
    EXPECT_TRUE(gradcheck(function, {x}));
  }
}

TEST(ConvReference, AvgPoolIsItsDefinition) {
  const Tensor x = differentiable({2, 3, 5, 6}, 1);
  for (Windows w : all_windows()) {
    w.dilation_h = w.dilation_w = 1;
    for (const Pooling pooling : {Pooling::kMean, Pooling::kMeanWithPadding}) {
      const auto function = [&](const std::vector<Tensor>& in) -> std::vector<Tensor> {
        return {avg_pool2d(in[0], w.kernel(), w.stride(), w.padding(), w.ceil_mode,
                           pooling == Pooling::kMeanWithPadding)};
      };
      const Tensor y = function({x})[0];
      expect_near(y, pooled(x, y.sizes(), w, pooling), "avg_pool2d, element ");
      EXPECT_TRUE(gradcheck(function, {x}));
      EXPECT_TRUE(gradgradcheck(function, {x}));
    }
  }
}

TEST(ConvReference, PoolsOfSequencesAreThoseOfImagesOfHeightOne) {
  const Tensor x = apart({2, 3, 8});
  const Windows w{1, 3, 1, 2, 0, 1, 1, 1, true};
  const Tensor largest = max_pool1d(x, {3}, {2}, {1}, {1}, true);
  const Tensor mean = avg_pool1d(x, {3}, {2}, {1}, true, false);
  const Shape sizes = {2, 3, 1, largest.size(-1)};
  expect_near(largest, pooled(unsqueeze(x, -2), sizes, w, Pooling::kMax), "max_pool1d, element ");
  expect_near(mean, pooled(unsqueeze(x, -2), sizes, w, Pooling::kMean), "avg_pool1d, element ");
}

TEST(ConvReference, AdaptiveAvgPoolIsItsDefinition) {
  const Tensor x = differentiable({2, 3, 5, 7}, 1);
  const Images images(x);
  for (const Shape& out : {Shape{1, 1}, Shape{2, 3}, Shape{5, 7}, Shape{4, 6}, Shape{8, 9}}) {
    const auto function = [&](const std::vector<Tensor>& in) -> std::vector<Tensor> {
      return {adaptive_avg_pool2d(in[0], out)};
    };
    std::vector<double> want;
    for_each_place({2, 3, out[0], out[1]}, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
      double sum = 0, count = 0;
      for (int64_t y = i * 5 / out[0]; y < ((i + 1) * 5 + out[0] - 1) / out[0]; ++y) {
        for (int64_t z = j * 7 / out[1]; z < ((j + 1) * 7 + out[1] - 1) / out[1]; ++z, ++count) {
          sum += images.at(n, c, y, z);
        }
      }
      want.push_back(sum / count);
    });
    expect_near(function({x})[0], want, "adaptive_avg_pool2d, element ");
    EXPECT_TRUE(gradcheck(function, {x}));
  }
}

TEST(ConvReference, AnInfinityStaysInItsOwnBins) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const Tensor x = tensor({1.f, 2.f, kInf, 4.f, 6.f, 8.f, 9.f}).reshape({1, 7});
  // Bins 0 to 2, 2 to 4 and 4 to 6.
  EXPECT_EQ(adaptive_avg_pool1d(x, {3}).to_vector<float>()[0], kInf);
  EXPECT_EQ(adaptive_avg_pool1d(x, {3}).to_vector<float>()[1], kInf);
  EXPECT_NEAR(adaptive_avg_pool1d(x, {3}).to_vector<float>()[2], 23.f / 3, 1e-6);
}

TEST(ConvReference, FloatsAndHalvesAgreeWithDoubles) {
  for (const int64_t groups : {1, 2}) {
    for (const Windows& w : all_windows()) {
      const Tensor x = sample_tensor({2, 4, 5, 6}, -1, 1, 1);
      const Tensor weight = sample_tensor({6, 4 / groups, w.kernel_h, w.kernel_w}, -1, 1, 2);
      const auto in = [&](DType dtype) {
        return conv2d(x.to(dtype), weight.to(dtype), {}, w.stride(), w.padding(), w.dilation(),
                      groups)
            .to(kFloat64);
      };
      const Tensor want = in(kFloat64);
      EXPECT_LT(amax(abs(in(kFloat32)-want)).item<double>(), 2e-5);
      EXPECT_LT(amax(abs(in(kBFloat16)-want)).item<double>(), 0.15);
    }
  }
}

TEST(ConvReference, NothingInNothingOut) {
  EXPECT_EQ(conv2d(zeros({0, 2, 5, 5}), zeros({3, 2, 2, 2})).sizes(), (Shape{0, 3, 4, 4}));
  EXPECT_EQ(conv2d(zeros({2, 2, 5, 5}), zeros({0, 2, 2, 2})).sizes(), (Shape{2, 0, 4, 4}));
  EXPECT_EQ(max_pool2d(zeros({2, 0, 4, 4}), {2}).sizes(), (Shape{2, 0, 2, 2}));
  EXPECT_EQ(avg_pool2d(zeros({0, 2, 4, 4}), {2}).sizes(), (Shape{0, 2, 2, 2}));
  EXPECT_EQ(adaptive_avg_pool2d(zeros({0, 2, 5, 5}), {2}).sizes(), (Shape{0, 2, 2, 2}));
  // A sum over no channels is the bias.
  const Tensor bias = tensor({1.f, 2.f});
  const Tensor y = conv2d(zeros({1, 0, 2, 2}), zeros({2, 0, 1, 1}), bias);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{1, 1, 1, 1, 2, 2, 2, 2}));
  // So is one over padding alone.
  const Tensor border = conv2d(zeros({1, 1, 0, 2}), ones({2, 1, 1, 1}), bias, {1}, {1});
  EXPECT_EQ(border.sizes(), (Shape{1, 2, 2, 4}));
  EXPECT_EQ(amax(border - bias.reshape({2, 1, 1})).item<float>(), 0);
}

TEST(ConvReference, GradientsOfNoChannelsReachTheBias) {
  Tensor bias = tensor({1., 2.}, kFloat64);
  bias.requires_grad_();
  sum(conv2d(zeros({3, 0, 2, 2}, kFloat64), zeros({2, 0, 1, 1}, kFloat64), bias)).backward();
  EXPECT_EQ(bias.grad().to_vector<double>(), (std::vector<double>{12, 12}));
}

}  // namespace
}  // namespace tenon
