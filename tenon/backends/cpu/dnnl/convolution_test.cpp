#include "tenon/backends/cpu/dnnl/convolution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "tenon/backends/cpu/dnnl/convolution_plan.h"
#include "tenon/backends/cpu/linalg/convolution_gemm.h"
#include "tenon/backends/cpu/linalg/convolution_product.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

struct Window {
  int64_t kh, kw, stride_h = 1, stride_w = 1, padding_h = 0, padding_w = 0, dilation_h = 1,
                  dilation_w = 1;
};

ConvArgs conv(int64_t n, int64_t ic, int64_t oc, int64_t groups, int64_t ih, int64_t iw,
              const Window& w) {
  ConvArgs args;
  args.n = n;
  args.ic = ic;
  args.oc = oc;
  args.groups = groups;
  args.ih = ih;
  args.iw = iw;
  args.kh = w.kh;
  args.kw = w.kw;
  args.stride_h = w.stride_h;
  args.stride_w = w.stride_w;
  args.padding_h = w.padding_h;
  args.padding_w = w.padding_w;
  args.dilation_h = w.dilation_h;
  args.dilation_w = w.dilation_w;
  args.oh = (ih + 2 * w.padding_h - w.dilation_h * (w.kh - 1) - 1) / w.stride_h + 1;
  args.ow = (iw + 2 * w.padding_w - w.dilation_w * (w.kw - 1) - 1) / w.stride_w + 1;
  return args;
}

const std::vector<ConvArgs>& cases() {
  static const std::vector<ConvArgs> list = {
      conv(2, 1, 8, 1, 9, 9, {3, 3}),
      conv(3, 5, 7, 1, 11, 8, {3, 2, 2, 1, 1, 0}),
      conv(2, 16, 24, 1, 10, 13, {3, 3, 1, 1, 1, 1}),
      conv(1, 32, 64, 1, 26, 26, {3, 3}),
      conv(17, 32, 48, 1, 14, 14, {3, 3, 1, 1, 1, 1}),
      conv(2, 8, 16, 1, 12, 15, {3, 3, 1, 2, 2, 2, 2, 2}),
      conv(2, 12, 18, 3, 9, 10, {3, 3, 2, 2, 1, 1}),
      conv(2, 16, 16, 16, 10, 10, {3, 3, 1, 1, 1, 1}),
      conv(2, 6, 12, 6, 7, 9, {5, 3, 1, 1, 2, 1}),
      conv(4, 20, 40, 1, 8, 8, {1, 1}),
      conv(2, 3, 10, 1, 1, 40, {1, 5, 1, 2, 0, 2}),
      conv(1, 9, 33, 1, 1, 17, {1, 4, 1, 1, 0, 3, 1, 3}),
      conv(2, 3, 4, 1, 5, 5, {5, 5}),
      conv(1, 64, 96, 1, 20, 20, {3, 3, 1, 1, 1, 1}),
      conv(1, 64, 64, 4, 24, 24, {3, 3, 1, 1, 1, 1}),
      conv(5, 48, 32, 1, 27, 26, {3, 3, 1, 1, 1, 0}),
  };
  return list;
}

int64_t x_size(const ConvArgs& c) { return c.n * c.ic * c.ih * c.iw; }
int64_t w_size(const ConvArgs& c) { return c.oc * (c.ic / c.groups) * c.kh * c.kw; }
int64_t y_size(const ConvArgs& c) { return c.n * c.oc * c.oh * c.ow; }

template <class T>
std::vector<T> draw(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = T(static_cast<float>(random() % 2001) / 1000.0f - 1.0f);
  return values;
}

/// Calls term(x index, w index, y index) for every product of the convolution.
template <class Term>
void for_each_term(const ConvArgs& c, Term term) {
  const int64_t icg = c.ic / c.groups, ocg = c.oc / c.groups;
  for (int64_t s = 0; s < c.n; ++s) {
    for (int64_t o = 0; o < c.oc; ++o) {
      for (int64_t i = 0; i < icg; ++i) {
        for (int64_t ky = 0; ky < c.kh; ++ky) {
          for (int64_t kx = 0; kx < c.kw; ++kx) {
            for (int64_t oy = 0; oy < c.oh; ++oy) {
              const int64_t iy = oy * c.stride_h - c.padding_h + ky * c.dilation_h;
              if (iy < 0 || iy >= c.ih) continue;
              for (int64_t ox = 0; ox < c.ow; ++ox) {
                const int64_t ix = ox * c.stride_w - c.padding_w + kx * c.dilation_w;
                if (ix < 0 || ix >= c.iw) continue;
                term(((s * c.ic + o / ocg * icg + i) * c.ih + iy) * c.iw + ix,
                     ((o * icg + i) * c.kh + ky) * c.kw + kx,
                     ((s * c.oc + o) * c.oh + oy) * c.ow + ox);
              }
            }
          }
        }
      }
    }
  }
}

