// A tensor's elements as numbers of the host, whatever its dtype and layout.

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/core/tensor.h"

namespace tenon {
namespace {

void check_host(const char* call, const Tensor& x) {
  if (x.device() == kMeta) {
    fail<DeviceError>(call, "a tensor on 'meta' has sizes and a dtype, but no data");
  }
}

/// Converts as to_dtype does: floating to integer truncates and saturates, NaN gives 0.
template <class To, class From>
To convert(const From& value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (requires { value.imag(); }) {
    if constexpr (requires { typename To::value_type; }) {
      return To(static_cast<typename To::value_type>(value.real()),
                static_cast<typename To::value_type>(value.imag()));
    } else if constexpr (std::is_same_v<To, bool>) {
      return value != From();
    } else {
      return convert<To>(value.real());
    }
  } else if constexpr (requires { typename To::value_type; }) {
    return To(static_cast<typename To::value_type>(value));
  } else if constexpr (std::is_same_v<To, bool>) {
    return static_cast<double>(value) != 0;
  } else if constexpr (std::is_integral_v<To> && !std::is_integral_v<From>) {
    const auto real = static_cast<double>(value);
    if (std::isnan(real)) return 0;
    if (real <= static_cast<double>(std::numeric_limits<To>::min())) {
      return std::numeric_limits<To>::min();
    }
    if (real >= static_cast<double>(std::numeric_limits<To>::max())) {
      return std::numeric_limits<To>::max();
    }
    return static_cast<To>(real);
  } else if constexpr (std::is_arithmetic_v<To>) {
    return static_cast<To>(value);
  } else {
    return To(static_cast<float>(value));
  }
}

/// Calls `visit(element)` in row-major order.
template <class T, class Visit>
void each_element(const Tensor& x, Visit visit) {
  const auto* data = static_cast<const T*>(x.const_raw_data());
  const Shape &sizes = x.sizes(), &strides = x.strides();
  for (int64_t i = 0; i < x.numel(); ++i) {
    int64_t rest = i, place = 0;
    for (size_t d = sizes.size(); d-- > 0;) {
      place += rest % sizes[d] * strides[d];
      rest /= sizes[d];
    }
    visit(data[place]);
  }
}

}  // namespace

Scalar Tensor::item() const {
  if (numel() != 1) {
    fail<ShapeError>("item", fmt::format("expected a tensor of one element, got sizes {}",
                                         tenon::to_string(sizes())));
  }
  check_host("item", *this);
  return visit_dtype(dtype(), [&](auto tag) -> Scalar {
    using T = typename decltype(tag)::Type;
    const T value = *static_cast<const T*>(const_raw_data());
    if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
      return static_cast<double>(static_cast<float>(value));
    } else {
      return value;
    }
  });
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  check_host("to_vector", *this);
  std::vector<T> result;
  result.reserve(static_cast<size_t>(numel()));
  visit_dtype(dtype(), [&](auto tag) {
    using From = typename decltype(tag)::Type;
    each_element<From>(*this, [&](const From& value) { result.push_back(convert<T>(value)); });
  });
  return result;
}

template TENON_API std::vector<bool> Tensor::to_vector<bool>() const;
template TENON_API std::vector<uint8_t> Tensor::to_vector<uint8_t>() const;
template TENON_API std::vector<uint16_t> Tensor::to_vector<uint16_t>() const;
template TENON_API std::vector<uint32_t> Tensor::to_vector<uint32_t>() const;
template TENON_API std::vector<uint64_t> Tensor::to_vector<uint64_t>() const;
template TENON_API std::vector<int8_t> Tensor::to_vector<int8_t>() const;
template TENON_API std::vector<int16_t> Tensor::to_vector<int16_t>() const;
template TENON_API std::vector<int32_t> Tensor::to_vector<int32_t>() const;
template TENON_API std::vector<int64_t> Tensor::to_vector<int64_t>() const;
template TENON_API std::vector<Float16> Tensor::to_vector<Float16>() const;
template TENON_API std::vector<BFloat16> Tensor::to_vector<BFloat16>() const;
template TENON_API std::vector<float> Tensor::to_vector<float>() const;
template TENON_API std::vector<double> Tensor::to_vector<double>() const;
template TENON_API std::vector<std::complex<float>> Tensor::to_vector<std::complex<float>>() const;
template TENON_API std::vector<std::complex<double>> Tensor::to_vector<std::complex<double>>()
    const;

}  // namespace tenon
