// Eigenvalues of any matrix: A = Q T Q^H with an upper triangle T, by QR steps on Hessenberg's form
// (Golub and Van Loan, "Matrix Computations", chapter 7), which are made in complex numbers.

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tenon/backends/cpu/factor/blocks.h"
#include "tenon/backends/cpu/factor/deferred.h"
#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/backends/cpu/factor/reflections.h"
#include "tenon/backends/cpu/factor/rotations.h"
#include "tenon/base/long_work.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

using Complex = std::complex<double>;
constexpr int64_t kRows = 64, kVectors = 16;  // of a task
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// a = Q h Q^H with nothing below the first subdiagonal of h, which takes the place of a: the
/// reflections whose product Q is.
template <class T>
std::vector<Reflection<T>> hessenberg_form(int64_t n, Block<T> a) {
  Deferred<T> deferred(n, a, 2 * std::min(n, kPanel));
  std::vector<Reflection<T>> reflections;
  for (int64_t k = 0; k < n; ++k) {
    check_interrupt();
    if (!deferred.has_room(2)) deferred.subtract(0, k);
    deferred.update_column(k, 0);
    if (k + 2 >= n) continue;
    std::vector<T> column;
    for (int64_t i = k + 1; i < n; ++i) column.push_back(a(i, k));
    reflections.push_back(hermitian_reflection(k + 1, std::move(column), a(k + 1, k)));
    for (int64_t i = k + 2; i < n; ++i) a(i, k) = 0;
    const auto& [first, v, scale] = reflections.back();
    if (scale == T(0)) continue;
    // A becomes A - y v^H - v z^H with y = scale A v and z = scale (A - y v^H)^H v.
    std::vector<T> y = deferred.times(0, first, v), z = deferred.adjoint_times(first, first, v);
    for (T& element : y) element *= scale;
    T inner{};
    for (size_t i = 0; i < v.size(); ++i) {
      inner += product(conjugate(y[i + static_cast<size_t>(first)]), v[i]);
    }
    for (size_t i = 0; i < v.size(); ++i) z[i] = scale * (z[i] - product(v[i], inner));
    std::vector<T> whole(static_cast<size_t>(first));
    whole.insert(whole.end(), v.begin(), v.end());
    deferred.add(0, y, first, v);
    deferred.add(0, whole, first, z);
  }
  return reflections;
}

/// The eigenvalue of h's 2 x 2 corner that ends at `last` which is nearer to its last element.
Complex shift_of(int64_t last, Block<Complex> h) {
  const Complex a = h(last - 1, last - 1), d = h(last, last);
  const Complex bc = h(last - 1, last) * h(last, last - 1);
  const Complex half = (a - d) / 2.0, root = std::sqrt(half * half + bc);
  const Complex larger = std::abs(half + root) > std::abs(half - root) ? half + root : half - root;
  return larger == 0.0 ? d : d - bc / larger;
}

/// |x|, by the slow way only where its square loses digits.
double size_of(Complex x) {
  const double squares = squared_size(x);
  return squares > 1e-280 && squares < 1e280 ? std::sqrt(squares) : std::abs(x);
}

/// What makes (x, 0) of two numbers.
ComplexRotation rotation_of(Complex f, Complex g) {
  const double size = size_of(f), length = size_of({size, size_of(g)});
  if (length == 0) return {1, 0};
  const Complex phase = size == 0 ? 1 : f / size;
  return {size / length, product(phase, std::conj(g)) / length};
}

/// Turns columns `first` to `last` of rows `begin` to `end` - 1 of h, of which row i has nothing
/// left of column i - 1.
void turn_columns_of(int64_t first, int64_t last, const ComplexRotation* rotations, int64_t begin,
                     int64_t end, Block<Complex> h) {
  constexpr int64_t kTogether = 4;
  for (int64_t i = begin; i < end; i += kTogether) {
    const int64_t rows = std::min(kTogether, end - i);
    const int64_t start = std::min(last, std::max(first, i + rows - 2));  // of the last of them
    for (int64_t row = i; row < i + rows; ++row) {
      const int64_t own = std::max(first, row - 1);
      if (own < start)
        turn_neighbours(start - own, rotations + own - first, 1, h.row(row) + own, 0);
    }
    turn_neighbours(last - start, rotations + start - first, rows, h.row(i) + start, h.stride);
  }
}

/// One QR step on rows and columns `first` to `last` of h, with what it means for the rest of h and
/// for the rows of Q^H.
void qr_step(int64_t n, int64_t first, int64_t last, Complex shift, Block<Complex> h,
             Rotations& rows) {
  for (int64_t k = first; k <= last; ++k) h(k, k) -= shift;
  std::vector<ComplexRotation> rotations;
  rows.begin_sweep(false);
  for (int64_t k = first; k < last; ++k) {
    rotations.push_back(rotation_of(h(k, k), h(k + 1, k)));
    turn_two_rows(n - k, rotations.back(), h.row(k) + k, h.row(k + 1) + k);
    h(k + 1, k) = 0;
    rows.add(k, rotations.back().cosine, rotations.back().sine);
  }
  for (ComplexRotation& rotation : rotations) rotation.sine = std::conj(rotation.sine);
  parallel_for(last + 1, kRows, [&](int64_t begin, int64_t end) {
    turn_columns_of(first, last, rotations.data(), begin, end, h);
  });
  for (int64_t k = first; k <= last; ++k) h(k, k) += shift;
}

