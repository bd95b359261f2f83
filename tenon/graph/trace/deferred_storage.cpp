#include "tenon/graph/trace/deferred_storage.h"

#include <mutex>
#include <utility>

#include "tenon/base/error.h"
#include "tenon/base/fork_safe_mutex.h"
#include "tenon/base/recycler.h"
#include "tenon/graph/trace/trace.h"

namespace tenon::graph {
/// Takes deferred storages back; their memory, once they have any, belongs to the device's own
/// allocator.
class DeferredAllocator final : public Allocator {
 public:
  Storage* allocate(size_t, Device) override {
    fail<ValueError>("compile", "deferred storage is made by traces only");
  }
  void release(Storage* storage) noexcept override {
    auto* deferred = static_cast<DeferredStorage*>(storage);
    Trace* const trace = deferred->trace.load(std::memory_order_relaxed);
    if (trace && trace == Trace::of_thread()) {
      trace->forget(deferred->slot);
      deferred->trace.store(nullptr, std::memory_order_relaxed);
      Recycler<DeferredStorage>::give(deferred);
      return;
    }
    if (trace) {
      const std::lock_guard lock(DeferredStorage::mutex());
      deferred->abandoned = deferred->trace.load(std::memory_order_relaxed) != nullptr;
      if (deferred->abandoned) return;
    }
    deferred->trace.store(nullptr, std::memory_order_relaxed);
    deferred->backing = {};
    deferred->data = nullptr;
    Recycler<DeferredStorage>::give(deferred);
  }
  /// The next call finds them as they are but for what others gave them.
  bool keep(TensorImpl& body) noexcept override {
    if (body.grad_node) body.grad_node = {};  // first, as it may free all kinds of things
    auto& storage = static_cast<DeferredStorage&>(*body.storage);
    Trace* const trace = storage.trace.load(std::memory_order_relaxed);
    if (!trace || trace != Trace::of_thread() || storage.body != &body ||
        storage.references.value() != 1) {
      return false;
    }
    trace->forget(storage.slot);
    if (body.extras) body.extras.reset();
    body.requires_grad = false;
    body.history = 0;
    storage.forget_writes();
    storage.lent.store(false, std::memory_order_relaxed);
    storage.writer.store(nullptr, std::memory_order_relaxed);
    *storage.home = &body;
    return true;
  }
  MemoryStats stats() const override { return {}; }
  void reset_peak_stats() override {}
  void release_cached() override {}
};

Allocator* deferred_storage_owner() {
  static auto* instance = new DeferredAllocator;  // never destroyed: tensors may outlive statics
  return instance;
}

Storage* sole_memory(Storage& storage) {
  Storage* memory = &storage;
  if (storage.owner == deferred_storage_owner()) {
    memory = static_cast<DeferredStorage&>(storage).backing.get();
  }
  const bool is_sole = memory && memory->owner == &allocator_of(kCpu) &&
                       storage.references.value() == 1 && memory->references.value() == 1;
  return is_sole ? memory : nullptr;
}

ForkSafeMutex& DeferredStorage::mutex() {
  static constinit ForkSafeMutex instance;
  return instance;
}

DeferredStorage* DeferredStorage::create(Trace& trace, uint32_t slot, size_t bytes) {
  DeferredStorage* storage = Recycler<DeferredStorage>::take();
  storage->references.reset();
  storage->forget_writes();
  storage->lent.store(false, std::memory_order_relaxed);
  storage->bytes = bytes;
  storage->owner = trace.deferred_owner();
  storage->trace.store(&trace, std::memory_order_relaxed);
  storage->slot = slot;
  storage->body = nullptr;
  return storage;
}

void DeferredStorage::destroy_spare(TensorImpl* spare) {
  static_cast<DeferredStorage&>(*spare->storage).trace.store(nullptr, std::memory_order_relaxed);
  TensorImpl::destroy(spare);
}

void DeferredStorage::DetachLock::detach(DeferredStorage& storage, Intrusive<Storage> memory) {
  if (memory) {
    storage.data = memory->data;
    storage.backing = std::move(memory);
  }
  storage.trace.store(nullptr, std::memory_order_relaxed);
  if (std::exchange(storage.abandoned, false)) abandoned_.push_back(&storage);
}

void DeferredStorage::DetachLock::release() {
  lock_.unlock();
  for (DeferredStorage* storage : abandoned_) Storage::destroy(storage);
}

}  // namespace tenon::graph
