#include "tenon/core/scalar.h"

#include "tenon/core/default_dtype.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace tenon {

int64_t Scalar::to_int() const {
  if (is_integer()) return integer_;
  if (std::isnan(real_)) return 0;
  if (real_ >= 0x1p63) return std::numeric_limits<int64_t>::max();
  if (real_ <= -0x1p63) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(real_);
}

DType Scalar::promoted_with(DType tensor) const {
  switch (kind_) {
    case Kind::kBool:
      return tensor;
    case Kind::kInteger:
      return tensor == kBool ? kInt64 : tensor;
    case Kind::kFloating:
      return computed_floating(tensor);
    case Kind::kComplex:
      if (tenon::is_complex(tensor)) return tensor;
      if (!is_floating(tensor)) return default_complex_dtype();
      return tensor == kFloat64 ? kComplex128 : kComplex64;
  }
  __builtin_unreachable();
}

DType Scalar::default_dtype() const {
  switch (kind_) {
    case Kind::kBool:
      return kBool;
    case Kind::kInteger:
      return kInt64;
    case Kind::kFloating:
      return tenon::default_dtype();
    case Kind::kComplex:
      return default_complex_dtype();
  }
  __builtin_unreachable();
}

std::string Scalar::to_string() const {
  switch (kind_) {
    case Kind::kBool:
      return integer_ ? "true" : "false";
    case Kind::kInteger:
      return std::to_string(integer_);
    case Kind::kFloating:
      return fmt::format("{}", real_);
    case Kind::kComplex:
      return fmt::format("{}{:+}i", real_, imaginary_);
  }
  __builtin_unreachable();
}

}  // namespace tenon
