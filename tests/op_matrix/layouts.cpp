#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "tests/op_matrix/cases.h"

namespace tenon::matrix {
namespace {

/// Calls `visit(k, element)` for each element in row-major order; `element` counts from the first.
template <class Visit>
void for_each_element(const Tensor& tensor, Visit visit) {
  const Shape& sizes = tensor.sizes();
  Shape index(sizes.size(), 0);
  int64_t element = 0;
  for (int64_t k = 0; k < tensor.numel(); ++k) {
    visit(k, element);
    for (size_t dim = sizes.size(); dim-- > 0;) {
      element += tensor.strides()[dim];
      if (++index[dim] < sizes[dim]) break;
      element -= tensor.strides()[dim] * sizes[dim];
      index[dim] = 0;
    }
  }
}

template <class T>
std::complex<double> widened(T value) {
  if constexpr (requires { value.imag(); }) {
    return {static_cast<double>(value.real()), static_cast<double>(value.imag())};
  } else if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<double>(value);
  } else {
    return static_cast<double>(static_cast<float>(value));
  }
}

/// `value` in `T`; integers are rounded, and unsigned ones lose their sign.
template <class T>
T narrowed(std::complex<double> value) {
  if constexpr (std::is_same_v<T, bool>) {
    return std::round(value.real()) != 0;
  } else if constexpr (std::is_integral_v<T>) {
    const double rounded = std::round(value.real());
    return static_cast<T>(std::is_unsigned_v<T> ? std::abs(rounded) : rounded);
  } else if constexpr (requires { typename T::value_type; }) {
    return T(static_cast<typename T::value_type>(value.real()),
             static_cast<typename T::value_type>(value.imag()));
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value.real());
  } else {
    return T(static_cast<float>(value.real()));
  }
}

Tensor from_values(const Shape& sizes, DType dtype,
                   const std::vector<std::complex<double>>& values) {
  Tensor result = new_tensor(sizes, dtype);
  visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    auto* out = static_cast<T*>(result.raw_data());
    for (size_t i = 0; i < values.size(); ++i) out[i] = narrowed<T>(values[i]);
  });
  return result;
}

Tensor copy_into(const Tensor& tensor, const Tensor& view) {
  const size_t itemsize = tensor.itemsize();
  std::vector<int64_t> from(static_cast<size_t>(tensor.numel()));
  for_each_element(tensor,
                   [&](int64_t k, int64_t element) { from[static_cast<size_t>(k)] = element; });
  const auto* source = static_cast<const char*>(tensor.raw_data());
  auto* target = static_cast<char*>(view.raw_data());
  for_each_element(view, [&](int64_t k, int64_t element) {
    std::memcpy(target + element * static_cast<int64_t>(itemsize),
                source + from[static_cast<size_t>(k)] * static_cast<int64_t>(itemsize), itemsize);
  });
  return view;
}

Tensor transposed_storage(const Tensor& tensor) {
  if (tensor.dim() < 2) return {};
  Shape reversed;
  for (int64_t i = tensor.dim(); i-- > 0;)
    reversed.push_back(tensor.sizes()[static_cast<size_t>(i)]);
  const Tensor storage = new_tensor(reversed, tensor.dtype());
  Shape strides;
  for (int64_t i = tensor.dim(); i-- > 0;) {
    strides.push_back(storage.strides()[static_cast<size_t>(i)]);
  }
  return copy_into(tensor, new_view(storage, tensor.sizes(), strides, 0));
}

/// Every second element of a larger tensor, from its fourth on. What lies between is NaN.
Tensor stepped_storage(const Tensor& tensor) {
  if (tensor.dim() < 1) return {};
  constexpr int64_t kOffset = 3;
  Shape sizes = tensor.sizes();
  sizes[sizes.size() - 1] = 2 * sizes[sizes.size() - 1] + 1;
  const int64_t total =
      std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>()) + kOffset;
  const Tensor storage = new_tensor({total}, tensor.dtype());
  if (tensor.dtype() == kBool) {
    std::memset(storage.raw_data(), 1, storage.nbytes());
  } else {
    std::memset(storage.raw_data(), 0xff, storage.nbytes());
  }
  Shape strides = contiguous_strides(sizes);
  strides[strides.size() - 1] = 2;
  return copy_into(tensor, new_view(storage, tensor.sizes(), strides, kOffset));
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.numel() == 0) return true;
  if (std::memcmp(a.raw_data(), b.raw_data(), a.nbytes()) == 0) return true;
  const auto x = values_of(a), y = values_of(b);
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t size = a.itemsize();
    const auto* p = static_cast<const char*>(a.raw_data()) + i * size;
    const auto* q = static_cast<const char*>(b.raw_data()) + i * size;
    const bool both_nan =
        std::isnan(x[i].real() + x[i].imag()) && std::isnan(y[i].real() + y[i].imag());
    if (std::memcmp(p, q, size) != 0 && !both_nan) return false;
  }
  return true;
}

std::string first_difference(const Tensor& got, const Tensor& want) {
  const auto x = values_of(got), y = values_of(want);
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != y[i]) {
      return fmt::format("element {} is {:.17g}, expected {:.17g}", i, x[i].real(), y[i].real());
    }
  }
  return "the sign of a zero differs";
}

