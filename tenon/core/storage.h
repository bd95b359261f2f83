#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tenon/base/export.h"
#include "tenon/base/intrusive.h"
#include "tenon/core/device.h"

namespace tenon {

class Allocator;
struct TensorImpl;

/// The memory that one or more tensors view. Owned by reference count; it goes back to `owner` with
/// the last reference.
struct Storage {
  ReferenceCount references;
  /// Counts the in-place writes through any view, but for those that `VersionCounter`s count.
  std::atomic<uint32_t> version{0};
  /// Counts the writes through tensors with a `VersionCounter` of their own.
  std::atomic<uint32_t> other_writes{0};
  /// Somebody may hold the address of the data and write there, which counts no version. So it is
  /// from the beginning where the memory came from outside; else since the address was asked for.
  std::atomic<bool> lent{true};
  /// Some node of a backward graph has kept a tensor of it, and may still.
  std::atomic<bool> saved{false};
  /// How many arrays of other libraries, and buffers of Python's, reach the memory now: compiled
  /// functions read and write it when the code says so, not later. The most stands for more.
  std::atomic<uint16_t> borrowed{0};
  std::atomic<const char*> writer{nullptr};  ///< name of the op that wrote last in place
  void* data = nullptr;
  size_t bytes = 0;
  Allocator* owner = nullptr;
  /// What the owner needs to take the memory back (a size class, a mapped file).
  void* owner_data = nullptr;
  Storage* next_free = nullptr;  ///< while its owner keeps it for later

  /// Differs once the memory was written through any tensor.
  uint32_t writes() const {
    return version.load(std::memory_order_relaxed) + other_writes.load(std::memory_order_relaxed);
  }
  void forget_writes() {
    version.store(0, std::memory_order_relaxed);
    other_writes.store(0, std::memory_order_relaxed);
  }
  bool is_borrowed() const { return borrowed.load(std::memory_order_relaxed) != 0; }
  void borrow() { count_borrowers(1); }
  void give_back() { count_borrowers(-1); }
  static void destroy(Storage* storage);

 private:
  void count_borrowers(int change) {
    uint16_t now = borrowed.load(std::memory_order_relaxed);
    while (now != UINT16_MAX &&
           !borrowed.compare_exchange_weak(now, static_cast<uint16_t>(now + change),
                                           std::memory_order_relaxed)) {
    }
  }
};

/// Counts in-place writes for those tensors that share it: `x.data` and what views it, as gradients
/// that saved x take no notice of their writes; and x once it was given other data.
struct VersionCounter {
  ReferenceCount references;
  std::atomic<uint32_t> version{0};

  static void destroy(VersionCounter* counter) { delete counter; }
};

/// Bytes in tensors (`allocated`) and bytes held from the system (`reserved`), now and at their
/// peak. Peaks may be low by up to 64 KiB a thread: threads report in batches.
struct MemoryStats {
  int64_t allocated_bytes = 0;
  int64_t peak_allocated_bytes = 0;
  int64_t reserved_bytes = 0;
  int64_t peak_reserved_bytes = 0;
  /// Allocations served so far.
  int64_t allocation_count = 0;
};

/// Memory of one device type. Safe to call from any thread.
class TENON_API Allocator {
 public:
  virtual ~Allocator();
  /// Storage of at least `bytes`, its data aligned to 64 bytes. Throws OutOfMemoryError.
  virtual Storage* allocate(size_t bytes, Device device) = 0;
  virtual void release(Storage* storage) noexcept = 0;
  /// Takes back a body that nobody holds any more, with its storage; false: they go their own ways.
  virtual bool keep(TensorImpl& body) noexcept;
  virtual MemoryStats stats() const = 0;
  virtual void reset_peak_stats() = 0;
  /// Gives cached memory that no tensor uses back to the system.
  virtual void release_cached() = 0;
};

/// Registers the allocator of a device type; it must outlive every tensor.
TENON_API void register_allocator(uint8_t device_type, Allocator* allocator);
/// Throws DeviceError where the device type has none.
TENON_API Allocator& allocator_of(Device device);

TENON_API MemoryStats memory_stats(Device device = kCpu);
TENON_API void reset_peak_memory_stats(Device device = kCpu);
TENON_API void release_cached_memory(Device device = kCpu);

}  // namespace tenon
