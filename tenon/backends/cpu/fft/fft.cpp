#include "tenon/backends/cpu/fft/fft.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tenon/backends/cpu/fft/passes.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kLargestRadix = 50;

Complex operator*(Complex a, Complex b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
Complex conjugate(Complex a) { return {a.re, -a.im}; }

/// e^(-2 pi i k / n), from an angle of at most an eighth turn, so that exact values are exact.
Complex root(int64_t k, int64_t n) {
  // In eighths of a turn: 8 k = octant n + rest.
  const int64_t octant = 8 * k / n, rest = 8 * k - octant * n;
  const bool odd = octant % 2 == 1;
  const double angle =
      std::numbers::pi / 4 * static_cast<double>(odd ? n - rest : rest) / static_cast<double>(n);
  double c = std::cos(angle), s = std::sin(angle);
  if (octant % 4 == 1 || octant % 4 == 2) std::swap(c, s);
  if (octant >= 2 && octant <= 5) c = -c;
  if (octant >= 4) s = -s;
  return {c, -s};
}

/// 4 first, then 2, 3, 5, ...; empty where a prime factor is too large.
std::vector<int64_t> radices_of(int64_t n) {
  std::vector<int64_t> radices;
  for (; n % 4 == 0; n /= 4) radices.push_back(4);
  for (int64_t p = 2; p <= kLargestRadix && n > 1; ++p) {
    for (; n % p == 0; n /= p) radices.push_back(p);
  }
  return n == 1 ? radices : std::vector<int64_t>();
}

int64_t power_of_two_from(int64_t n) {
  int64_t result = 1;
  while (result < n) result *= 2;
  return result;
}

}  // namespace

FourierPlan::FourierPlan(int64_t n) : n_(n), radices_(radices_of(n)) {
  if (n == 1 || !radices_.empty()) {
    for (int64_t k = 0; k < n; ++k) roots_.push_back(root(k, n));
    return;
  }
  longer_ = std::make_unique<FourierPlan>(power_of_two_from(2 * n - 1));
  // k^2 modulo 2 n, step by step: k^2 itself would overflow.
  for (int64_t k = 0, square = 0; k < n; square = (square + 2 * k + 1) % (2 * n), ++k) {
    chirps_.push_back(root(square, 2 * n));
  }
  filter_.assign(static_cast<size_t>(longer_->size()), Complex());
  for (size_t k = 0; k < chirps_.size(); ++k) {
    filter_[k] = conjugate(chirps_[k]);
    if (k > 0) filter_[filter_.size() - k] = filter_[k];
  }
  std::vector<Complex> scratch(static_cast<size_t>(longer_->scratch_size()));
  longer_->run(filter_.data(), scratch.data(), false);
}

FourierPlan::~FourierPlan() = default;

int64_t FourierPlan::scratch_size() const {
  return longer_ ? longer_->size() + longer_->scratch_size() : n_;
}

void FourierPlan::run(Complex* data, Complex* scratch, bool inverse) const {
  // The inverse is the conjugate of the transform of the conjugate.
  const auto conjugate_all = [&] {
    for (int64_t i = 0; i < n_; ++i) data[i].im = -data[i].im;
  };
  if (inverse) conjugate_all();
  if (longer_) {
    run_convolution(data, scratch);
  } else {
    run_fourier_passes(radices_, roots_, data, scratch);
  }
  if (inverse) conjugate_all();
}

void FourierPlan::run_convolution(Complex* data, Complex* scratch) const {
  const int64_t length = longer_->size();
  Complex *work = scratch, *rest = scratch + length;
  std::fill(work, work + length, Complex());
  for (int64_t k = 0; k < n_; ++k) work[k] = data[k] * chirps_[static_cast<size_t>(k)];
  longer_->run(work, rest, false);
  for (int64_t k = 0; k < length; ++k) work[k] = work[k] * filter_[static_cast<size_t>(k)];
  longer_->run(work, rest, true);
  const double scale = 1 / static_cast<double>(length);
  for (int64_t k = 0; k < n_; ++k) {
    const Complex value = work[k] * chirps_[static_cast<size_t>(k)];
    data[k] = {value.re * scale, value.im * scale};
  }
}

}  // namespace tenon::cpu
