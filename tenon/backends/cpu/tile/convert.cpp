// Conversion between memory's dtypes and the compute classes: plain loops, which the compiler
// vectorises for each instruction set.
#include "tenon/backends/cpu/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/tile/convert.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <bit>
#include <cstring>

#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/backends/cpu/tile/scalar_math.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {
namespace {

/// A bool in memory is a byte; any byte but 0 is true.
template <class Stored>
auto read(Stored value) {
  if constexpr (std::is_same_v<Stored, Float16> || std::is_same_v<Stored, BFloat16>) {
    return static_cast<float>(value);
  } else {
    return value;
  }
}

template <class Stored, class T>
void load(const void* in, void* out, size_t count) {
  T* to = static_cast<T*>(out);
  if constexpr (std::is_same_v<Stored, bool>) {
    const uint8_t* from = static_cast<const uint8_t*>(in);
    for (size_t i = 0; i < count; ++i) to[i] = static_cast<T>(from[i] != 0);
  } else {
    const Stored* from = static_cast<const Stored*>(in);
    for (size_t i = 0; i < count; ++i) {
      const auto value = read(from[i]);
      if constexpr (std::is_floating_point_v<decltype(value)> || !std::is_integral_v<T>) {
        to[i] = scalar::convert<T>(value);
      } else {
        to[i] = static_cast<T>(value);
      }
    }
  }
}

/// Integers up to 32 bits from floats, branchless: the bounds are exact in double.
template <class Stored, class T>
Stored narrow(T value) {
  constexpr double kLeast = std::numeric_limits<Stored>::min();
  constexpr double kMost = std::numeric_limits<Stored>::max();
  double x = static_cast<double>(value);
  x = x == x ? x : 0.0;
  x = x < kLeast ? kLeast : x;
  x = x > kMost ? kMost : x;
  if constexpr (sizeof(Stored) == 4 && std::is_unsigned_v<Stored>) {
    return static_cast<Stored>(static_cast<int64_t>(x));
  } else {
    return static_cast<Stored>(static_cast<int32_t>(x));
  }
}

template <class Stored, class T>
void store(const void* in, void* out, size_t count) {
  const T* from = static_cast<const T*>(in);
  if constexpr (std::is_same_v<Stored, bool>) {
    uint8_t* to = static_cast<uint8_t*>(out);
    for (size_t i = 0; i < count; ++i) to[i] = from[i] != T(0);
  } else {
    Stored* to = static_cast<Stored*>(out);
    for (size_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<Stored, Float16> || std::is_same_v<Stored, BFloat16>) {
        to[i] = scalar::to_half<Stored>(from[i]);
      } else if constexpr (std::is_floating_point_v<T> && std::is_integral_v<Stored> &&
                           sizeof(Stored) < 8) {
        to[i] = narrow<Stored>(from[i]);
      } else {
        to[i] = scalar::convert<Stored>(from[i]);
      }
    }
  }
}

template <class T>
void repeat(const void* value, void* out, size_t count) {
  T* to = static_cast<T*>(out);
  const T element = *static_cast<const T*>(value);
  for (size_t i = 0; i < count; ++i) to[i] = element;
}

template <class T>
void fill_class(ClassKernels& k) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const DType dtype = static_cast<DType>(i);
    if (is_complex(dtype)) continue;
    visit_dtype(dtype, [&](auto tag) {
      using Stored = typename decltype(tag)::Type;
      if constexpr (!std::is_class_v<Stored> || std::is_same_v<Stored, Float16> ||
                    std::is_same_v<Stored, BFloat16>) {
        k.load[i] = load<Stored, T>;
        k.store[i] = store<Stored, T>;
      }
    });
  }
  k.fill = repeat<T>;
}

void fill(Kernels& kernels) {
  fill_class<float>(kernels.classes[static_cast<int>(tile::Compute::kF32)]);
  fill_class<double>(kernels.classes[static_cast<int>(tile::Compute::kF64)]);
  fill_class<int64_t>(kernels.classes[static_cast<int>(tile::Compute::kI64)]);
  fill_class<uint64_t>(kernels.classes[static_cast<int>(tile::Compute::kU64)]);
}

}  // namespace
void fill_convert_target(Kernels& kernels) { fill(kernels); }
}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {
HWY_EXPORT(fill_convert_target);
void fill_convert(size_t target_index, Kernels& kernels) {
  HWY_DISPATCH_TABLE(fill_convert_target)[target_index](kernels);
}
}  // namespace tenon::cpu
#endif
