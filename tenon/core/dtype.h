#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tenon/base/export.h"
#include "tenon/base/half.h"

namespace tenon {

/// Element types. The order within a kind is the order of promotion.
enum class DType : uint8_t {
  kBool,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
  kComplex64,
  kComplex128,
};
inline constexpr int kDTypeCount = 15;

inline constexpr DType kBool = DType::kBool;
inline constexpr DType kUInt8 = DType::kUInt8;
inline constexpr DType kUInt16 = DType::kUInt16;
inline constexpr DType kUInt32 = DType::kUInt32;
inline constexpr DType kUInt64 = DType::kUInt64;
inline constexpr DType kInt8 = DType::kInt8;
inline constexpr DType kInt16 = DType::kInt16;
inline constexpr DType kInt32 = DType::kInt32;
inline constexpr DType kInt64 = DType::kInt64;
inline constexpr DType kFloat16 = DType::kFloat16;
inline constexpr DType kBFloat16 = DType::kBFloat16;
inline constexpr DType kFloat32 = DType::kFloat32;
inline constexpr DType kFloat64 = DType::kFloat64;
inline constexpr DType kComplex64 = DType::kComplex64;
inline constexpr DType kComplex128 = DType::kComplex128;

/// A set of dtypes, one bit each.
using DTypeSet = uint32_t;
constexpr DTypeSet set_of(DType dtype) { return 1u << static_cast<int>(dtype); }
inline constexpr DTypeSet kBoolSet = set_of(kBool);
inline constexpr DTypeSet kUnsignedSet =
    set_of(kUInt8) | set_of(kUInt16) | set_of(kUInt32) | set_of(kUInt64);
inline constexpr DTypeSet kSignedSet =
    set_of(kInt8) | set_of(kInt16) | set_of(kInt32) | set_of(kInt64);
inline constexpr DTypeSet kIntegerSet = kUnsignedSet | kSignedSet;
inline constexpr DTypeSet kFloatSet =
    set_of(kFloat16) | set_of(kBFloat16) | set_of(kFloat32) | set_of(kFloat64);
inline constexpr DTypeSet kComplexSet = set_of(kComplex64) | set_of(kComplex128);
inline constexpr DTypeSet kRealSet = kIntegerSet | kFloatSet;
inline constexpr DTypeSet kNumberSet = kRealSet | kComplexSet;
inline constexpr DTypeSet kAnySet = kNumberSet | kBoolSet;

constexpr bool contains(DTypeSet set, DType dtype) { return (set & set_of(dtype)) != 0; }
constexpr bool is_integer(DType dtype) { return contains(kIntegerSet, dtype); }
constexpr bool is_floating(DType dtype) { return contains(kFloatSet, dtype); }
constexpr bool is_complex(DType dtype) { return contains(kComplexSet, dtype); }
constexpr bool is_unsigned(DType dtype) { return contains(kUnsignedSet, dtype); }
/// Gradients exist for these only.
constexpr bool is_differentiable(DType dtype) { return contains(kFloatSet | kComplexSet, dtype); }

constexpr size_t size_of(DType dtype) {
  constexpr uint8_t kSizes[kDTypeCount] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};
  return kSizes[static_cast<int>(dtype)];
}

/// "float32", "int64", ...
TENON_API std::string_view name_of(DType dtype);
/// The inverse of `name_of`; throws ValueError that lists the known names.
TENON_API DType dtype_from_name(std::string_view name);
/// Names of the members, comma separated.
TENON_API std::string to_string(DTypeSet set);

/// The dtype that an op on both computes in, after the Python array API standard; mixed kinds go
/// bool < integer < floating < complex, integers with floating give the floating one, uint64 with a
/// signed integer gives float32 (the default), float16 with bfloat16 gives float32.
TENON_API DType promote(DType a, DType b);
/// The dtype of `|x|` for complex x, else the dtype itself.
constexpr DType real_of(DType dtype) {
  return dtype == kComplex64 ? kFloat32 : dtype == kComplex128 ? kFloat64 : dtype;
}
/// The complex dtype whose parts are float64 for float64 and complex128, float32 for others.
constexpr DType complex_of(DType dtype) {
  return dtype == kFloat64 || dtype == kComplex128 ? kComplex128 : kComplex64;
}
/// The floating dtype that an op such as `exp` computes integers in: float32; others stay.
constexpr DType floating_of(DType dtype) { return is_differentiable(dtype) ? dtype : kFloat32; }

/// DType of a C++ element type: `dtype_of<float> == kFloat32`.
template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(sizeof(T) == 0, "no tensor dtype has this C++ element type");
  return kBool;
}();
template <>
inline constexpr DType dtype_of<bool> = kBool;
template <>
inline constexpr DType dtype_of<uint8_t> = kUInt8;
template <>
inline constexpr DType dtype_of<uint16_t> = kUInt16;
template <>
inline constexpr DType dtype_of<uint32_t> = kUInt32;
template <>
inline constexpr DType dtype_of<uint64_t> = kUInt64;
template <>
inline constexpr DType dtype_of<int8_t> = kInt8;
template <>
inline constexpr DType dtype_of<int16_t> = kInt16;
template <>
inline constexpr DType dtype_of<int32_t> = kInt32;
template <>
inline constexpr DType dtype_of<int64_t> = kInt64;
template <>
inline constexpr DType dtype_of<Float16> = kFloat16;
template <>
inline constexpr DType dtype_of<BFloat16> = kBFloat16;
template <>
inline constexpr DType dtype_of<float> = kFloat32;
template <>
inline constexpr DType dtype_of<double> = kFloat64;
template <>
inline constexpr DType dtype_of<std::complex<float>> = kComplex64;
template <>
inline constexpr DType dtype_of<std::complex<double>> = kComplex128;

template <class T>
struct TypeTag {
  using Type = T;
};

/// Calls `visitor(TypeTag<T>{})` with the C++ type of `dtype`.
template <class Visitor>
decltype(auto) visit_dtype(DType dtype, Visitor&& visitor) {
  switch (dtype) {
    case DType::kBool:
      return visitor(TypeTag<bool>{});
    case DType::kUInt8:
      return visitor(TypeTag<uint8_t>{});
    case DType::kUInt16:
      return visitor(TypeTag<uint16_t>{});
    case DType::kUInt32:
      return visitor(TypeTag<uint32_t>{});
    case DType::kUInt64:
      return visitor(TypeTag<uint64_t>{});
    case DType::kInt8:
      return visitor(TypeTag<int8_t>{});
    case DType::kInt16:
      return visitor(TypeTag<int16_t>{});
    case DType::kInt32:
      return visitor(TypeTag<int32_t>{});
    case DType::kInt64:
      return visitor(TypeTag<int64_t>{});
    case DType::kFloat16:
      return visitor(TypeTag<Float16>{});
    case DType::kBFloat16:
      return visitor(TypeTag<BFloat16>{});
    case DType::kFloat32:
      return visitor(TypeTag<float>{});
    case DType::kFloat64:
      return visitor(TypeTag<double>{});
    case DType::kComplex64:
      return visitor(TypeTag<std::complex<float>>{});
    case DType::kComplex128:
      return visitor(TypeTag<std::complex<double>>{});
  }
  __builtin_unreachable();
}

}  // namespace tenon
