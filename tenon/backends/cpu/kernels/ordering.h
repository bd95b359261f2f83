#pragma once

#include <cmath>
#include <type_traits>

#include "tenon/backends/cpu/kernels/support.h"

namespace tenon::cpu {

/// Half types compare as floats.
template <class T>
auto key_of(const T& value) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return static_cast<float>(value);
  } else {
    return value;
  }
}

template <class K>
bool is_nan(K key) {
  if constexpr (std::is_floating_point_v<K>) return std::isnan(key);
  return false;
}

/// a < b, with NaN the largest.
template <class K>
bool less(K a, K b) {
  if constexpr (std::is_floating_point_v<K>) return a < b || (std::isnan(b) && !std::isnan(a));
  return a < b;
}

template <class K>
struct Entry {
  K key;
  int64_t place;
};

/// A total order: equal keys by place.
template <class K>
bool comes_before(const Entry<K>& a, const Entry<K>& b) {
  return less(a.key, b.key) || (!less(b.key, a.key) && a.place < b.place);
}

/// Rows along a dim of a row-major tensor.
struct Rows {
  Around at;
  int64_t count() const { return at.outer * at.inner; }
  /// The first element of a row in a tensor whose dim has `size` elements.
  int64_t start(int64_t row, int64_t size) const {
    return row / at.inner * size * at.inner + row % at.inner;
  }
};

/// Calls `visitor` with the C++ type of a dtype whose elements have an order.
template <class Visitor>
void visit_ordered(DType dtype, Visitor&& visitor) {
  visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (!requires(T value) { value.imag(); }) visitor(tag);
  });
}

}  // namespace tenon::cpu
