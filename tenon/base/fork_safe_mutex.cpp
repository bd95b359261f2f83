#include "tenon/base/fork_safe_mutex.h"

#include <pthread.h>
#include <sched.h>

#include <chrono>
#include <thread>

namespace tenon {

/// All mutexes that were ever locked, and what fork does with them.
struct ForkHandlers {
  std::mutex mutex;  ///< guards the list and the number; held while the process forks
  ForkSafeMutex* first = nullptr;
  int no_forks = 0;  ///< that live

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
      mark(ForkSafeMutex::State::kForkWaits);
      unlock_before(each);
      return false;
    }
    return true;
  }
  void release() {
    mark(ForkSafeMutex::State::kListed);
    unlock_before(nullptr);
  }

 private:
  void mark(ForkSafeMutex::State state) {
    for (ForkSafeMutex* each = first; each; each = each->next_) {
      each->state_.store(state, std::memory_order_release);
    }
  }
  /// Those before `end`, which is null for all.
  void unlock_before(const ForkSafeMutex* end) {
    for (ForkSafeMutex* each = first; each != end; each = each->next_) each->mutex_.unlock();
    mutex.unlock();
  }
};

namespace {

// Neither made nor registered at first use: a child forked in the middle of that would wait for a
// thread that it doesn't have.
constinit ForkHandlers handlers;
[[maybe_unused]] const int registered =
    pthread_atfork([] { handlers.hold(); }, [] { handlers.release(); }, [] { handlers.release(); });

}  // namespace

void ForkSafeMutex::prepare() {
  if (state_.load(std::memory_order_acquire) == State::kNew) return enlist();
  // Who locks it again and again would leave fork no moment. Not for long: this thread may hold
  // another one, for which fork waits.
  std::this_thread::sleep_for(std::chrono::microseconds(100));
}

void ForkSafeMutex::enlist() {
  const std::lock_guard lock(handlers.mutex);
  if (state_.load(std::memory_order_relaxed) != State::kNew) return;
  next_ = handlers.first;
  before_ = nullptr;
  if (next_) next_->before_ = this;
  handlers.first = this;
  state_.store(State::kListed, std::memory_order_release);
}

ForkSafeMutex::~ForkSafeMutex() {
  if (state_.load(std::memory_order_acquire) == State::kNew) return;
  const std::lock_guard lock(handlers.mutex);
  (before_ ? before_->next_ : handlers.first) = next_;
  if (next_) next_->before_ = before_;
  state_.store(State::kNew, std::memory_order_relaxed);
}

NoFork::NoFork() {
  const std::lock_guard lock(handlers.mutex);
  ++handlers.no_forks;
}

NoFork::~NoFork() {
  const std::lock_guard lock(handlers.mutex);
  --handlers.no_forks;
}

}  // namespace tenon
