#include "tenon/base/fork_safe_mutex.h"

#include <pthread.h>
#include <sched.h>

namespace tenon {

/// All mutexes that were ever locked, and what fork does with them.
struct ForkHandlers {
  std::mutex mutex;  ///< guards the list and the number; held while the process forks
  ForkSafeMutex* first = nullptr;
  int no_forks = 0;  ///< that live

  /// Never destroyed: threads may outlive static objects.
  static ForkHandlers& get() {
    static auto* const instance = [] {
      pthread_atfork([] { get().hold(); }, [] { get().release(nullptr); },
                     [] { get().release(nullptr); });
      return new ForkHandlers;
    }();
    return *instance;
  }

  /// Takes all of them. Who can't have one gives all back and tries again, since its owner may be
  /// waiting for another.
  void hold() {
    while (!try_hold()) sched_yield();
  }
  bool try_hold() {
    mutex.lock();
    if (no_forks != 0) {
      mutex.unlock();
      return false;
    }
    for (ForkSafeMutex* each = first; each; each = each->next_) {
      if (each->mutex_.try_lock()) continue;
      release(each);
      return false;
    }
    return true;
  }
  /// Those before `end`, which is null for all.
  void release(const ForkSafeMutex* end) {
    for (ForkSafeMutex* each = first; each != end; each = each->next_) each->mutex_.unlock();
    mutex.unlock();
  }
};

void ForkSafeMutex::enlist() {
  ForkHandlers& handlers = ForkHandlers::get();
  const std::lock_guard lock(handlers.mutex);
  if (is_listed_.load(std::memory_order_relaxed)) return;
  next_ = handlers.first;
  before_ = nullptr;
  if (next_) next_->before_ = this;
  handlers.first = this;
  is_listed_.store(true, std::memory_order_release);
}

ForkSafeMutex::~ForkSafeMutex() {
  if (!is_listed_.load(std::memory_order_acquire)) return;
  ForkHandlers& handlers = ForkHandlers::get();
  const std::lock_guard lock(handlers.mutex);
  (before_ ? before_->next_ : handlers.first) = next_;
  if (next_) next_->before_ = before_;
  is_listed_.store(false, std::memory_order_relaxed);
}

NoFork::NoFork() {
  const std::lock_guard lock(ForkHandlers::get().mutex);
  ++ForkHandlers::get().no_forks;
}

NoFork::~NoFork() {
  const std::lock_guard lock(ForkHandlers::get().mutex);
  --ForkHandlers::get().no_forks;
}

}  // namespace tenon
