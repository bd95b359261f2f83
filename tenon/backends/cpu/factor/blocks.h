#pragma once

// Parts of row-major matrices, and what blocked factors do with them.

#include <complex>
#include <cstdint>
#include <type_traits>

namespace tenon::cpu {

/// A part of a matrix whose rows are `stride` elements apart.
template <class T>
struct Block {
  T* data;
  int64_t stride;

  Block(T* first, int64_t width) : data(first), stride(width) {}
  /// What may be written may be read.
  template <class Other>
  requires(std::is_same_v<const Other, T>) Block(const Block<Other>& other)
      : data(other.data), stride(other.stride) {}
  T* row(int64_t i) const { return data + i * stride; }
  T& operator()(int64_t i, int64_t j) const { return data[i * stride + j]; }
  Block at(int64_t i, int64_t j) const { return {data + i * stride + j, stride}; }
};

/// b[n, m] = a[m, n]^H.
template <class T>
void write_adjoint(int64_t m, int64_t n, Block<const T> a, Block<T> b);

/// y[m] += a[m, n] x[n].
template <class T>
void add_times(int64_t m, int64_t n, Block<const T> a, const T* x, T* y);
/// y[n] += a[m, n]^H x[m].
template <class T>
void add_adjoint_times(int64_t m, int64_t n, Block<const T> a, const T* x, T* y);

/// c[m, n] -= a[m, k] b[k, n].
template <class T>
void subtract_product(int64_t m, int64_t n, int64_t k, Block<const T> a, Block<const T> b,
                      Block<T> c);
/// c[m, n] -= a[m, k] b[n, k]^H.
template <class T>
void subtract_adjoint_product(int64_t m, int64_t n, int64_t k, Block<const T> a, Block<const T> b,
                              Block<T> c);

}  // namespace tenon::cpu
