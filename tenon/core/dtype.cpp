#include "tenon/core/dtype.h"

#include <algorithm>
#include <array>
#include <string>

#include "tenon/base/error.h"
#include "tenon/core/promotion.h"

namespace tenon {
namespace {

constexpr std::array<std::string_view, kDTypeCount> kNames = {
    "bool",  "uint8",   "uint16",   "uint32",  "uint64",  "int8",      "int16",     "int32",
    "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"};

DType signed_of_size(size_t size) {
  return size == 1 ? kInt8 : size == 2 ? kInt16 : size == 4 ? kInt32 : kInt64;
}

DType promote_integers(DType a, DType b) {
  if (is_unsigned(a) == is_unsigned(b)) return size_of(a) >= size_of(b) ? a : b;
  const DType u = is_unsigned(a) ? a : b;
  const DType s = is_unsigned(a) ? b : a;
  if (u == kUInt64) return kFloat32;  // no integer holds both; the standard leaves it open
  return signed_of_size(std::max(size_of(s), 2 * size_of(u)));
}

DType promote_floats(DType a, DType b) {
  if (size_of(a) == 2 && size_of(b) == 2) return kFloat32;  // float16 and bfloat16
  return size_of(a) >= size_of(b) ? a : b;
}

}  // namespace

std::string_view name_of(DType dtype) { return kNames[static_cast<size_t>(dtype)]; }

DType dtype_from_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    fail<ValueError>("dtype", "unknown dtype '" + std::string(name) + "'; expected one of " +
                                  to_string(kAnySet));
  }
  return static_cast<DType>(found - kNames.begin());
}

std::string to_string(DTypeSet set) {
  std::string text;
  for (int i = 0; i < kDTypeCount; ++i) {
    if (!contains(set, static_cast<DType>(i))) continue;
    if (!text.empty()) text += ", ";
    text += kNames[static_cast<size_t>(i)];
  }
  return text;
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (category_of(a) > category_of(b)) std::swap(a, b);
  if (category_of(a) == category_of(b)) {
    switch (category_of(a)) {
      case 1:
        return promote_integers(a, b);
      case 2:
        return promote_floats(a, b);
      default:
        return kComplex128;
    }
  }
  if (is_complex(b) && a == kFloat64) return kComplex128;
  return b;
}

}  // namespace tenon
