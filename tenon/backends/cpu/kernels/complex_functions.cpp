// Functions of complex numbers, in double precision, with the special values of C99's Annex G,
// which are those of the Python array API standard.

#include <numbers>

#include "tenon/backends/cpu/kernels/complex.h"

namespace tenon::cpu {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_finite(Complex z) { return std::isfinite(z.real()) && std::isfinite(z.imag()); }

template <auto function>
struct Apply {
  auto operator()(auto z) const {
    if constexpr (std::is_same_v<decltype(function(Complex())), bool>) {
      return function(Complex(z));
    } else {
      return decltype(z)(function(Complex(z)));
    }
  }
};

/// out[i] = function(x[i]).
template <auto function>
void math(const Call& call, std::span<Tensor> outputs) {
  unary<Apply<function>>(call, outputs);
}

/// e^x cos y - 1 + i e^x sin y, whose real part is expm1(x) cos y - 2 sin^2(y / 2).
Complex expm1(Complex z) {
  if (!is_finite(z)) return std::exp(z) - 1.0;
  const double half = std::sin(z.imag() / 2);
  return {std::expm1(z.real()) * std::cos(z.imag()) - 2 * half * half,
          std::exp(z.real()) * std::sin(z.imag())};
}

/// ln|1 + z| is log1p(|z|^2 + 2 Re z) / 2, which is exact where both are small.
Complex log1p(Complex z) {
  const Complex moved{z.real() + 1, z.imag()};
  if (!(std::abs(z.real()) < 0.5 && std::abs(z.imag()) < 0.5)) return std::log(moved);
  return {std::log1p(z.real() * (z.real() + 2) + z.imag() * z.imag()) / 2, std::arg(moved)};
}

Complex sigmoid(Complex z) { return 1.0 / (1.0 + std::exp(-z)); }

Complex sinc(Complex z) {
  if (z == 0.0) return 1;
  const Complex turned = z * std::numbers::pi;
  return std::sin(turned) / turned;
}

/// z^n by repeated squaring, for |n| < 100.
Complex whole_power(Complex z, int n) {
  Complex result = 1, factor = z;
  for (int left = std::abs(n); left != 0; left >>= 1) {
    if (left & 1) result *= factor;
    if (left > 1) factor *= factor;
  }
  return n < 0 ? 1.0 / result : result;
}

Complex power(Complex a, Complex b) {
  if (b == 0.0) return 1;
  // |0^b| is 0^Re(b), whatever the angle.
  if (a == 0.0) return b.real() > 0 ? Complex() : Complex(kNan, kNan);
  const double exponent = b.real();
  if (b.imag() == 0 && std::abs(exponent) < 100 && exponent == std::trunc(exponent)) {
    return whole_power(a, static_cast<int>(exponent));
  }
  return std::pow(a, b);
}

struct Power {
  auto operator()(auto a, auto b) const { return decltype(a)(power(Complex(a), Complex(b))); }
};

void register_exponentials() {
  const auto add = [](OpId op, Kernel kernel) { register_kernel(op, kCpu.type, kernel); };
  add(OpId::kExp, math<[](Complex z) { return std::exp(z); }>);
  add(OpId::kExp2, math<[](Complex z) { return std::exp(z * std::numbers::ln2); }>);
  add(OpId::kExpm1, math<expm1>);
  add(OpId::kLog, math<[](Complex z) { return std::log(z); }>);
  add(OpId::kLog1p, math<log1p>);
  add(OpId::kLog2, math<[](Complex z) { return std::log(z) / std::numbers::ln2; }>);
  add(OpId::kLog10, math<[](Complex z) { return std::log(z) / std::numbers::ln10; }>);
  add(OpId::kPow, binary<Power>);
  add(OpId::kSqrt, math<[](Complex z) { return std::sqrt(z); }>);
  add(OpId::kRsqrt, math<[](Complex z) { return 1.0 / std::sqrt(z); }>);
  add(OpId::kSigmoid, math<sigmoid>);
}

void register_trigonometry() {
  const auto add = [](OpId op, Kernel kernel) { register_kernel(op, kCpu.type, kernel); };
  add(OpId::kSin, math<[](Complex z) { return std::sin(z); }>);
  add(OpId::kCos, math<[](Complex z) { return std::cos(z); }>);
  add(OpId::kTan, math<[](Complex z) { return std::tan(z); }>);
  add(OpId::kAsin, math<[](Complex z) { return std::asin(z); }>);
  add(OpId::kAcos, math<[](Complex z) { return std::acos(z); }>);
  add(OpId::kAtan, math<[](Complex z) { return std::atan(z); }>);
  add(OpId::kSinh, math<[](Complex z) { return std::sinh(z); }>);
  add(OpId::kCosh, math<[](Complex z) { return std::cosh(z); }>);
  add(OpId::kTanh, math<[](Complex z) { return std::tanh(z); }>);
  add(OpId::kAsinh, math<[](Complex z) { return std::asinh(z); }>);
  add(OpId::kAcosh, math<[](Complex z) { return std::acosh(z); }>);
  add(OpId::kAtanh, math<[](Complex z) { return std::atanh(z); }>);
  add(OpId::kSinc, math<sinc>);
}

}  // namespace

void register_complex_functions() {
  const auto add = [](OpId op, Kernel kernel) { register_kernel(op, kCpu.type, kernel); };
  register_exponentials();
  register_trigonometry();
  add(OpId::kIsnan, math<[](Complex z) { return std::isnan(z.real()) || std::isnan(z.imag()); }>);
  add(OpId::kIsinf, math<[](Complex z) { return std::isinf(z.real()) || std::isinf(z.imag()); }>);
  add(OpId::kIsfinite, math<is_finite>);
}

}  // namespace tenon::cpu
