// The passes of Fourier transforms. All but the first go over neighbours, which vectors hold.

#include "tenon/backends/cpu/fft/passes.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/fft/passes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<double>;

/// One number.
struct One {
  static constexpr int64_t kCount = 1;
  double re, im;

  static One load(const Complex* from) { return {from->re, from->im}; }
  void store(Complex* to) const { *to = {re, im}; }
  static One repeat(Complex value) { return {value.re, value.im}; }
  One operator+(One b) const { return {re + b.re, im + b.im}; }
  One operator-(One b) const { return {re - b.re, im - b.im}; }
  One operator*(Complex b) const { return {re * b.re - im * b.im, re * b.im + im * b.re}; }
  /// Times -i.
  One quarter_turned() const { return {im, -re}; }
};

#if HWY_TARGET == HWY_SCALAR
using Some = One;
#else
/// Neighbours, as many as a vector holds.
struct Some {
  static constexpr int64_t kCount = static_cast<int64_t>(hn::MaxLanes(Tag())) / 2;
  hn::Vec<Tag> parts;  // real and imaginary in turn

  static HWY_INLINE Some load(const Complex* from) { return {hn::LoadU(Tag(), &from->re)}; }
  HWY_INLINE void store(Complex* to) const { hn::StoreU(parts, Tag(), &to->re); }
  static HWY_INLINE Some repeat(Complex value) {
    return {hn::OddEven(hn::Set(Tag(), value.im), hn::Set(Tag(), value.re))};
  }
  HWY_INLINE Some operator+(Some b) const { return {hn::Add(parts, b.parts)}; }
  HWY_INLINE Some operator-(Some b) const { return {hn::Sub(parts, b.parts)}; }
  HWY_INLINE Some operator*(Complex b) const {
    const auto crossed = hn::Reverse2(Tag(), parts);
    return {hn::Add(hn::Mul(parts, hn::Set(Tag(), b.re)),
                    hn::Mul(crossed, repeat({-b.im, b.im}).parts))};
  }
  HWY_INLINE Some quarter_turned() const {
    const auto crossed = hn::Reverse2(Tag(), parts);
    return {hn::OddEven(hn::Neg(crossed), crossed)};
  }
};
#endif

/// One pass of Stockham's: transforms of length `radix` over x[q + stride (k + count j)], j = 0 to
/// radix - 1, times roots of unity, go to y[q + stride (radix k + r)]. N::kCount values of q at
/// once.
template <class N>
struct Pass {
  int64_t radix, count, stride;
  std::span<const Complex> roots;

  Complex twiddle(int64_t k, int64_t r) const { return roots[static_cast<size_t>(k * r * stride)]; }
  void two(const Complex* x, Complex* y) const {
    for (int64_t k = 0; k < count; ++k) {
      const Complex w = twiddle(k, 1);
      const Complex *a = x + stride * k, *b = a + stride * count;
      Complex* out = y + 2 * stride * k;
      for (int64_t q = 0; q < stride; q += N::kCount) {
        const N first = N::load(a + q), second = N::load(b + q);
        (first + second).store(out + q);
        ((first - second) * w).store(out + q + stride);
      }
    }
  }
  void four(const Complex* x, Complex* y) const {
    for (int64_t k = 0; k < count; ++k) {
      const Complex w1 = twiddle(k, 1), w2 = twiddle(k, 2), w3 = twiddle(k, 3);
      const Complex *a = x + stride * k, *b = a + stride * count, *c = b + stride * count,
                    *d = c + stride * count;
      Complex* out = y + 4 * stride * k;
      for (int64_t q = 0; q < stride; q += N::kCount) {
        const N first = N::load(a + q), second = N::load(b + q), third = N::load(c + q),
                fourth = N::load(d + q);
        const N even = first + third, odd = second + fourth;
        const N apart = first - third, turned = (second - fourth).quarter_turned();
        (even + odd).store(out + q);
        ((apart + turned) * w1).store(out + q + stride);
        ((even - odd) * w2).store(out + q + 2 * stride);
        ((apart - turned) * w3).store(out + q + 3 * stride);
      }
    }
  }
  void any(const Complex* x, Complex* y) const {
    const int64_t step = static_cast<int64_t>(roots.size()) / radix;
    for (int64_t k = 0; k < count; ++k) {
      for (int64_t r = 0; r < radix; ++r) {
        Complex* out = y + stride * (radix * k + r);
        const Complex w = twiddle(k, r);
        for (int64_t q = 0; q < stride; q += N::kCount) {
          N sum = N::repeat({});
          for (int64_t j = 0; j < radix; ++j) {
            const N in = N::load(x + stride * (k + count * j) + q);
            sum = sum + in * roots[static_cast<size_t>(j * r % radix * step)];
          }
          (sum * w).store(out + q);
        }
      }
    }
  }
  void run(const Complex* x, Complex* y) const {
    radix == 4 ? four(x, y) : radix == 2 ? two(x, y) : any(x, y);
  }
};

void run_passes(std::span<const int64_t> radices, std::span<const Complex> roots, Complex* data,
                Complex* scratch) {
  const auto n = static_cast<int64_t>(roots.size());
  Complex *x = data, *y = scratch;
  int64_t length = n, stride = 1;
  for (const int64_t radix : radices) {
    if (stride % Some::kCount == 0) {
      Pass<Some>{radix, length / radix, stride, roots}.run(x, y);
    } else {
      Pass<One>{radix, length / radix, stride, roots}.run(x, y);
    }
    length /= radix;
    stride *= radix;
    std::swap(x, y);
  }
  if (x != data) std::copy_n(x, n, data);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {
namespace {

HWY_EXPORT(run_passes);

}  // namespace

void run_fourier_passes(std::span<const int64_t> radices, std::span<const Complex> roots,
                        Complex* data, Complex* scratch) {
  HWY_DYNAMIC_DISPATCH(run_passes)(radices, roots, data, scratch);
}

}  // namespace tenon::cpu
#endif
