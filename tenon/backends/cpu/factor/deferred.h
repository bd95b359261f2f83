#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tenon/backends/cpu/factor/blocks.h"
#include "tenon/backends/cpu/factor/numbers.h"

namespace tenon::cpu {

/// A matrix of which products of columns and rows are still to be subtracted: A = a - L R^H. What a
/// reduction looks at next is brought up to date by itself, the rest now and then by one product of
/// matrices (Dongarra, Sorensen and Hammarling, 1989).
template <class T>
class Deferred {
 public:
  /// For up to `most` columns of L and R.
  Deferred(int64_t n, Block<T> a, int64_t most)
      : n_(n),
        a_(a),
        most_(most),
        left_(static_cast<size_t>(n * most)),
        right_(static_cast<size_t>(n * most)),
        sums_(static_cast<size_t>(most)) {}

  bool has_room(int64_t columns) const { return count_ + columns <= most_; }

  /// One column of L, which begins in row `row`, and of R, for columns of A from `column` on. Above
  /// them nothing will be looked at any more.
  void add(int64_t row, const std::vector<T>& left, int64_t column, const std::vector<T>& right) {
    for (size_t i = 0; i < left.size(); ++i) left_block().row(row)[i * stride() + count_] = left[i];
    for (size_t i = 0; i < right.size(); ++i)
      right_block().row(column)[i * stride() + count_] = right[i];
    ++count_;
  }

  /// Rows from `first` on of a column of A, in their place.
  void update_column(int64_t column, int64_t first) {
    const T* right = right_block().row(column);
    for (int64_t i = first; count_ != 0 && i < n_; ++i) {
      const T* left = left_block().row(i);
      a_(i, column) -=
          sum_of<T>(count_, [=](int64_t k) { return product(left[k], conjugate(right[k])); });
    }
  }
  /// Columns from `first` on of a row of A, in their place.
  void update_row(int64_t row, int64_t first) {
    const T* left = left_block().row(row);
    for (int64_t j = first; count_ != 0 && j < n_; ++j) {
      const T* right = right_block().row(j);
      a_(row, j) -=
          sum_of<T>(count_, [=](int64_t k) { return product(left[k], conjugate(right[k])); });
    }
  }

  /// A x of rows and columns from `row` and `column` on.
  std::vector<T> times(int64_t row, int64_t column, const std::vector<T>& x) {
    std::vector<T> y(static_cast<size_t>(n_ - row));
    add_times<T>(n_ - row, n_ - column, a_.at(row, column), x.data(), y.data());
    subtract_rest(n_ - row, left_block().at(row, 0), n_ - column, right_block().at(column, 0), x,
                  y);
    return y;
  }
  /// A^H x of them.
  std::vector<T> adjoint_times(int64_t row, int64_t column, const std::vector<T>& x) {
    std::vector<T> y(static_cast<size_t>(n_ - column));
    add_adjoint_times<T>(n_ - row, n_ - column, a_.at(row, column), x.data(), y.data());
    subtract_rest(n_ - column, right_block().at(column, 0), n_ - row, left_block().at(row, 0), x,
                  y);
    return y;
  }

  /// Subtracts all of it from rows and columns from `row` and `column` on.
  void subtract(int64_t row, int64_t column) {
    subtract_adjoint_product<T>(n_ - row, n_ - column, count_, left_block().at(row, 0),
                                right_block().at(column, 0), a_.at(row, column));
    count_ = 0;
  }

 private:
  size_t stride() const { return static_cast<size_t>(most_); }
  Block<T> left_block() { return {left_.data(), most_}; }
  Block<T> right_block() { return {right_.data(), most_}; }

  /// y[m] -= p q^H x, of p[m, count_] and q[n, count_].
  void subtract_rest(int64_t m, Block<T> p, int64_t n, Block<T> q, const std::vector<T>& x,
                     std::vector<T>& y) {
    std::fill_n(sums_.begin(), count_, T(0));
    add_adjoint_times<T>(n, count_, q, x.data(), sums_.data());
    for (int64_t k = 0; k < count_; ++k) sums_[static_cast<size_t>(k)] *= -1.0;
    add_times<T>(m, count_, p, sums_.data(), y.data());
  }

  int64_t n_;
  Block<T> a_;
  int64_t most_, count_ = 0;
  std::vector<T> left_, right_, sums_;  ///< L and R [n, most]
};

}  // namespace tenon::cpu
