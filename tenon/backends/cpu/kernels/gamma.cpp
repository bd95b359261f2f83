// The incomplete gamma functions and Hurwitz's zeta function, in double precision: their series go
// on until they have converged, which no tile program does.

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

using std::numbers::pi;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The sum over k >= 0 of (q + k)^-s for s > 1 and q > 0: nine terms, and Euler and Maclaurin's
/// formula for the rest (DLMF 25.11.5).
double positive_zeta(double s, double q) {
  constexpr int kTerms = 9;
  // B_2j / (2j)!
  constexpr double kBernoulli[] = {1.0 / 12,
                                   -1.0 / 720,
                                   1.0 / 30240,
                                   -1.0 / 1209600,
                                   1.0 / 47900160,
                                   -691.0 / 1307674368000,
                                   1.0 / 74724249600,
                                   -3617.0 / 10670622842880000,
                                   43867.0 / 5109094217170944000};
  if (std::isinf(q) || std::isinf(s)) return std::isinf(s) && q <= 1 ? (q < 1 ? kInfinity : 1) : 0;
  double sum = 0;
  for (int k = 0; k < kTerms; ++k) sum += std::pow(q + k, -s);
  const double w = q + kTerms, power = std::pow(w, -s);
  sum += power * (w / (s - 1) + 0.5);
  double factor = power * s / w, rise = s;
  for (const double coefficient : kBernoulli) {
    sum += factor * coefficient;
    factor *= (rise + 1) / w * ((rise + 2) / w);
    rise += 2;
  }
  return sum;
}

/// Of q < 0 the terms below 0 are those of a sum of positive numbers, for whole s.
double hurwitz_zeta(double s, double q) {
  if (std::isnan(s) || std::isnan(q) || s < 1) return kNaN;
  if (s == 1) return kInfinity;
  if (q > 0) return positive_zeta(s, q);
  if (q == std::floor(q)) return kInfinity;
  if (s != std::floor(s)) return kNaN;
  const double below = std::ceil(q) - q, above = q - std::floor(q);
  const double negative = positive_zeta(s, below) - positive_zeta(s, 1 - q);
  return positive_zeta(s, above) + (std::fmod(s, 2) == 0 ? negative : -negative);
}

/// ln gamma(1 + a) for 0 <= a <= 1/8, with all digits near 0.
double log_gamma_of_one_plus(double a) {
  static const auto kZeta = [] {
    std::array<double, 20> values{};
    for (size_t k = 2; k < values.size(); ++k) {
      values[k] = positive_zeta(static_cast<double>(k), 1) / static_cast<double>(k);
    }
    return values;
  }();
  double sum = 0;
  for (size_t k = kZeta.size() - 1; k >= 2; --k) sum = kZeta[k] - a * sum;
  return a * (a * sum - std::numbers::egamma);
}

/// What ln gamma(a + 1) is above Stirling's ln sqrt(2 pi a) + a ln a - a, for a >= 16.
double stirling_rest(double a) {
  const double square = 1 / (a * a);
  return (1.0 / 12 -
          square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square / 1188)))) /
         a;
}

/// m - ln(1 + m), in which m cancels near 0.
double log_gap(double m) {
  if (m < -0.5 || m > 1) return m - std::log1p(m);
  const double r = m / (2 + m), square = r * r;
  double sum = 0, power = 1;
  for (int k = 3; power > kEpsilon / 8; k += 2) {
    sum += power / k;
    power *= square;
  }
  return r * (m - 2 * square * sum);
}

/// x^a e^-x / gamma(a + 1).
double gamma_weight(double a, double x) {
  if (a < 16) {
    return a < 0.125 ? std::exp(a * std::log(x) - x - log_gamma_of_one_plus(a))
                     : std::exp(a * std::log(x) - x) / std::tgamma(a + 1);
  }
  const double gap = x < a / 2 ? (x - a) / a - std::log(x / a) : log_gap((x - a) / a);
  return std::exp(-a * gap - stirling_rest(a)) / std::sqrt(2 * pi * a);
}

/// P(a, x) by DLMF 8.11.4, for x that is not far above a.
double lower_series(double a, double x) {
  double sum = 1, term = 1;
  for (double n = a + 1; term > sum * kEpsilon / 4; ++n) {
    term *= x / n;
    sum += term;
  }
  return gamma_weight(a, x) * sum;
}

/// Q(a, x) by DLMF 8.7.3, for small x: 1 - x^a / gamma(a + 1) and what the other terms are.
double upper_series(double a, double x) {
  double sum = 0, term = 1;
  for (int n = 1; n < 100; ++n) {
    term *= -x / n;
    const double next = term / (a + n);
    sum += next;
    if (std::abs(next) <= std::abs(sum) * kEpsilon / 4) break;
  }
  const double log_gamma = a < 0.125 ? log_gamma_of_one_plus(a) : std::log(std::tgamma(a + 1));
  const double exponent = a * std::log(x) - log_gamma;
  return -std::expm1(exponent) - a * std::exp(exponent) * sum;
}

