// Eigenvalues of any matrix: A = Q T Q^H with an upper triangle T, by QR steps on Hessenberg's form
// (Golub and Van Loan, "Matrix Computations", chapter 7), all in complex numbers.

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tenon/backends/cpu/factor/blocks.h"
#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/base/long_work.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

using Complex = std::complex<double>;
constexpr int64_t kRows = 64;  // of a task
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// a (I - scale v v^H), where v lies over columns from `first` on.
void reflect_columns(int64_t n, int64_t first, double scale, const std::vector<Complex>& v,
                     Block<Complex> a) {
  for (int64_t i = 0; i < n; ++i) {
    Complex* row = a.row(i) + first;
    Complex sum;
    for (size_t j = 0; j < v.size(); ++j) sum += product(row[j], v[j]);
    sum *= scale;
    for (size_t j = 0; j < v.size(); ++j) row[j] -= product(sum, std::conj(v[j]));
  }
}

/// (I - scale v v^H) a, where v lies over rows from `first` on.
void reflect_rows(int64_t n, int64_t first, double scale, const std::vector<Complex>& v,
                  Block<Complex> a) {
  std::vector<Complex> sums(static_cast<size_t>(n));
  for (size_t i = 0; i < v.size(); ++i) {
    const Complex* row = a.row(first + static_cast<int64_t>(i));
    for (size_t j = 0; j < sums.size(); ++j) sums[j] += product(std::conj(v[i]), row[j]);
  }
  for (size_t i = 0; i < v.size(); ++i) {
    Complex* row = a.row(first + static_cast<int64_t>(i));
    const Complex factor = scale * v[i];
    for (size_t j = 0; j < sums.size(); ++j) row[j] -= product(factor, sums[j]);
  }
}

/// a = q h q^H with nothing below the first subdiagonal of h, which takes the place of a.
void hessenberg_form(int64_t n, Block<Complex> a, Block<Complex> q) {
  for (int64_t k = 0; k + 2 < n; ++k) {
    check_interrupt();
    std::vector<Complex> v;
    double tail = 0;
    for (int64_t i = k + 1; i < n; ++i) {
      v.push_back(a(i, k));
      if (i > k + 1) tail += squared_size(a(i, k));
    }
    if (tail == 0) continue;
    v[0] += phase(v[0]) * std::sqrt(squared_size(v[0]) + tail);
    const double scale = 2 / (squared_size(v[0]) + tail);
    reflect_rows(n, k + 1, scale, v, a);
    reflect_columns(n, k + 1, scale, v, a);
    reflect_columns(n, k + 1, scale, v, q);
    for (int64_t i = k + 2; i < n; ++i) a(i, k) = 0;
  }
}

/// The eigenvalue of h's 2 x 2 corner that ends at `last` which is nearer to its last element.
Complex shift_of(int64_t last, Block<Complex> h) {
  const Complex a = h(last - 1, last - 1), d = h(last, last);
  const Complex bc = h(last - 1, last) * h(last, last - 1);
  const Complex half = (a - d) / 2.0, root = std::sqrt(half * half + bc);
  const Complex larger = std::abs(half + root) > std::abs(half - root) ? half + root : half - root;
  return larger == 0.0 ? d : d - bc / larger;
}

/// [cosine, sine; -conj(sine), cosine] makes (x, 0) of two numbers.
struct Rotation {
  double cosine;
  Complex sine;

  static Rotation of(Complex f, Complex g) {
    const double length = std::hypot(std::abs(f), std::abs(g));
    if (length == 0) return {1, 0};
    return {std::abs(f) / length, phase(f) * std::conj(g) / length};
  }
  void turn(Complex& x, Complex& y) const {
    const Complex first = cosine * x + product(sine, y);
    y = cosine * y - product(std::conj(sine), x);
    x = first;
  }
};

