#pragma once

#include <complex>
#include <concepts>
#include <cstdint>
#include <string>

#include "tenon/core/dtype.h"

namespace tenon {

/// A number given by the host. It takes part in type promotion by its kind alone (bool, integer,
/// floating, complex), as Python's numbers do in the array API standard.
class TENON_API Scalar {
 public:
  Scalar() : Scalar(int64_t{0}) {}
  Scalar(bool value) : kind_(Kind::kBool), integer_(value), real_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Scalar(T value)
      : kind_(Kind::kInteger),
        integer_(static_cast<int64_t>(value)),
        real_(static_cast<double>(value)) {}
  template <std::floating_point T>
  Scalar(T value) : kind_(Kind::kFloating), real_(static_cast<double>(value)) {}
  template <class T>
  Scalar(std::complex<T> value)
      : kind_(Kind::kComplex),
        real_(static_cast<double>(value.real())),
        imaginary_(static_cast<double>(value.imag())) {}

  bool is_bool() const { return kind_ == Kind::kBool; }
  bool is_integer() const { return kind_ == Kind::kInteger || kind_ == Kind::kBool; }
  bool is_complex() const { return kind_ == Kind::kComplex; }

  double to_double() const { return real_; }
  /// Truncates towards zero; values beyond int64 saturate, NaN gives 0.
  int64_t to_int() const;
  bool to_bool() const { return is_integer() ? integer_ != 0 : real_ != 0 || imaginary_ != 0; }
  std::complex<double> to_complex() const { return {real_, imaginary_}; }

  /// The dtype that `tensor op scalar` computes in.
  DType promoted_with(DType tensor) const;
  /// The dtype of a tensor made of this scalar alone: bool, int64, float32 or complex64.
  DType default_dtype() const;
  std::string to_string() const;

  friend bool operator==(const Scalar&, const Scalar&) = default;

 private:
  enum class Kind : uint8_t { kBool, kInteger, kFloating, kComplex };
  Kind kind_;
  int64_t integer_ = 0;
  double real_ = 0;
  double imaginary_ = 0;
};

}  // namespace tenon
