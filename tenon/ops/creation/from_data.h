#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <vector>

#include "tenon/core/tensor.h"

namespace tenon {

template <class T>
inline constexpr bool is_complex_number = false;
template <class T>
inline constexpr bool is_complex_number<std::complex<T>> = true;

/// What may stand between the braces of `tensor({...})`.
template <class T>
concept TensorElement = std::is_arithmetic_v<T> || is_complex_number<T>;

/// A copy of `count` elements of `element` dtype as a tensor of `sizes` and `dtype` on the host.
/// Throws ShapeError unless the sizes hold `count`, ValueError where `dtype` can't hold an element.
TENON_API Tensor from_elements(const void* data, size_t count, DType element, IntList sizes,
                               DType dtype);

/// A tensor of `sizes` with a copy of the vector's elements, of the vector's element type. Throws
/// ShapeError unless the sizes hold as many elements.
template <class T>
Tensor from_vector(const std::vector<T>& values, IntList sizes) {
  if constexpr (std::is_same_v<T, bool>) {
    const std::vector<uint8_t> bytes(values.begin(), values.end());
    return from_elements(bytes.data(), values.size(), kBool, sizes, kBool);
  } else {
    return from_elements(values.data(), values.size(), dtype_of<T>, sizes, dtype_of<T>);
  }
}

/// The same, 1-d.
template <class T>
Tensor from_vector(const std::vector<T>& values) {
  return from_vector(values, {static_cast<int64_t>(values.size())});
}

/// A tensor that reads and writes `data`, row-major, without a copy. `deleter(data)` is called when
/// the last tensor that views it goes; without one the memory must outlive them all.
TENON_API Tensor from_blob(void* data, IntList sizes, DType dtype = kFloat32,
                           std::function<void(void*)> deleter = {});

/// A 0-d tensor; dtype as for braces.
TENON_API Tensor tensor(Scalar value, std::optional<DType> dtype = {});

namespace from_data {

template <class T>
constexpr DType default_dtype() {
  if constexpr (std::is_same_v<T, bool>) return kBool;
  if constexpr (std::is_integral_v<T>) return kInt64;
  if constexpr (std::is_floating_point_v<T>) return kFloat32;
  return kComplex64;
}

/// The type that elements pass through: none of the numbers of `T` changes in it.
template <class T>
using Wide = std::conditional_t<
    std::is_integral_v<T>, std::conditional_t<std::is_same_v<T, bool>, uint8_t, int64_t>,
    std::conditional_t<std::is_floating_point_v<T>, double, std::complex<double>>>;

template <class T>
Tensor make(const std::vector<Wide<T>>& values, const Shape& sizes, std::optional<DType> dtype) {
  return from_elements(values.data(), values.size(),
                       std::is_same_v<T, bool> ? kBool : dtype_of<Wide<T>>, sizes,
                       dtype.value_or(default_dtype<T>()));
}

TENON_API void check_length(size_t expected, size_t length);

}  // namespace from_data

/// `tensor({1, 2, 3})`: whole numbers give int64, floating ones float32 (as in Python), bool and
/// complex numbers bool and complex64, unless `dtype` is given. Braces nest up to three levels;
/// ShapeError where inner ones differ in length.
template <TensorElement T>
Tensor tensor(std::initializer_list<T> values, std::optional<DType> dtype = {}) {
  const std::vector<from_data::Wide<T>> flat(values.begin(), values.end());
  return from_data::make<T>(flat, {static_cast<int64_t>(values.size())}, dtype);
}

template <TensorElement T>
Tensor tensor(std::initializer_list<std::initializer_list<T>> rows,
              std::optional<DType> dtype = {}) {
  std::vector<from_data::Wide<T>> flat;
  const size_t columns = rows.size() == 0 ? 0 : rows.begin()->size();
  for (const auto& row : rows) {
    from_data::check_length(columns, row.size());
    flat.insert(flat.end(), row.begin(), row.end());
  }
  return from_data::make<T>(
      flat, {static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns)}, dtype);
}

template <TensorElement T>
Tensor tensor(std::initializer_list<std::initializer_list<std::initializer_list<T>>> planes,
              std::optional<DType> dtype = {}) {
  std::vector<from_data::Wide<T>> flat;
  const size_t rows = planes.size() == 0 ? 0 : planes.begin()->size();
  const size_t columns = rows == 0 ? 0 : planes.begin()->begin()->size();
  for (const auto& plane : planes) {
    from_data::check_length(rows, plane.size());
    for (const auto& row : plane) {
      from_data::check_length(columns, row.size());
      flat.insert(flat.end(), row.begin(), row.end());
    }
  }
  return from_data::make<T>(flat,
                            {static_cast<int64_t>(planes.size()), static_cast<int64_t>(rows),
                             static_cast<int64_t>(columns)},
                            dtype);
}

/// [0, 1, ..., end - 1]; see arange(start, end).
TENON_API Tensor arange(Scalar end);

}  // namespace tenon
