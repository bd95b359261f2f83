// Kernels of systems of equations and of matrix factors: one task a matrix, in double precision.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenon/backends/cpu/factor/factor.h"
#include "tenon/backends/cpu/factor/numbers.h"
#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

using Complex = std::complex<double>;

/// The matrices of an input as T.
template <class T>
struct Matrices {
  Tensor values;
  int64_t rows, columns;

  explicit Matrices(const Tensor& x)
      : values(row_major(converted(x, dtype_of<T>))), rows(x.size(-2)), columns(x.size(-1)) {}
  int64_t size() const { return rows * columns; }
  const T* operator[](int64_t i) const { return values.data<T>() + i * size(); }
  std::vector<T> copy(int64_t i) const { return {(*this)[i], (*this)[i] + size()}; }
};

/// A result that is made in T and converted where the tensor is of another dtype.
template <class T>
class Result {
 public:
  explicit Result(const Tensor& output)
      : output_(output),
        values_(output.dtype() == dtype_of<T> ? output : new_tensor(output.sizes(), dtype_of<T>)) {}
  /// The part of matrix i of `count`.
  T* part(int64_t i, int64_t count) const {
    return values_.data<T>() + (count == 0 ? 0 : values_.numel() / count * i);
  }
  void finish() const {
    if (output_.dtype() == dtype_of<T>) return;
    const Tensor rounded = converted(values_, output_.dtype());
    copy_strided(output_.sizes(), memory_of(rounded), memory_of(output_), output_.itemsize());
  }

 private:
  Tensor output_, values_;
};

int64_t matrix_count(const Tensor& x) {
  int64_t count = 1;
  for (size_t i = 0; i + 2 < x.sizes().size(); ++i) count *= x.sizes()[i];
  return count;
}

/// Runs `work(i)` for each matrix of `x`; where it says false, a ValueError names the matrix.
template <class Work>
void for_matrices(const Call& call, const Tensor& x, const char* complaint, Work work) {
  const int64_t count = matrix_count(x);
  std::vector<uint8_t> failed(static_cast<size_t>(count));
  parallel_for(count, rows_per_chunk(x.size(-1) * x.size(-2) * 16),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i)
                   failed[static_cast<size_t>(i)] = work(i) ? 0 : 1;
               });
  const auto first = std::find(failed.begin(), failed.end(), 1);
  if (first == failed.end()) return;
  const std::string which =
      x.dim() > 2 ? fmt::format("matrix {} of the batch", first - failed.begin()) : "the matrix";
  fail<ValueError>(call.op.name, fmt::format("{} {}", which, complaint));
}

/// The kernel for the numbers that the call's first input is factored in.
template <auto real, auto complex>
void by_number(const Call& call, std::span<Tensor> outputs) {
  (call.input(0).is_complex() ? complex : real)(call, outputs);
}

template <class T>
void solve_matrix_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0)), b(call.input(1));
  const Result<T> x(outputs[0]);
  const int64_t count = matrix_count(a.values);
  for_matrices(call, a.values, "is singular: it has no inverse", [&](int64_t i) {
    std::vector<T> lu = a.copy(i);
    std::vector<int64_t> pivots(static_cast<size_t>(a.rows));
    if (lu_factor(a.rows, lu.data(), pivots.data()) == 0) return false;
    T* solution = x.part(i, count);
    std::copy_n(b[i], b.size(), solution);
    lu_solve(a.rows, b.columns, lu.data(), pivots.data(), solution);
    return true;
  });
  x.finish();
}

/// Matrices that aren't square are factored as the upper left part of one that is, with zeros in
/// its other rows or columns: these are never chosen before the others, and change nothing.
template <class T>
void lu_factor_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<T> factors(outputs[0]);
  const int64_t count = matrix_count(a.values), n = std::max(a.rows, a.columns);
  const int64_t known = std::min(a.rows, a.columns);
  int32_t* const pivots = outputs[1].data<int32_t>();
  for_matrices(call, a.values, "", [&](int64_t i) {
    std::vector<T> lu(static_cast<size_t>(n * n));
    for (int64_t row = 0; row < a.rows; ++row) {
      std::copy_n(a[i] + row * a.columns, a.columns, lu.data() + row * n);
    }
    std::vector<int64_t> chosen(static_cast<size_t>(n));
    lu_factor(n, lu.data(), chosen.data());
    T* const to = factors.part(i, count);
    for (int64_t row = 0; row < a.rows; ++row) {
      std::copy_n(lu.data() + row * n, a.columns, to + row * a.columns);
    }
    for (int64_t k = 0; k < known; ++k) {
      pivots[i * known + k] = static_cast<int32_t>(chosen[static_cast<size_t>(k)] + 1);
    }
    return true;
  });
  factors.finish();
}

