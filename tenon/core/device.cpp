#include "tenon/core/device.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <mutex>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/base/fork_safe_mutex.h"

namespace tenon {
namespace {

struct Registry {
  ForkSafeMutex mutex;
  std::vector<std::string> names = {"cpu", "meta"};
};

Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

uint8_t register_device_type(std::string_view name) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  for (size_t i = 0; i < r.names.size(); ++i) {
    if (r.names[i] == name) return static_cast<uint8_t>(i);
  }
  if (r.names.size() == kMaxDeviceTypes) {
    fail<ValueError>(
        "register_device_type",
        fmt::format("no room for '{}': {} types are registered", name, kMaxDeviceTypes));
  }
  r.names.emplace_back(name);
  return static_cast<uint8_t>(r.names.size() - 1);
}

std::string to_string(Device device) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  if (device.type >= r.names.size()) return fmt::format("unknown device type {}", device.type);
  const std::string& name = r.names[device.type];
  return device.index == 0 ? name : fmt::format("{}:{}", name, device.index);
}

Device device_from_string(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  int index = 0;
  bool valid = true;
  if (colon != std::string_view::npos) {
    const char* end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data() + colon + 1, end, index);
    valid = error == std::errc() && last == end && index >= 0 && index < 128;
  }
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  for (size_t i = 0; valid && i < r.names.size(); ++i) {
    if (r.names[i] == name) return {static_cast<uint8_t>(i), static_cast<int8_t>(index)};
  }
  fail<DeviceError>("device", fmt::format("'{}' is no device; expected one of {} with an optional "
                                          ":index",
                                          text, fmt::join(r.names, ", ")));
}

}  // namespace tenon