/// A size that is quick to compute.
double sum_of_parts(Complex x) { return std::abs(x.real()) + std::abs(x.imag()); }

/// Makes Hessenberg's form a triangle.
bool triangular_form(int64_t n, Block<Complex> h, Rotations& rows) {
  int steps = 0;
  for (int64_t last = n - 1; last > 0;) {
    int64_t first = last;
    for (; first > 0; --first) {
      const double beside = sum_of_parts(h(first - 1, first - 1)) + sum_of_parts(h(first, first));
      if (sum_of_parts(h(first, first - 1)) > kEpsilon * beside) continue;
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
            stuck ? Complex(std::abs(h(last, last - 1))) + h(last, last) : shift_of(last, h), h,
            rows);
  }
  rows.finish();
  return true;
}

/// The conjugate of eigenvector k of the triangle t, with 1 at place k.
void write_vector(int64_t k, Block<Complex> t, double smallest, Complex* x) {
  x[k] = 1;
  for (int64_t i = k; i-- > 0;) {
    const Complex *row = t.row(i) + i + 1, *known = x + i + 1;
    const Complex sum =
        sum_of<Complex>(k - i, [=](int64_t j) { return product(row[j], std::conj(known[j])); });
    Complex gap = t(i, i) - t(k, k);
    if (std::abs(gap) < smallest) gap = smallest;  // equal values may have but one vector
    x[i] = std::conj(-sum / gap);
  }
}

/// The eigenvectors of Q t Q^H, the columns of v, from the rows of Q^H.
void write_vectors(int64_t n, Block<Complex> t, Block<const Complex> qh, Block<Complex> v) {
  double largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = i; j < n; ++j) largest = std::max(largest, std::abs(t(i, j)));
  }
  const double smallest = std::max(kEpsilon * largest, std::numeric_limits<double>::min());
  std::vector<Complex> of_triangle(static_cast<size_t>(n * n)), adjoint(of_triangle);
  std::vector<Complex> turned(static_cast<size_t>(2 * n * n));
  const Block<Complex> xh{of_triangle.data(), n}, vh{adjoint.data(), n};
  parallel_for(n, kVectors, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) write_vector(k, t, smallest, xh.row(k));
  });
  // vh -= xh qh, whose sign makes no difference: (real, imaginary) rows of xh times those of qh and
  // of i qh in turn.
  for (int64_t i = 0; i < n; ++i) {
    Complex* const row = turned.data() + 2 * i * n;
    for (int64_t j = 0; j < n; ++j) {
      row[j] = qh(i, j);
      row[n + j] = {-qh(i, j).imag(), qh(i, j).real()};
    }
  }
  const auto parts = [=](Complex* x) { return Block<double>{reinterpret_cast<double*>(x), 2 * n}; };
  subtract_product<double>(n, 2 * n, 2 * n, parts(xh.data), parts(turned.data()), parts(vh.data));
  for (int64_t k = 0; k < n; ++k) {
    Complex* const row = vh.row(k);
    const double squares = sum_of<double>(n, [=](int64_t i) { return squared_size(row[i]); });
    const Complex turn = std::conj(phase_of_largest(n, row)) / std::sqrt(squares);
    for (int64_t i = 0; i < n; ++i) row[i] = product(row[i], turn);
  }
  write_adjoint<Complex>(n, n, vh, v);
}

}  // namespace

template <class T>
bool general_eigen(int64_t n, T* a, Complex* values, Complex* v) {
  const double scale = scale_to_one(n * n, a);
  const std::vector<Reflection<T>> reflections = hessenberg_form(n, Block<T>{a, n});
  const int64_t stride = Rotations::stride_of<Complex>(n);
  const std::vector<T> adjoint = adjoint_of_product(n, reflections, stride);
  std::vector<Complex> triangle(a, a + n * n), qh(adjoint.begin(), adjoint.end());
  const Block<Complex> h{triangle.data(), n};
  Rotations rows(n, 2 * n, reinterpret_cast<double*>(qh.data()), 2 * stride, true);
  if (!triangular_form(n, h, rows)) return false;
  for (int64_t k = 0; k < n; ++k) values[k] = h(k, k) * scale;
  write_vectors(n, h, Block<const Complex>{qh.data(), stride}, Block<Complex>{v, n});
  return true;
}

template bool general_eigen(int64_t, double*, Complex*, Complex*);
template bool general_eigen(int64_t, Complex*, Complex*, Complex*);

}  // namespace tenon::cpu
