#include "tenon/core/storage.h"

#include <atomic>

#include "tenon/base/error.h"

namespace tenon {
namespace {

/// Meta tensors have sizes and dtypes but no data: their storage is only a header.
class MetaAllocator final : public Allocator {
 public:
  Storage* allocate(size_t bytes, Device) override {
    auto* storage = new Storage;
    storage->bytes = bytes;
    storage->owner = this;
    return storage;
  }
  void release(Storage* storage) noexcept override { delete storage; }
  MemoryStats stats() const override { return {}; }
  void reset_peak_stats() override {}
  void release_cached() override {}
};

constinit std::atomic<Allocator*> allocators[kMaxDeviceTypes] = {};

/// Of a device type that nobody has registered one for.
Allocator& missing_allocator(Device device) {
  if (device.type == kMeta.type) {
    static auto* meta = new MetaAllocator;  // never destroyed: tensors may outlive static objects
    return *meta;
  }
  fail<DeviceError>("allocate", "device " + to_string(device) +
                                    " has no memory here: its backend is not part of this build");
}

}  // namespace

Allocator::~Allocator() = default;

bool Allocator::keep(TensorImpl&) noexcept { return false; }

void Storage::destroy(Storage* storage) { storage->owner->release(storage); }

void register_allocator(uint8_t device_type, Allocator* allocator) {
  allocators[device_type].store(allocator, std::memory_order_release);
}

Allocator& allocator_of(Device device) {
  Allocator* allocator = device.type < kMaxDeviceTypes
                             ? allocators[device.type].load(std::memory_order_acquire)
                             : nullptr;
  return allocator ? *allocator : missing_allocator(device);
}

MemoryStats memory_stats(Device device) { return allocator_of(device).stats(); }
void reset_peak_memory_stats(Device device) { allocator_of(device).reset_peak_stats(); }
void release_cached_memory(Device device) { allocator_of(device).release_cached(); }

}  // namespace tenon
