#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "tenon/base/half.h"

// What the ops mean where the C library has no function of that meaning. The scalar executor and
// the lane-by-lane kernels share these.
namespace tenon::cpu::scalar {

/// Throws ValueError: integers have no result.
[[noreturn]] void fail_zero_divisor(const char* call);

/// Remainder with the sign of `y`, as Python's %; of integers `y` must not be 0.
template <class T>
T remainder(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    const T r = std::fmod(x, y);
    if (r == 0) return std::copysign(T(0), y);
    return (r < 0) != (y < 0) ? r + y : r;
  } else if constexpr (std::is_signed_v<T>) {
    if (y == 0) fail_zero_divisor("remainder");
    if (y == -1) return 0;
    const T r = x % y;
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
  } else {
    if (y == 0) fail_zero_divisor("remainder");
    return x % y;
  }
}

/// Quotient rounded down, as Python's //; of integers `y` must not be 0.
template <class T>
T floor_divide(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    if (y == 0) return x / y;
    const T r = std::fmod(x, y);
    T quotient = (x - r) / y;
    if (r != 0 && (r < 0) != (y < 0)) quotient -= 1;
    if (quotient == 0) return std::copysign(T(0), x / y);
    const T whole = std::floor(quotient);
    return quotient - whole > T(0.5) ? whole + 1 : whole;
  } else if constexpr (std::is_signed_v<T>) {
    if (y == 0) fail_zero_divisor("floor_divide");
    if (y == -1) return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x));
    const T quotient = x / y;
    return x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient;
  } else {
    if (y == 0) fail_zero_divisor("floor_divide");
    return x / y;
  }
}

template <class T>
T fmod(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) return std::fmod(x, y);
  if (y == 0) fail_zero_divisor("fmod");
  if constexpr (std::is_signed_v<T>) {
    if (y == -1) return 0;
  }
  return static_cast<T>(static_cast<T>(x) - (x / y) * y);
}

/// Integers by repeated squaring, wrapping; a negative exponent gives 0 but for bases 1 and -1.
template <class T>
T pow(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::pow(x, y);
  } else {
    if constexpr (std::is_signed_v<T>) {
      if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 == 0 ? 1 : -1) : 0;
    }
    uint64_t result = 1, base = static_cast<uint64_t>(x);
    for (uint64_t power = static_cast<uint64_t>(y); power != 0; power >>= 1) {
      if (power & 1) result *= base;
      base *= base;
    }
    return static_cast<T>(result);
  }
}

template <class T>
T shift_left(T x, T y) {
  const auto amount = static_cast<uint64_t>(y);
  return amount > 63 ? 0 : static_cast<T>(static_cast<uint64_t>(x) << amount);
}

template <class T>
T shift_right(T x, T y) {
  const auto amount = static_cast<uint64_t>(y);
  if (amount <= 63) return static_cast<T>(x >> amount);
  return std::is_signed_v<T> && x < 0 ? static_cast<T>(-1) : 0;
}

template <class T>
T sigmoid(T x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const T e = std::exp(x);
  return e / (1 + e);
}

/// Conversion as stores do it: floating to integer truncates, saturates, NaN gives 0; integers
/// wrap; to bool is `!= 0`.
template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(value)) return 0;
    constexpr From kAbove = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * 2;
    if (value >= kAbove) return std::numeric_limits<To>::max();
    if (value < static_cast<From>(std::numeric_limits<To>::min())) {
      return std::numeric_limits<To>::min();
    }
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

/// Rounded once: a double goes through a float rounded to odd, which leaves the half's rounding
/// what it would have been (Boldo, Melquiond 2008).
template <class Half, class T>
Half to_half(T value) {
  float single = static_cast<float>(value);
  if constexpr (std::is_same_v<T, double>) {
    const double back = single;
    const uint32_t bits = std::bit_cast<uint32_t>(single);
    if (back != value && value - value == 0 && single - single == 0 && (bits & 1) == 0) {
      const bool above = (back < 0 ? -back : back) > (value < 0 ? -value : value);
      single = std::bit_cast<float>(above ? bits - 1 : bits + 1);
    }
  }
  return Half(single);
}

}  // namespace tenon::cpu::scalar
