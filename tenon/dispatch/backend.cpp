#include "tenon/dispatch/backend.h"

#include "tenon/base/error.h"

namespace tenon {
namespace {

// Filled by the backends at load time; constant-initialised, so that no order of initialisation
// matters.
constinit const Backend* backends[kMaxDeviceTypes] = {};
constinit Kernel kernels[kOpCount][kMaxDeviceTypes] = {};

}  // namespace

void register_backend(uint8_t device_type, const Backend* backend) {
  backends[device_type] = backend;
}

void register_kernel(OpId id, uint8_t device_type, Kernel kernel) {
  kernels[static_cast<int>(id)][device_type] = kernel;
}

const Backend& backend_of(Device device) {
  const Backend* backend = backends[device.type];
  if (!backend) {
    fail<DeviceError>("dispatch", "device '" + to_string(device) + "' runs no ops in this build");
  }
  return *backend;
}

Kernel find_kernel(OpId id, Device device) { return kernels[static_cast<int>(id)][device.type]; }

}  // namespace tenon
