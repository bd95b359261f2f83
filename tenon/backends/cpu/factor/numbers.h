#pragma once

// Real and complex numbers by the same names, for the factors' templates.

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>

namespace tenon::cpu {

inline double conjugate(double x) { return x; }
inline std::complex<double> conjugate(std::complex<double> x) { return std::conj(x); }

inline double real_part(double x) { return x; }
inline double real_part(std::complex<double> x) { return x.real(); }

inline double imaginary_part(double) { return 0; }
inline double imaginary_part(std::complex<double> x) { return x.imag(); }

/// |x|^2
inline double squared_size(double x) { return x * x; }
inline double squared_size(std::complex<double> x) { return std::norm(x); }

/// a b by the plain formula: C++'s own product of complex numbers looks for infinities.
inline double product(double a, double b) { return a * b; }
inline std::complex<double> product(std::complex<double> a, std::complex<double> b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

/// The sum of term(i) for i < count, in eight partial sums, which needn't wait for one another.
template <class T, class Term>
T sum_of(int64_t count, Term term) {
  constexpr int64_t kParts = 8;
  T parts[kParts] = {};
  int64_t i = 0;
  for (; i + kParts <= count; i += kParts) {
    for (int64_t k = 0; k < kParts; ++k) parts[k] += term(i + k);
  }
  for (int64_t k = 0; i < count; ++i, ++k) parts[k] += term(i);
  for (int64_t half = kParts / 2; half > 0; half /= 2) {
    for (int64_t k = 0; k < half; ++k) parts[k] += parts[k + half];
  }
  return parts[0];
}

/// x / |x|, and 1 of 0.
inline double phase(double x) { return std::copysign(1.0, x); }
inline std::complex<double> phase(std::complex<double> x) {
  const double size = std::abs(x);
  return size == 0 ? 1 : x / size;
}

/// The phase of the first of the largest of `count` elements, which lie `step` apart; 1 of none.
template <class T>
T phase_of_largest(int64_t count, const T* x, int64_t step = 1) {
  double largest = -1;
  int64_t at = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double size = std::abs(x[i * step]);
    if (size > largest) {
      largest = size;
      at = i;
    }
  }
  return count == 0 ? T(1) : phase(x[at * step]);
}

/// Divides by a power of two that makes the largest of `count` finite elements about 1, so that no
/// square of those that matter is too large or too small; returns it.
template <class T>
double scale_to_one(int64_t count, T* x) {
  double largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    largest = std::max({largest, std::abs(real_part(x[i])), std::abs(imaginary_part(x[i]))});
  }
  if (largest == 0) return 1;
  const double scale = std::ldexp(1.0, std::ilogb(largest)), inverse = 1 / scale;
  if (scale == 1) return 1;
  // The least powers of two have no inverse.
  for (int64_t i = 0; i < count; ++i) x[i] = std::isinf(inverse) ? x[i] / scale : x[i] * inverse;
  return scale;
}

}  // namespace tenon::cpu
