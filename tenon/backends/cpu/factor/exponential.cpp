// The exponential of a matrix (N. Higham, "The scaling and squaring method for the matrix
// exponential revisited", 2005).

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "tenon/backends/cpu/factor/blocks.h"
#include "tenon/backends/cpu/factor/factor.h"

namespace tenon::cpu {
namespace {

/// The largest 1-norm for which the approximation is exact to rounding.
constexpr double kLargestNorm = 5.371920351148152;

template <class T>
using Matrix = std::vector<T>;

/// -(a b), which the blocked product subtracts from zeros.
template <class T>
Matrix<T> negative_product(int64_t n, const Matrix<T>& a, const Matrix<T>& b) {
  Matrix<T> c(a.size());
  subtract_product<T>(n, n, n, Block<const T>(a.data(), n), Block<const T>(b.data(), n),
                      Block<T>(c.data(), n));
  return c;
}

template <class T>
Matrix<T> product(int64_t n, const Matrix<T>& a, const Matrix<T>& b) {
  Matrix<T> c = negative_product(n, a, b);
  for (T& value : c) value = -value;
  return c;
}

template <class T>
double one_norm(int64_t n, const T* a) {
  double largest = 0;
  for (int64_t column = 0; column < n; ++column) {
    double sum = 0;
    for (int64_t row = 0; row < n; ++row) sum += std::abs(a[row * n + column]);
    if (!(sum <= largest)) largest = sum;  // NaN stays
  }
  return largest;
}

/// x a^6 + y a^4 + z a^2, and w on the diagonal.
template <class T>
Matrix<T> even_part(int64_t n, const Matrix<T>& a2, const Matrix<T>& a4, const Matrix<T>& a6,
                    double x, double y, double z, double w) {
  Matrix<T> sum(a2.size());
  for (size_t i = 0; i < sum.size(); ++i) sum[i] = a6[i] * x + a4[i] * y + a2[i] * z;
  for (int64_t i = 0; i < n; ++i) sum[static_cast<size_t>(i * n + i)] += w;
  return sum;
}

/// The approximation: (v - u)^-1 (v + u), u of odd and v of even powers.
template <class T>
Matrix<T> approximation(int64_t n, const Matrix<T>& a) {
  constexpr double b[] = {64764752532480000.,
                          32382376266240000.,
                          7771770303897600.,
                          1187353796428800.,
                          129060195264000.,
                          10559470521600.,
                          670442572800.,
                          33522128640.,
                          1323241920.,
                          40840800.,
                          960960.,
                          16380.,
                          182.,
                          1.};
  const Matrix<T> a2 = product(n, a, a), a4 = product(n, a2, a2), a6 = product(n, a4, a2);
  const auto joined = [&](Matrix<T> high, const Matrix<T>& low) {
    const Matrix<T> raised = product(n, a6, high);
    for (size_t i = 0; i < raised.size(); ++i) high[i] = raised[i] + low[i];
    return high;
  };
  const Matrix<T> odd = joined(even_part(n, a2, a4, a6, b[13], b[11], b[9], 0),
                               even_part(n, a2, a4, a6, b[7], b[5], b[3], b[1]));
  const Matrix<T> v = joined(even_part(n, a2, a4, a6, b[12], b[10], b[8], 0),
                             even_part(n, a2, a4, a6, b[6], b[4], b[2], b[0]));
  const Matrix<T> u = product(n, a, odd);
  Matrix<T> under(u.size()), over(u.size());
  for (size_t i = 0; i < u.size(); ++i) {
    under[i] = v[i] - u[i];
    over[i] = v[i] + u[i];
  }
  std::vector<int64_t> pivots(static_cast<size_t>(n));
  lu_factor(n, under.data(), pivots.data());
  lu_solve(n, n, under.data(), pivots.data(), over.data());
  return over;
}

}  // namespace

template <class T>
void matrix_exp(int64_t n, const T* a, T* y) {
  const double norm = one_norm(n, a);
  if (!std::isfinite(norm)) {
    std::fill_n(y, n * n, T(std::numeric_limits<double>::quiet_NaN()));
    return;
  }
  const int halvings =
      norm > kLargestNorm ? static_cast<int>(std::ceil(std::log2(norm / kLargestNorm))) : 0;
  Matrix<T> scaled(a, a + n * n);
  for (T& value : scaled) value *= std::ldexp(1.0, -halvings);
  Matrix<T> power = approximation(n, scaled);
  for (int i = 0; i < halvings; ++i) power = product(n, power, power);
  std::copy(power.begin(), power.end(), y);
}

template void matrix_exp<double>(int64_t, const double*, double*);
template void matrix_exp<std::complex<double>>(int64_t, const std::complex<double>*,
                                               std::complex<double>*);

}  // namespace tenon::cpu