/// Whether the integer result equals the (possibly huge) reference modulo the dtype's range.
bool equal_integers(const Tensor& got, double value, double want) {
  if (!std::isfinite(want) || std::abs(want) >= 9.2e18) return true;
  if (got.dtype() == kBool) return value == want;
  const double range = std::ldexp(1.0, static_cast<int>(8 * got.itemsize()));
  return std::fmod(value - std::trunc(want), range) == 0;
}

}  // namespace

Tensor copy_of(const Tensor& tensor) {
  if (!tensor.defined() || tensor.device() == kMeta) return tensor;
  return copy_into(tensor, new_tensor(tensor.sizes(), tensor.dtype()));
}

std::vector<Tensor> copies_of(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> copies;
  for (const Tensor& tensor : tensors) copies.push_back(copy_of(tensor));
  return copies;
}

std::vector<std::complex<double>> values_of(const Tensor& tensor) {
  std::vector<std::complex<double>> values(static_cast<size_t>(tensor.numel()));
  visit_dtype(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const auto* data = static_cast<const T*>(tensor.raw_data());
    for_each_element(tensor, [&](int64_t k, int64_t element) {
      values[static_cast<size_t>(k)] = widened(data[element]);
    });
  });
  return values;
}

Tensor cast(const Tensor& tensor, DType dtype) {
  auto values = values_of(tensor);
  if (is_complex(dtype) && !tensor.is_complex()) {
    const auto real = values;
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = {real[i].real(), 0.5 * real[(i + 1) % real.size()].real()};
    }
  }
  return from_values(tensor.sizes(), dtype, values);
}

Tensor widen(const Tensor& tensor, DType dtype) {
  return from_values(tensor.sizes(), dtype, values_of(tensor));
}

const char* name_of(Layout layout) {
  switch (layout) {
    case Layout::kTransposed:
      return "transposed";
    case Layout::kStepped:
      return "sliced with a step";
    case Layout::kExpanded:
      return "expanded";
  }
  __builtin_unreachable();
}

Tensor in_layout(const Tensor& tensor, Layout layout) {
  if (!tensor.defined()) return {};
  return layout == Layout::kTransposed ? transposed_storage(tensor) : stepped_storage(tensor);
}

Tensor expanded(const Tensor& tensor, int64_t dim) {
  const Tensor copy = copy_of(tensor);
  Shape strides = copy.strides();
  strides[static_cast<size_t>(dim)] = 0;
  return new_view(copy, copy.sizes(), strides, 0);
}

std::string difference(const Outcome& got, const Outcome& want) {
  if (got.error != want.error) {
    return fmt::format("gave {}, expected {}", got.ok() ? "a result" : got.message,
                       want.ok() ? "a result" : want.message);
  }
  if (!got.ok()) return "";
  if (got.results.size() != want.results.size()) {
    return fmt::format("gave {} results, expected {}", got.results.size(), want.results.size());
  }
  const auto compare = [](const std::vector<Tensor>& a, const std::vector<Tensor>& b,
                          const char* what) -> std::string {
    for (size_t i = 0; i < a.size(); ++i) {
      if (!a[i].defined() && !b[i].defined()) continue;
      if (a[i].defined() != b[i].defined() || a[i].dtype() != b[i].dtype() ||
          a[i].sizes() != b[i].sizes()) {
        return fmt::format("{} {}: {}, expected {}", what, i, describe(a[i]), describe(b[i]));
      }
      if (!same_bits(a[i], b[i])) {
        return fmt::format("{} {}: {}: {}, expected {}", what, i, first_difference(a[i], b[i]),
                           describe(a[i]), describe(b[i]));
      }
    }
    return "";
  };
  const std::string results = compare(got.results, want.results, "result");
  return results.empty() ? compare(got.inputs_after, want.inputs_after, "updated input") : results;
}

std::string difference(const Tensor& got, const Tensor& want, double tolerance, double scale) {
  if (got.sizes() != want.sizes()) {
    return fmt::format("sizes {}, expected {}", to_string(got.sizes()), to_string(want.sizes()));
  }
  const auto x = values_of(got), y = values_of(want);
  const double largest = got.dtype() == kFloat16 ? 65504.0 : std::numeric_limits<float>::max();
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i]) continue;
    const bool both_nan =
        std::isnan(x[i].real() + x[i].imag()) && std::isnan(y[i].real() + y[i].imag());
    if (both_nan) continue;
    const bool integers = is_integer(got.dtype()) || got.dtype() == kBool;
    if (integers && equal_integers(got, x[i].real(), y[i].real())) continue;
    const bool overflowed = std::isinf(x[i].real()) && got.dtype() != kFloat64 &&
                            std::abs(y[i].real()) >= largest && !integers;
    if (overflowed) continue;
    const double bound = tolerance * std::max({1.0, std::abs(y[i]), scale});
    if (!integers && std::abs(x[i] - y[i]) <= bound) continue;
    return fmt::format("element {} is {:.17g}{:+.17g}i, expected {:.17g}{:+.17g}i (within {:.3g})",
                       i, x[i].real(), x[i].imag(), y[i].real(), y[i].imag(), bound);
  }
  return "";
}

double epsilon_of(DType dtype) {
  switch (real_of(dtype)) {
    case DType::kFloat16:
      return 0x1p-10;
    case DType::kBFloat16:
      return 0x1p-7;
    case DType::kFloat32:
      return 0x1p-23;
    case DType::kFloat64:
      return 0x1p-52;
    default:
      return 0;
  }
}

}  // namespace tenon::matrix
