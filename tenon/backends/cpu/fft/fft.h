#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace tenon::cpu {

/// A complex number as two doubles: std::complex looks after infinities at every product.
struct Complex {
  double re = 0, im = 0;
};

/// Discrete Fourier transforms of one length, in float64: mixed radices after Stockham, and for
/// lengths with a prime factor above 50 Bluestein's convolution. Used from any thread.
class FourierPlan {
 public:
  explicit FourierPlan(int64_t n);
  ~FourierPlan();
  int64_t size() const { return n_; }
  /// How many numbers of scratch `run` needs.
  int64_t scratch_size() const;
  /// y[k] = sum over j of x[j] e^(-2 pi i j k / n), in the place of `data`; with `inverse` the
  /// exponent is positive. Not scaled.
  void run(Complex* data, Complex* scratch, bool inverse) const;

 private:
  void run_convolution(Complex* data, Complex* scratch) const;

  int64_t n_;
  std::vector<int64_t> radices_;
  std::vector<Complex> roots_;  ///< e^(-2 pi i k / n)
  // Bluestein's: chirps e^(-pi i k^2 / n), the transform of their inverses, and its length's plan.
  std::vector<Complex> chirps_, filter_;
  std::unique_ptr<FourierPlan> longer_;
};

}  // namespace tenon::cpu
