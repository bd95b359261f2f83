#pragma once

#include <complex>
#include <cstdint>
#include <vector>

// Factors of one matrix, in double precision, whatever the tensors hold: row-major, rows one after
// the other. T is double or std::complex<double>; A^H is the conjugate transpose, of real numbers
// the transpose. Every sum has one order, for any number of threads.

namespace tenon::cpu {

/// a[n, n] = P L U in the place of `a`: U on and above the diagonal, L (with ones on its diagonal)
/// below. Row i was exchanged with row pivots[i], the one with the largest element of what was left
/// of its column. Returns the sign of P; 0 where a pivot is 0, with the rest factored all the same.
template <class T>
int lu_factor(int64_t n, T* a, int64_t* pivots);
/// b[n, m] = a^-1 b with what lu_factor made of `a`.
template <class T>
void lu_solve(int64_t n, int64_t m, const T* lu, const int64_t* pivots, T* b);

/// The lower triangle of a[n, n] = L L^H in its place, zeros above. Of the diagonal the real part
/// is read. Returns -1, or the number of the first row at which `a` turns out not to be positive
/// definite.
template <class T>
int64_t cholesky_factor(int64_t n, T* a);

struct Triangle {
  bool upper, unit;  ///< unit: the diagonal counts as ones
};
/// b[n, m] = t^-1 b for the triangle of t[n, n].
template <class T>
void solve_triangle(int64_t n, int64_t m, const T* t, Triangle triangle, T* b);

/// a[m, n] = Q R by Householder's reflections: R [columns, n], with a real diagonal, and Q [m,
/// columns], where `columns` is m, or min(m, n).
template <class T>
void qr_factor(int64_t m, int64_t n, int64_t columns, T* a, T* q, T* r);

/// Eigenvalues, ascending, and eigenvectors, the columns of v[n, n], of the Hermitian a[n, n],
/// which is overwritten: Householder's tridiagonal form, and QR steps with implicit shifts. The
/// first of the largest elements of each vector is positive. False where 60 steps a value didn't
/// do.
template <class T>
bool hermitian_eigen(int64_t n, T* a, double* values, T* v);

/// Eigenvalues and eigenvectors of length 1, the columns of v[n, n], of any a[n, n], which is
/// overwritten: Hessenberg's form, and QR steps with shifts. The first of the largest elements of
/// each vector is positive. False where 60 steps a value didn't do.
template <class T>
bool general_eigen(int64_t n, T* a, std::complex<double>* values, std::complex<double>* v);

/// a[m, n] = U diag(s) V^H with s[k] descending, k = min(m, n): u[m, u_columns], vh[vh_rows, n],
/// each with k or all of its columns or rows. Where k is small by Jacobi's rotations from one side,
/// which find small singular values to their last digits; else by QR steps on a bidiagonal form,
/// which find all to the last digits of the largest one. The first of the largest elements of each
/// of the k left vectors is positive. False where 60 sweeps, or steps a value, didn't do.
template <class T>
bool svd_factor(int64_t m, int64_t n, const T* a, int64_t u_columns, int64_t vh_rows, T* u,
                double* s, T* vh);

/// y[n, n] = e^a for a[n, n]: Pade's approximation of degree 13 of a / 2^s, squared s times. NaN
/// where `a` holds NaN or infinite numbers.
template <class T>
void matrix_exp(int64_t n, const T* a, T* y);

}  // namespace tenon::cpu
