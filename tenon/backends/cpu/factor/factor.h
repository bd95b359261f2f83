#pragma once

#include <cstdint>
#include <vector>

// Factors of one matrix, in float64, whatever the tensors hold: row-major, rows one after the
// other. Every sum has one order, on one thread; batches are what runs in parallel.

namespace tenon::cpu {

/// a[n, n] = P L U in the place of `a`: U on and above the diagonal, L (with ones on its diagonal)
/// below. Row i was exchanged with row pivots[i], the one with the largest element of what was left
/// of its column. Returns the sign of P; 0 where a pivot is 0, with the rest factored all the same.
int lu_factor(int64_t n, double* a, int64_t* pivots);
/// b[n, m] = a^-1 b with what lu_factor made of `a`.
void lu_solve(int64_t n, int64_t m, const double* lu, const int64_t* pivots, double* b);

/// The lower triangle of a[n, n] = L L^T in its place, zeros above. Returns -1, or the number of
/// the first row at which `a` turns out not to be positive definite.
int64_t cholesky_factor(int64_t n, double* a);

struct Triangle {
  bool upper, unit;  ///< unit: the diagonal counts as ones
};
/// b[n, m] = t^-1 b for the triangle of t[n, n].
void solve_triangle(int64_t n, int64_t m, const double* t, Triangle triangle, double* b);

/// a[m, n] = Q R by Householder's reflections: R [columns, n] and Q [m, columns], where `columns`
/// is m, or min(m, n).
void qr_factor(int64_t m, int64_t n, int64_t columns, double* a, double* q, double* r);

/// Eigenvalues, ascending, and eigenvectors, the columns of v[n, n], of the symmetric a[n, n],
/// which is overwritten: Householder's tridiagonal form, and QL steps with implicit shifts. The
/// first of the largest elements of each vector is positive. False where 50 steps a value didn't
/// do.
bool symmetric_eigen(int64_t n, double* a, double* values, double* v);

/// a[m, n] = U diag(s) V^T with s[k] descending, k = min(m, n): u[m, u_columns], vt[vt_rows, n],
/// each with k or all of its columns or rows. Jacobi's rotations from one side, which find small
/// singular values to their last digits. The first of the largest elements of each of the k left
/// vectors is positive. False where 60 sweeps didn't do.
bool svd_factor(int64_t m, int64_t n, const double* a, int64_t u_columns, int64_t vt_rows,
                double* u, double* s, double* vt);

}  // namespace tenon::cpu