/// One QR step on rows and columns `first` to `last` of h, with what it means for the rest of h and
/// for q.
void qr_step(int64_t n, int64_t first, int64_t last, Complex shift, Block<Complex> h,
             Block<Complex> q) {
  for (int64_t k = first; k <= last; ++k) h(k, k) -= shift;
  std::vector<Rotation> rotations;
  for (int64_t k = first; k < last; ++k) {
    rotations.push_back(Rotation::of(h(k, k), h(k + 1, k)));
    for (int64_t j = k; j < n; ++j) rotations.back().turn(h(k, j), h(k + 1, j));
    h(k + 1, k) = 0;
  }
  for (Rotation& rotation : rotations) rotation.sine = std::conj(rotation.sine);
  // Row by row, as the columns of a row lie side by side.
  const auto turn_row = [&](Complex* row, int64_t k) {
    for (; k < last; ++k) rotations[static_cast<size_t>(k - first)].turn(row[k], row[k + 1]);
  };
  for (int64_t i = 0; i <= last; ++i) turn_row(h.row(i), std::max(first, i - 1));
  parallel_for(n, kRows, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) turn_row(q.row(i), first);
  });
  for (int64_t k = first; k <= last; ++k) h(k, k) += shift;
}

/// Makes Hessenberg's form a triangle.
bool triangular_form(int64_t n, Block<Complex> h, Block<Complex> q) {
  int steps = 0;
  for (int64_t last = n - 1; last > 0;) {
    int64_t first = last;
    for (; first > 0; --first) {
      const double beside = std::abs(h(first - 1, first - 1)) + std::abs(h(first, first));
      if (std::abs(h(first, first - 1)) > kEpsilon * beside) continue;
      h(first, first - 1) = 0;
      break;
    }
    if (first == last) {
      --last;
      steps = 0;
      continue;
    }
    if (++steps > 60) return false;
    check_interrupt();
    // Now and then another shift, where the usual one turns in a circle.
    const bool stuck = steps % 10 == 0;
    qr_step(n, first, last,
            stuck ? Complex(std::abs(h(last, last - 1))) + h(last, last) : shift_of(last, h), h, q);
  }
  return true;
}

/// Eigenvector k of the triangle t, with 1 at place k.
std::vector<Complex> vector_of(int64_t k, Block<Complex> t, double smallest) {
  std::vector<Complex> x(static_cast<size_t>(k + 1));
  x.back() = 1;
  for (int64_t i = k; i-- > 0;) {
    Complex sum;
    for (int64_t j = i + 1; j <= k; ++j) sum += product(t(i, j), x[static_cast<size_t>(j)]);
    Complex gap = t(i, i) - t(k, k);
    if (std::abs(gap) < smallest) gap = smallest;  // equal values may have but one vector
    x[static_cast<size_t>(i)] = -sum / gap;
  }
  return x;
}

}  // namespace

bool general_eigen(int64_t n, Complex* a, Complex* values, Complex* v) {
  const Block<Complex> h{a, n}, vectors{v, n};
  std::vector<Complex> turned(static_cast<size_t>(n * n));
  const Block<Complex> q{turned.data(), n};
  for (int64_t i = 0; i < n; ++i) q(i, i) = 1;
  hessenberg_form(n, h, q);
  if (!triangular_form(n, h, q)) return false;
  double largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = i; j < n; ++j) largest = std::max(largest, std::abs(h(i, j)));
  }
  const double smallest = std::max(kEpsilon * largest, std::numeric_limits<double>::min());
  for (int64_t k = 0; k < n; ++k) {
    check_interrupt();
    values[k] = h(k, k);
    const std::vector<Complex> x = vector_of(k, h, smallest);
    double squares = 0;
    for (int64_t i = 0; i < n; ++i) {
      Complex sum;
      for (size_t j = 0; j < x.size(); ++j) sum += product(q.row(i)[j], x[j]);
      vectors(i, k) = sum;
      squares += squared_size(sum);
    }
    const Complex turn = std::conj(phase_of_largest(n, v + k, n)) / std::sqrt(squares);
    for (int64_t i = 0; i < n; ++i) vectors(i, k) *= turn;
  }
  return true;
}

}  // namespace tenon::cpu
