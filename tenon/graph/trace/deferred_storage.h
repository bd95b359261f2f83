#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "tenon/base/fork_safe_mutex.h"
#include "tenon/core/tensor_impl.h"

namespace tenon::graph {

class Trace;

/// Storage whose data comes later, when the trace that made it runs what it deferred. Until then
/// `data` is null; afterwards it is that of `backing`, and the trace is forgotten.
struct DeferredStorage : Storage {
  std::atomic<Trace*> trace{nullptr};
  uint32_t slot = 0;       ///< in the trace
  bool abandoned = false;  ///< by the last holder, on another thread: the trace takes it back
  Intrusive<Storage> backing;
  DeferredStorage* next_free = nullptr;  ///< while it waits to be used again
  /// The body that was made with it, and where both go while the trace still runs: to the memo that
  /// makes them again. As long as there is a trace.
  TensorImpl* body = nullptr;
  TensorImpl** home = nullptr;

  /// One reference, no data.
  static DeferredStorage* create(Trace& trace, uint32_t slot, size_t bytes);
  /// Frees what was kept for later, with its storage.
  static void destroy_spare(TensorImpl* spare);

  /// Ends what ties storages to a trace of the calling thread. Other threads that drop their last
  /// reference meanwhile wait.
  class DetachLock {
   public:
    /// Gives it its data, if there is any.
    void detach(DeferredStorage& storage, Intrusive<Storage> memory);
    /// Destroys those that nobody holds any more.
    void release();

   private:
    std::unique_lock<ForkSafeMutex> lock_{mutex()};
    std::vector<DeferredStorage*> abandoned_;
  };

 private:
  static ForkSafeMutex& mutex();
  friend class DeferredAllocator;
};

/// The owner of all deferred storage, of any trace.
Allocator* deferred_storage_owner();

/// What owns the storage's memory, of which the caller has the only reference, where it is the
/// host's own; null where somebody else can see the memory.
Storage* sole_memory(Storage& storage);

}  // namespace tenon::graph
