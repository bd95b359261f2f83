#include "tenon/backends/cpu/factor/bidiagonal.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <utility>

#include "tenon/backends/cpu/factor/deferred.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/backends/cpu/factor/reflections.h"
#include "tenon/backends/cpu/factor/stretch.h"
#include "tenon/base/long_work.h"

namespace tenon::cpu {
namespace {

/// Element k of B's diagonal and the one beside it become real by turning vectors.
template <class T>
void make_real(int64_t n, Block<T> a, Bidiagonal<T>& b) {
  const auto turn_row = [&](std::vector<T>& rows, int64_t k, T turn) {
    T* row = rows.data() + k * b.stride;
    for (int64_t j = 0; turn != T(1) && j < n; ++j) row[j] *= conjugate(turn);
  };
  T right = 1;
  for (int64_t k = 0; k < n; ++k) {
    const T left = phase(a(k, k)) * right;
    turn_row(b.qh, k, left);
    turn_row(b.ph, k, right);
    b.diagonal.push_back(std::abs(a(k, k)));
    if (k + 1 == n) break;
    b.above.push_back(std::abs(a(k, k + 1)));
    right = conjugate(phase(a(k, k + 1))) * left;
  }
}

}  // namespace

template <class T>
Bidiagonal<T> bidiagonal_form(int64_t n, T* a) {
  const Block<T> matrix{a, n};
  Deferred<T> deferred(n, matrix, 2 * std::min(n, kPanel));
  std::vector<Reflection<T>> from_left, from_right;
  const auto scaled = [](std::vector<T> x, T scale) {
    for (T& element : x) element *= scale;
    return x;
  };
  for (int64_t k = 0; k < n; ++k) {
    check_interrupt();
    if (!deferred.has_room(2)) deferred.subtract(k, k);
    deferred.update_column(k, k);
    if (k + 1 == n) break;
    std::vector<T> line;
    for (int64_t i = k; i < n; ++i) line.push_back(matrix(i, k));
    from_left.push_back(hermitian_reflection(k, std::move(line), matrix(k, k)));
    if (const Reflection<T>& h = from_left.back(); h.scale != T(0)) {
      deferred.add(k, h.v, k + 1, scaled(deferred.adjoint_times(k, k + 1, h.v), h.scale));
    }
    deferred.update_row(k, k + 1);
    line = {};
    for (int64_t j = k + 1; j < n; ++j) line.push_back(conjugate(matrix(k, j)));
    from_right.push_back(hermitian_reflection(k + 1, std::move(line), matrix(k, k + 1)));
    matrix(k, k + 1) = conjugate(matrix(k, k + 1));
    if (const Reflection<T>& h = from_right.back(); h.scale != T(0)) {
      deferred.add(k + 1, scaled(deferred.times(k + 1, k + 1, h.v), h.scale), k + 1, h.v);
    }
  }
  const int64_t stride = Rotations::stride_of<T>(n);
  Bidiagonal<T> b{{},
                  {},
                  stride,
                  adjoint_of_product(n, from_left, stride),
                  adjoint_of_product(n, from_right, stride)};
  make_real(n, matrix, b);
  return b;
}

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
// What stands beside the diagonal is taken for zero below this much of the singular values that it
// could change.
constexpr double kTolerance = 16 * kEpsilon;
constexpr double kNothing = 1e-290;

/// B's stretch, and the rows that are turned with it. Seen from its end the two sides of B change
/// places.
struct Part : Stretch {
  Rotations &left, &right;

