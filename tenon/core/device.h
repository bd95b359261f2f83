#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tenon/base/export.h"

namespace tenon {

/// Where a tensor's data lives: a registered type and an index within it. `cpu` and `meta` (sizes
/// and dtypes, no data) are always there; others register themselves.
struct Device {
  uint8_t type = 0;
  int8_t index = 0;

  friend bool operator==(Device, Device) = default;
};

inline constexpr int kMaxDeviceTypes = 8;
inline constexpr Device kCpu{0, 0};
inline constexpr Device kMeta{1, 0};

/// Adds a device type and returns its number; the same name gives the same number. Throws
/// ValueError when `kMaxDeviceTypes` are taken.
TENON_API uint8_t register_device_type(std::string_view name);
/// "cpu", "meta", "cuda:1" (the index is left out where it is 0 and the type has one device only).
TENON_API std::string to_string(Device device);
/// The inverse: throws DeviceError that lists the registered types.
TENON_API Device device_from_string(std::string_view text);

}  // namespace tenon
