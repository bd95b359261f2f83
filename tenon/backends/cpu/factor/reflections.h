#pragma once

// Householder's reflections, one by one and many as one (Schreiber and Van Loan, 1989).

#include <cstdint>
#include <vector>

#include "tenon/backends/cpu/factor/blocks.h"
#include "tenon/backends/cpu/factor/numbers.h"

namespace tenon::cpu {

/// Reflections that are applied together, and columns that are reduced between two large products.
inline constexpr int64_t kPanel = 32;

/// H = I - scale v v^H over rows from `first` on.
template <class T>
struct Reflection {
  int64_t first;
  std::vector<T> v;
  T scale = 0;

  /// H a, or H^H a where `adjoint`, over columns `from` to `to` - 1.
  void apply(bool adjoint, Block<T> a, int64_t from, int64_t to, std::vector<T>& sums) const;
};

/// The Hermitian reflection that makes a multiple of the first unit vector of `v`, which lies from
/// row `first` on; `head` becomes that multiple. Its scale is 0 where nothing else is in `v` (or
/// too little to be squared, of matrices whose largest element is about 1).
template <class T>
Reflection<T> hermitian_reflection(int64_t first, std::vector<T> v, T& head);

/// Reflections k to k + count - 1 as one: I - V S V^H is the product of them, in their order. The
/// first row of each is one below that of the one before.
template <class T>
struct Panel {
  int64_t first, rows, count;
  std::vector<T> v, s;  ///< [rows, count] and [count, count], upper

  /// Of matrices of m rows.
  Panel(int64_t m, const Reflection<T>* reflections, int64_t k);
  /// c[rows, columns] times the product of the reflections, from the left; `adjoint`: in the other
  /// order.
  void apply(Block<T> c, int64_t columns, bool adjoint) const;

 private:
  void add_column(int64_t j, T scale, std::vector<T>& inner);
};

/// The first `columns` columns of the product of all reflections, as q[m, columns].
template <class T>
void product_of_reflections(int64_t m, int64_t columns,
                            const std::vector<Reflection<T>>& reflections, T* q);
/// Q^H of their product Q[n, n], rows `stride` apart.
template <class T>
std::vector<T> adjoint_of_product(int64_t n, const std::vector<Reflection<T>>& reflections,
                                  int64_t stride);

}  // namespace tenon::cpu