  void begin_sweeps() const {
    begin_sweep(left);
    begin_sweep(right);
  }
  void turn_left(int64_t i, const PlaneRotation& r) const { turn(upwards ? right : left, i, r); }
  void turn_right(int64_t i, const PlaneRotation& r) const { turn(upwards ? left : right, i, r); }
};

/// Sets what is next to nothing beside the diagonal to zero; true where it did. Otherwise
/// `smallest` is about the smallest singular value (Demmel and Kahan's recurrence).
bool cut_part(const Part& part, double& smallest) {
  const int64_t last = part.count() - 1;
  if (std::abs(part.e(last - 1)) <= kTolerance * std::abs(part.d(last))) {
    part.e(last - 1) = 0;
    return true;
  }
  double value = std::abs(part.d(0));
  smallest = value;
  for (int64_t i = 0; i < last; ++i) {
    if (std::abs(part.e(i)) <= kTolerance * value) {
      part.e(i) = 0;
      return true;
    }
    value = std::abs(part.d(i + 1)) * (value / (value + std::abs(part.e(i))));
    smallest = std::min(smallest, value);
  }
  return false;
}

/// The smaller singular value of [f, g; 0, h].
double smaller_value(double f, double g, double h) {
  const double least = std::min(std::abs(f), std::abs(h)),
               most = std::max(std::abs(f), std::abs(h));
  if (least == 0) return 0;
  const double beside = std::abs(g);
  if (beside < most) {
    const double sum = 1 + least / most, difference = (most - least) / most, u = beside / most;
    return least * 2 / (std::sqrt(sum * sum + u * u) + std::sqrt(difference * difference + u * u));
  }
  const double u = most / beside;
  if (u == 0) return least * most / beside;
  const double sum = (1 + least / most) * u, difference = (most - least) / most * u;
  return 2 * (least * (1 / (std::sqrt(1 + sum * sum) + std::sqrt(1 + difference * difference)))) *
         u;
}

/// A QR step without a shift, which keeps all digits of small singular values.
void zero_shift_step(const Part& part) {
  part.begin_sweeps();
  const int64_t last = part.count() - 1;
  PlaneRotation right, left;
  for (int64_t i = 0; i < last; ++i) {
    right = PlaneRotation::of(part.d(i) * right.cosine, part.e(i));
    if (i > 0) part.e(i - 1) = left.sine * right.length;
    left = PlaneRotation::of(left.cosine * right.length, part.d(i + 1) * right.sine);
    part.d(i) = left.length;
    part.turn_right(i, right);
    part.turn_left(i, left);
  }
  const double rest = part.d(last) * right.cosine;
  part.d(last) = rest * left.cosine;
  part.e(last - 1) = rest * left.sine;
}

void shifted_step(const Part& part, double shift) {
  part.begin_sweeps();
  const int64_t last = part.count() - 1;
  const double start = part.d(0);
  double f = (std::abs(start) - shift) * (std::copysign(1.0, start) + shift / start);
  double g = part.e(0);
  for (int64_t i = 0; i < last; ++i) {
    const PlaneRotation right = PlaneRotation::of(f, g);
    if (i > 0) part.e(i - 1) = right.length;
    double &d = part.d(i), &e = part.e(i), &next = part.d(i + 1);
    f = right.cosine * d + right.sine * e;
    e = right.cosine * e - right.sine * d;
    g = right.sine * next;
    next *= right.cosine;
    const PlaneRotation left = PlaneRotation::of(f, g);
    d = left.length;
    f = left.cosine * e + left.sine * next;
    next = left.cosine * next - left.sine * e;
    if (i + 1 < last) {
      g = left.sine * part.e(i + 1);
      part.e(i + 1) *= left.cosine;
    }
    part.turn_right(i, right);
    part.turn_left(i, left);
  }
  part.e(last - 1) = f;
}

void qr_step(const Part& part, double smallest) {
  const int64_t last = part.count() - 1;
  double largest = 0;
  for (int64_t i = 0; i <= last; ++i) largest = std::max(largest, std::abs(part.d(i)));
  for (int64_t i = 0; i < last; ++i) largest = std::max(largest, std::abs(part.e(i)));
  // Where a shift would cost the digits of the smallest values.
  if (100 * static_cast<double>(part.count()) * smallest <= largest) return zero_shift_step(part);
  const double shift = smaller_value(part.d(last - 1), part.e(last - 1), part.d(last));
  const double ratio = shift / std::abs(part.d(0));
  ratio* ratio < kEpsilon ? zero_shift_step(part) : shifted_step(part, shift);
}

}  // namespace

template <class T>
bool diagonalize(int64_t n, Bidiagonal<T>& b) {
  double *d = b.diagonal.data(), *e = b.above.data();
  // Complex rows are rows of twice as many real numbers.
  constexpr int64_t kParts = sizeof(T) / sizeof(double);
  Rotations left(n, n * kParts, reinterpret_cast<double*>(b.qh.data()), b.stride * kParts);
  Rotations right(n, n * kParts, reinterpret_cast<double*>(b.ph.data()), b.stride * kParts);
  Part part{{d, e}, left, right};
  int64_t steps = 0;
  for (int64_t last = n - 1; last > 0;) {
    int64_t first = last;
    while (first > 0 && std::abs(e[first - 1]) > kNothing) --first;
    if (first > 0) e[first - 1] = 0;
    if (first == last) {
      --last;
      continue;
    }
    part.move_to(first, last);
    double smallest = 0;
    if (cut_part(part, smallest)) continue;
    if (++steps > 60 * n) return false;
    check_interrupt();
    qr_step(part, smallest);
  }
  left.finish();
  right.finish();
  for (int64_t k = 0; k < n; ++k) {
    if (d[k] >= 0) continue;
    d[k] = -d[k];
    for (int64_t j = 0; j < n; ++j) b.ph[static_cast<size_t>(k * b.stride + j)] *= -1.0;
  }
  return true;
}

template Bidiagonal<double> bidiagonal_form(int64_t, double*);
template Bidiagonal<std::complex<double>> bidiagonal_form(int64_t, std::complex<double>*);
template bool diagonalize(int64_t, Bidiagonal<double>&);
template bool diagonalize(int64_t, Bidiagonal<std::complex<double>>&);

}  // namespace tenon::cpu