void pivot_rows_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor pivots = row_major(call.input(0));
  const int64_t known = pivots.size(-1), rows = outputs[0].size(-1);
  const int64_t count = known == 0 ? 0 : pivots.numel() / known;
  int64_t* places = outputs[0].data<int64_t>();
  for (int64_t i = 0; i < outputs[0].numel(); ++i) places[i] = i % rows;
  for (int64_t i = 0; i < count; ++i, places += rows) {
    for (int64_t k = 0; k < known; ++k) {
      const int64_t other = pivots.data<int32_t>()[i * known + k];
      if (other < 1 || other > rows) {
        fail<ValueError>(call.op.name,
                         fmt::format("expected pivots from 1 to {}, got {}", rows, other));
      }
      std::swap(places[k], places[other - 1]);
    }
  }
}

template <class T>
void matrix_exp_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<T> result(outputs[0]);
  const int64_t count = matrix_count(a.values);
  for_matrices(call, a.values, "", [&](int64_t i) {
    matrix_exp(a.rows, a[i], result.part(i, count));
    return true;
  });
  result.finish();
}

template <class T>
void solve_triangle_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0)), b(call.input(1));
  const Result<T> x(outputs[0]);
  const int64_t count = matrix_count(a.values);
  const Triangle triangle{call.get<bool>(0), call.get<bool>(1)};
  for_matrices(call, a.values, "", [&](int64_t i) {
    T* solution = x.part(i, count);
    std::copy_n(b[i], b.size(), solution);
    solve_triangle(a.rows, b.columns, a[i], triangle, solution);
    return true;
  });
  x.finish();
}

template <class T>
void det_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<T> det(outputs[0]);
  const int64_t count = matrix_count(a.values);
  for_matrices(call, a.values, "", [&](int64_t i) {
    std::vector<T> lu = a.copy(i);
    std::vector<int64_t> pivots(static_cast<size_t>(a.rows));
    T product = lu_factor(a.rows, lu.data(), pivots.data());
    for (int64_t k = 0; k < a.rows; ++k) product *= lu[static_cast<size_t>(k * a.rows + k)];
    *det.part(i, count) = product;
    return true;
  });
  det.finish();
}

template <class T>
void slogdet_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<T> signs(outputs[0]);
  const Result<double> logarithms(outputs[1]);
  const int64_t count = matrix_count(a.values);
  for_matrices(call, a.values, "", [&](int64_t i) {
    std::vector<T> lu = a.copy(i);
    std::vector<int64_t> pivots(static_cast<size_t>(a.rows));
    T sign = lu_factor(a.rows, lu.data(), pivots.data());
    double logarithm = 0;
    for (int64_t k = 0; k < a.rows; ++k) {
      const T pivot = lu[static_cast<size_t>(k * a.rows + k)];
      sign *= phase(pivot);
      logarithm += std::log(std::abs(pivot));
    }
    *signs.part(i, count) = sign;
    *logarithms.part(i, count) =
        sign == T(0) ? -std::numeric_limits<double>::infinity() : logarithm;
    return true;
  });
  signs.finish();
  logarithms.finish();
}

/// The factor L of matrix `a`, of which the lower triangle is read, or U of its upper one. The
/// number of the pivot that isn't positive, or -1.
template <class T>
int64_t cholesky_of(int64_t n, const T* a, bool upper, T* l) {
  std::copy_n(a, n * n, l);
  if (upper) {  // the triangle that is read is the upper one
    for (int64_t row = 0; row < n; ++row) {
      for (int64_t column = 0; column < row; ++column)
        l[row * n + column] = conjugate(a[column * n + row]);
    }
  }
  const int64_t failed = cholesky_factor(n, l);
  for (int64_t row = 0; upper && row < n; ++row) {
    for (int64_t column = 0; column < row; ++column) {
      l[column * n + row] = conjugate(l[row * n + column]);
      l[row * n + column] = 0;
    }
  }
  return failed;
}

template <class T>
void cholesky_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<T> factor(outputs[0]);
  const int64_t count = matrix_count(a.values);
  for_matrices(call, a.values, "is not positive definite", [&](int64_t i) {
    return cholesky_of(a.rows, a[i], call.get<bool>(0), factor.part(i, count)) < 0;
  });
  factor.finish();
}

template <class T>
void cholesky_ex_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<T> factor(outputs[0]);
  const int64_t count = matrix_count(a.values);
  int32_t* const info = outputs[1].data<int32_t>();
  for_matrices(call, a.values, "", [&](int64_t i) {
    T* const l = factor.part(i, count);
    const int64_t failed = cholesky_of(a.rows, a[i], call.get<bool>(0), l);
    info[i] = static_cast<int32_t>(failed + 1);
    if (failed >= 0) std::fill_n(l, a.size(), T(std::numeric_limits<double>::quiet_NaN()));
    return true;
  });
  factor.finish();
}

