#pragma once

#include <cstdint>
#include <vector>

namespace tenon::cpu {

/// A square matrix as Q B P^H with a real B: its diagonal, what stands above that, and Q^H and P^H,
/// row by row, so that rotations of columns of Q and P run along memory.
template <class T>
struct Bidiagonal {
  std::vector<double> diagonal, above;
  int64_t stride;
  std::vector<T> qh, ph;  ///< rows `stride` apart
};

/// a[n, n], whose largest element is about 1 and which is overwritten, by Householder's reflections
/// from both sides.
template <class T>
Bidiagonal<T> bidiagonal_form(int64_t n, T* a);

/// Makes B diagonal and not negative by QR steps with implicit shifts (Demmel and Kahan, 1990:
/// "Accurate singular values of bidiagonal matrices"), so that the rows of Q^H and P^H become the
/// singular vectors. False where 60 steps a value didn't do.
template <class T>
bool diagonalize(int64_t n, Bidiagonal<T>& b);

}  // namespace tenon::cpu