template <class T>
void expect_close(const std::vector<T>& got, const std::vector<double>& want,
                  const std::vector<double>& magnitude, const char* what) {
  const double eps = std::is_same_v<T, double>     ? 0x1p-52
                     : std::is_same_v<T, BFloat16> ? 0x1p-8
                     : std::is_same_v<T, Float16>  ? 0x1p-11
                                                   : 0x1p-23;
  const double sum_eps = sizeof(T) == 8 ? 0x1p-48 : 0x1p-19;
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const double error = std::abs(static_cast<double>(got[i]) - want[i]);
    ASSERT_LE(error, eps * std::abs(want[i]) + sum_eps * (magnitude[i] + 1)) << what << " at " << i;
  }
}

/// Sums in double of the terms of one result, and of their magnitudes.
struct Sums {
  std::vector<double> value, magnitude;
  explicit Sums(int64_t count)
      : value(static_cast<size_t>(count)), magnitude(static_cast<size_t>(count)) {}
  void add(int64_t at, double term) {
    value[static_cast<size_t>(at)] += term;
    magnitude[static_cast<size_t>(at)] += std::abs(term);
  }
};

template <class T>
struct Problem {
  ConvArgs args;
  std::vector<T> x, w, dy, bias;
  explicit Problem(const ConvArgs& sizes)
      : args(sizes),
        x(draw<T>(x_size(sizes), 1)),
        w(draw<T>(w_size(sizes), 2)),
        dy(draw<T>(y_size(sizes), 3)),
        bias(draw<T>(sizes.oc, 4)) {
    args.dtype = dtype_of<T>;
  }

  std::vector<T> forward(bool with_bias) const {
    std::vector<T> y(dy.size(), T(99.0f));
    convolution_forward(args, x.data(), w.data(), with_bias ? bias.data() : nullptr, y.data());
    return y;
  }
  std::vector<T> backward_data() const {
    std::vector<T> dx(x.size(), T(99.0f));
    convolution_backward_data(args, dy.data(), w.data(), dx.data());
    return dx;
  }
  /// The gradient of w, then that of the bias.
  std::vector<T> backward_weights(bool with_bias) const {
    std::vector<T> gradients(w.size() + (with_bias ? bias.size() : 0), T(99.0f));
    convolution_backward_weights(args, x.data(), dy.data(), gradients.data(),
                                 with_bias ? gradients.data() + w.size() : nullptr);
    return gradients;
  }
};

template <class T>
void check(const ConvArgs& sizes, bool with_bias) {
  SCOPED_TRACE(testing::Message() << name_of(dtype_of<T>) << " x [" << sizes.n << ", " << sizes.ic
                                  << ", " << sizes.ih << ", " << sizes.iw << "] w [" << sizes.oc
                                  << ", " << sizes.ic / sizes.groups << ", " << sizes.kh << ", "
                                  << sizes.kw << "] groups " << sizes.groups << " bias "
                                  << with_bias);
  const Problem<T> p(sizes);
  const ConvArgs& c = p.args;
  Sums y(y_size(c)), dx(x_size(c)), dw(w_size(c) + (with_bias ? c.oc : 0));
  for (int64_t i = 0; i < y_size(c); ++i) {
    const int64_t channel = i / (c.oh * c.ow) % c.oc;
    if (with_bias) y.add(i, static_cast<double>(p.bias[static_cast<size_t>(channel)]));
    if (with_bias) dw.add(w_size(c) + channel, static_cast<double>(p.dy[static_cast<size_t>(i)]));
  }
  for_each_term(c, [&](int64_t xi, int64_t wi, int64_t yi) {
    const auto x = static_cast<double>(p.x[static_cast<size_t>(xi)]);
    const auto w = static_cast<double>(p.w[static_cast<size_t>(wi)]);
    const auto g = static_cast<double>(p.dy[static_cast<size_t>(yi)]);
    y.add(yi, x * w);
    dx.add(xi, g * w);
    dw.add(wi, g * x);
  });
  expect_close<T>(p.forward(with_bias), y.value, y.magnitude, "forward");
  expect_close<T>(p.backward_data(), dx.value, dx.magnitude, "backward data");
  expect_close<T>(p.backward_weights(with_bias), dw.value, dw.magnitude, "backward weights");
}

template <class T>
class ConvolutionTest : public testing::Test {};
using Types = testing::Types<float, double, BFloat16, Float16>;
TYPED_TEST_SUITE(ConvolutionTest, Types);

TYPED_TEST(ConvolutionTest, AgreesWithPlainLoops) {
  for (const ConvArgs& sizes : cases()) {
    check<TypeParam>(sizes, true);
    check<TypeParam>(sizes, false);
  }
}

TYPED_TEST(ConvolutionTest, ZeroSizes) {
  check<TypeParam>(conv(0, 3, 4, 1, 5, 5, {3, 3}), true);
  check<TypeParam>(conv(2, 0, 4, 1, 5, 5, {3, 3}), true);
  check<TypeParam>(conv(2, 3, 0, 1, 5, 5, {3, 3}), true);
}