template <class T>
void qr_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<T> q(outputs[0]), r(outputs[1]);
  const int64_t count = matrix_count(a.values);
  for_matrices(call, a.values, "", [&](int64_t i) {
    std::vector<T> work = a.copy(i);
    qr_factor(a.rows, a.columns, outputs[0].size(-1), work.data(), q.part(i, count),
              r.part(i, count));
    return true;
  });
  q.finish();
  r.finish();
}

constexpr const char* kNotFinite = "has no such decomposition: it holds NaN or infinite numbers";

template <class T>
bool is_finite(const std::vector<T>& values) {
  return std::all_of(values.begin(), values.end(), [](T x) { return std::isfinite(std::abs(x)); });
}

template <class T>
void eigh_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<double> values(outputs[0]);
  const Result<T> vectors(outputs[1]);
  const int64_t count = matrix_count(a.values), n = a.rows;
  const bool lower = call.get<std::string_view>(0) == "L";
  for_matrices(call, a.values, kNotFinite, [&](int64_t i) {
    std::vector<T> work = a.copy(i);
    for (int64_t row = 0; row < n; ++row) {
      for (int64_t column = 0; column < row; ++column) {
        T &below = work[static_cast<size_t>(row * n + column)],
          &above = work[static_cast<size_t>(column * n + row)];
        (lower ? above : below) = conjugate(lower ? below : above);
      }
      T& element = work[static_cast<size_t>(row * n + row)];
      element = real_part(element);
    }
    return is_finite(work) &&
           hermitian_eigen(n, work.data(), values.part(i, count), vectors.part(i, count));
  });
  values.finish();
  vectors.finish();
}

template <class T>
void eig_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<Complex> values(outputs[0]), vectors(outputs[1]);
  const int64_t count = matrix_count(a.values);
  for_matrices(call, a.values, kNotFinite, [&](int64_t i) {
    std::vector<T> work = a.copy(i);
    return is_finite(work) &&
           general_eigen(a.rows, work.data(), values.part(i, count), vectors.part(i, count));
  });
  values.finish();
  vectors.finish();
}

template <class T>
void svd_kernel(const Call& call, std::span<Tensor> outputs) {
  const Matrices<T> a(call.input(0));
  const Result<T> u(outputs[0]), vh(outputs[2]);
  const Result<double> s(outputs[1]);
  const int64_t count = matrix_count(a.values);
  for_matrices(call, a.values, kNotFinite, [&](int64_t i) {
    return is_finite(a.copy(i)) &&
           svd_factor(a.rows, a.columns, a[i], outputs[0].size(-1), outputs[2].size(-2),
                      u.part(i, count), s.part(i, count), vh.part(i, count));
  });
  u.finish();
  s.finish();
  vh.finish();
}

}  // namespace

void register_factors() {
  const auto add = [](OpId op, Kernel kernel) { register_kernel(op, kCpu.type, kernel); };
  add(OpId::kSolveMatrix, by_number<solve_matrix_kernel<double>, solve_matrix_kernel<Complex>>);
  add(OpId::kSolveTriangle,
      by_number<solve_triangle_kernel<double>, solve_triangle_kernel<Complex>>);
  add(OpId::kLinalgLuFactor, by_number<lu_factor_kernel<double>, lu_factor_kernel<Complex>>);
  add(OpId::kPivotRows, pivot_rows_kernel);
  add(OpId::kLinalgMatrixExp, by_number<matrix_exp_kernel<double>, matrix_exp_kernel<Complex>>);
  add(OpId::kLinalgDet, by_number<det_kernel<double>, det_kernel<Complex>>);
  add(OpId::kLinalgSlogdet, by_number<slogdet_kernel<double>, slogdet_kernel<Complex>>);
  add(OpId::kLinalgCholesky, by_number<cholesky_kernel<double>, cholesky_kernel<Complex>>);
  add(OpId::kLinalgCholeskyEx, by_number<cholesky_ex_kernel<double>, cholesky_ex_kernel<Complex>>);
  add(OpId::kHouseholderQr, by_number<qr_kernel<double>, qr_kernel<Complex>>);
  add(OpId::kLinalgEigh, by_number<eigh_kernel<double>, eigh_kernel<Complex>>);
  add(OpId::kLinalgEig, by_number<eig_kernel<double>, eig_kernel<Complex>>);
  add(OpId::kLinalgSvd, by_number<svd_kernel<double>, svd_kernel<Complex>>);
}

}  // namespace tenon::cpu