/// Q(a, x) by Legendre's continued fraction (DLMF 8.9.2) after Lentz, for x >= a and above 1.
double upper_fraction(double a, double x) {
  constexpr double kTiny = std::numeric_limits<double>::min() / kEpsilon;
  constexpr int kMost = 20000;  // some nine roots of the largest a that comes here do
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, fraction = d;
  for (int n = 1; n < kMost; ++n) {
    const double numerator = n * (a - n);
    b += 2;
    d = numerator * d + b;
    c = b + numerator / c;
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    if (std::abs(c) < kTiny) c = kTiny;
    const double change = c * d;
    fraction *= change;
    if (std::abs(change - 1) <= kEpsilon) break;
  }
  return gamma_weight(a, x) * a * fraction;
}

/// P or Q of large a: Temme's expansion (DLMF 8.12), of which two terms leave an error of 1e-15.
double of_large(double a, double x, bool upper) {
  constexpr double kFirst[] = {-1.0 / 3,   1.0 / 12,        -2.0 / 135, 1.0 / 864,
                               1.0 / 2835, -139.0 / 777600, 1.0 / 25515};
  constexpr double kSecond[] = {-1.0 / 540, -1.0 / 288, 1.0 / 378, -77.0 / 77760, 1.0 / 4860};
  const double m = (x - a) / a;
  const double half_square = x < a / 2 ? m - std::log(x / a) : log_gap(m);
  const double eta = std::copysign(std::sqrt(2 * half_square), m);
  const double decay = std::exp(-a * half_square);
  double rest = 0;
  if (decay > 0) {  // and eta is small
    double first = 0, second = 0;
    for (size_t k = std::size(kFirst); k-- > 0;) first = first * eta + kFirst[k];
    for (size_t k = std::size(kSecond); k-- > 0;) second = second * eta + kSecond[k];
    rest = decay / std::sqrt(2 * pi * a) * (first + second / a);
  }
  const double along = eta * std::sqrt(a / 2);
  return upper ? std::erfc(along) / 2 + rest : std::erfc(-along) / 2 - rest;
}

/// From here on of_large holds, and series would take long.
constexpr double kLarge = 1e5;

/// Q by the way that loses no digits of it, or NaN where P is the one to be computed.
double upper_or_nan(double a, double x) {
  if (x > 1.1) return x < a ? kNaN : upper_fraction(a, x);
  const bool mostly_lower = x <= 0.5 ? -0.4 / std::log(x) < a : x * 1.1 < a;
  return mostly_lower ? kNaN : upper_series(a, x);
}

/// P(a, x), or Q(a, x) = 1 - P(a, x).
double incomplete_gamma(double a, double x, bool upper) {
  if (!(a >= 0) || !(x >= 0) || (a == 0 && x == 0)) return kNaN;
  if (std::isinf(a) && std::isinf(x)) return kNaN;
  const double one = upper ? 0 : 1;  // where P is 1
  if (a == 0 || std::isinf(x)) return one;
  if (x == 0 || std::isinf(a)) return 1 - one;
  if (a >= kLarge) return of_large(a, x, upper);
  // The smaller of the two comes first, so that 1 minus it keeps its digits.
  const double q = upper || (x > 1 && x > a) ? upper_or_nan(a, x) : kNaN;
  if (!std::isnan(q)) return upper ? q : 1 - q;
  const double p = lower_series(a, x);
  return upper ? 1 - p : p;
}

double lower_gamma(double a, double x) { return incomplete_gamma(a, x, false); }
double upper_gamma(double a, double x) { return incomplete_gamma(a, x, true); }

/// Elements of a chunk: some take microseconds.
constexpr int64_t kFewElements = 1 << 10;

template <double (*function)(double, double)>
void of_two_numbers(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  const Tensor a = spread(call.input(0), output.dtype(), output.sizes());
  const Tensor b = spread(call.input(1), output.dtype(), output.sizes());
  visit_floating(output.dtype(), [&](auto tag, auto wide) {
    using T = typename decltype(tag)::Type;
    using Wide = typename decltype(wide)::Type;
    const T *first = a.data<T>(), *second = b.data<T>();
    T* out = output.data<T>();
    parallel_for(output.numel(), kFewElements, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        out[i] = T(static_cast<Wide>(function(Wide(first[i]), Wide(second[i]))));
      }
    });
  });
}

}  // namespace

void register_gamma() {
  const auto add = [](OpId op, Kernel kernel) { register_kernel(op, kCpu.type, kernel); };
  add(OpId::kIgamma, of_two_numbers<lower_gamma>);
  add(OpId::kIgammac, of_two_numbers<upper_gamma>);
  add(OpId::kSpecialZeta, of_two_numbers<hurwitz_zeta>);
}

}  // namespace tenon::cpu