TEST(Convolution, GemmTwinAgreesInFloat) {
  for (const ConvArgs& sizes : cases()) {
    const Problem<float> p(sizes);
    std::vector<float> y(p.dy.size()), dx(p.x.size()), dw(p.w.size()), dbias(p.bias.size());
    conv_gemm_forward(p.args, p.x.data(), p.w.data(), p.bias.data(), y.data());
    conv_gemm_backward_data(p.args, p.dy.data(), p.w.data(), dx.data());
    conv_gemm_backward_weights(p.args, p.x.data(), p.dy.data(), dw.data(), dbias.data());
    dw.insert(dw.end(), dbias.begin(), dbias.end());
    const auto agree = [](const std::vector<float>& a, const std::vector<float>& b) {
      for (size_t i = 0; i < a.size(); ++i) {
        ASSERT_NEAR(a[i], b[i], 1e-3 + 1e-5 * std::abs(b[i])) << i;
      }
    };
    agree(y, p.forward(true));
    agree(dx, p.backward_data());
    agree(dw, p.backward_weights(true));
  }
}

template <class T>
void expect_same_bits_for_any_threads(const ConvArgs& sizes) {
  const Problem<T> p(sizes);
  const int before = num_threads();
  const auto all = [&] {
    std::vector<T> results = p.forward(true), more = p.backward_data();
    results.insert(results.end(), more.begin(), more.end());
    more = p.backward_weights(true);
    results.insert(results.end(), more.begin(), more.end());
    return results;
  };
  set_num_threads(1);
  const std::vector<T> one = all();
  for (const int threads : {2, 8}) {
    set_num_threads(threads);
    const std::vector<T> many = all();
    EXPECT_EQ(std::memcmp(one.data(), many.data(), one.size() * sizeof(T)), 0)
        << name_of(dtype_of<T>) << ", " << threads << " threads, " << sizes.n << " images, "
        << sizes.ic << " to " << sizes.oc << " channels";
  }
  set_num_threads(before);
}

TEST(Convolution, SmallImagesWithManyFiltersAreOneProduct) {
  for (const ConvArgs& sizes : {
           conv(5, 100, 160, 1, 6, 5, {3, 3, 2, 1, 1, 1}),
           conv(3, 60, 256, 1, 7, 9, {3, 3, 1, 2, 2, 1, 2, 3}), conv(17, 384, 400, 1, 3, 2, {1, 1}),
           conv(2, 90, 170, 1, 4, 3, {3, 3, 3, 1, 3, 2}),  // windows without a place inside
       }) {
    Problem<float> p(sizes);
    ASSERT_TRUE(suits_one_product(p.args, false) && suits_one_product(p.args, true));
    check<float>(sizes, true);
    check<float>(sizes, false);
    expect_same_bits_for_any_threads<float>(sizes);
  }
}

TEST(Convolution, FewerMultiplicationsWhereTheyPay) {
  if (!has_wide_vectors()) GTEST_SKIP() << "oneDNN has Winograd's algorithm for AVX-512";
  const auto is_winograd = [](DType dtype, const ConvArgs& sizes) {
    const ConvPiece piece{
        ConvDirection::kForward, dtype, false, sizes.n, sizes.ic, sizes.oc, sizes.groups, sizes};
    return find_conv_plan("convolution", piece)->is_winograd;
  };
  EXPECT_TRUE(is_winograd(kFloat32, conv(1, 32, 64, 1, 26, 26, {3, 3})));
  EXPECT_FALSE(is_winograd(kBFloat16, conv(1, 32, 64, 1, 26, 26, {3, 3})));
  EXPECT_FALSE(is_winograd(kFloat32, conv(1, 32, 64, 1, 26, 26, {3, 3, 2, 2})));
  EXPECT_FALSE(is_winograd(kFloat32, conv(1, 1, 32, 1, 28, 28, {3, 3})));
}

TEST(Convolution, RefusesIntegers) {
  ConvArgs args = conv(1, 1, 1, 1, 3, 3, {3, 3});
  args.dtype = kInt32;
  int32_t values[9] = {};
  EXPECT_THROW(convolution_forward(args, values, values, nullptr, values), DTypeError);
  EXPECT_THROW(convolution_backward_data(args, values, values, values), DTypeError);
  EXPECT_THROW(convolution_backward_weights(args, values, values, values, nullptr), DTypeError);
}

TEST(Convolution, SameBitsForAnyNumberOfThreads) {
  for (const ConvArgs& sizes : cases()) {
    expect_same_bits_for_any_threads<float>(sizes);
    expect_same_bits_for_any_threads<BFloat16>(sizes);
    expect_same_bits_for_any_threads<double>(sizes);
  }
  expect_same_bits_for_any_threads<float>(conv(64, 1, 32, 1, 28, 28, {3, 3}));
  expect_same_bits_for_any_threads<float>(conv(24, 32, 64, 1, 26, 26, {3, 3}));
  expect_same_bits_for_any_threads<float>(conv(2, 256, 256, 1, 7, 7, {3, 3, 1, 1, 1, 1}));
}

}  // namespace
}  // namespace tenon::cpu
