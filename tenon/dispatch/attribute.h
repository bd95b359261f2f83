#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tenon/core/device.h"
#include "tenon/core/dtype.h"
#include "tenon/core/float_list.h"
#include "tenon/core/generator.h"
#include "tenon/core/scalar.h"
#include "tenon/core/shape.h"

namespace tenon {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// One argument of an op that is not a tensor. Empty where an optional argument was left out.
class Attribute {
 public:
  Attribute() = default;
  explicit Attribute(bool value) : value_(value) {}
  explicit Attribute(int64_t value) : value_(value) {}
  explicit Attribute(double value) : value_(value) {}
  explicit Attribute(Scalar value) : value_(value) {}
  explicit Attribute(DType value) : value_(value) {}
  explicit Attribute(Device value) : value_(value) {}
  explicit Attribute(IntList value) : value_(Shape(std::span<const int64_t>(value))) {}
  explicit Attribute(const Shape& value) : value_(value) {}
  explicit Attribute(FloatList value) : value_(std::vector<double>(value.begin(), value.end())) {}
  explicit Attribute(std::string_view value) : value_(std::string(value)) {}
  explicit Attribute(const char* value) : value_(std::string(value)) {}
  explicit Attribute(Generator* value) : value_(value) {}
  template <class T>
  explicit Attribute(const std::optional<T>& value) {
    if (value) *this = Attribute(*value);
  }

  bool has_value() const { return !std::holds_alternative<std::monostate>(value_); }
  /// Whether it is a bool, int, float or Scalar: a run-time number of the op.
  bool is_number() const {
    return holds<bool>() || holds<int64_t>() || holds<double>() || holds<Scalar>();
  }
  bool is_device() const { return holds<Device>(); }
  bool is_list() const { return holds<Shape>(); }
  Scalar number() const {
    if (holds<bool>()) return std::get<bool>(value_);
    if (holds<int64_t>()) return std::get<int64_t>(value_);
    if (holds<double>()) return std::get<double>(value_);
    return std::get<Scalar>(value_);
  }
  /// The value as a parameter type of an op's function: `int64_t`, `IntList`,
  /// `std::optional<double>`.
  template <class T>
  T as() const {
    if constexpr (is_optional<T>) {
      return has_value() ? T(as<typename T::value_type>()) : T();
    } else if constexpr (std::is_same_v<T, IntList>) {
      return IntList(std::get<Shape>(value_));
    } else if constexpr (std::is_same_v<T, FloatList>) {
      return FloatList(std::get<std::vector<double>>(value_));
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      return std::get<std::string>(value_);
    } else if constexpr (std::is_same_v<T, Scalar>) {
      return number();
    } else if constexpr (std::is_pointer_v<T>) {
      return has_value() ? std::get<T>(value_) : nullptr;
    } else {
      return std::get<T>(value_);
    }
  }
  std::string to_string() const;
  friend bool operator==(const Attribute& a, const Attribute& b) {
    if (a.value_.index() != b.value_.index()) return false;
    // The frequent kinds at once: a visit of two variants is dear.
    if (!a.has_value()) return true;
    if (a.holds<bool>()) return std::get<bool>(a.value_) == std::get<bool>(b.value_);
    if (a.holds<int64_t>()) return std::get<int64_t>(a.value_) == std::get<int64_t>(b.value_);
    if (a.holds<double>()) return std::get<double>(a.value_) == std::get<double>(b.value_);
    if (a.holds<Shape>()) return std::get<Shape>(a.value_) == std::get<Shape>(b.value_);
    return a.value_ == b.value_;
  }

 private:
  template <class T>
  bool holds() const {
    return std::holds_alternative<T>(value_);
  }

  std::variant<std::monostate, bool, int64_t, double, Scalar, DType, Device, Shape,
               std::vector<double>, std::string, Generator*>
      value_;
};

}  // namespace tenon
