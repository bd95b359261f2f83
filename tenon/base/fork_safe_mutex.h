#pragma once

#include <atomic>
#include <mutex>

#include "tenon/base/export.h"

namespace tenon {

/// A mutex that a forked child finds unlocked, and what it guards whole, whatever other threads of
/// the parent were doing: fork waits until nobody holds one. So what is done under one must be
/// short and mustn't wait for the thread that forks, which may hold Python's lock.
class TENON_API ForkSafeMutex {
 public:
  constexpr ForkSafeMutex() = default;
  ~ForkSafeMutex();
  ForkSafeMutex(const ForkSafeMutex&) = delete;

  void lock() {
    if (state_.load(std::memory_order_acquire) != State::kListed) [[unlikely]] {
      prepare();
    }
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  friend struct ForkHandlers;
  enum class State : char { kNew, kListed, kForkWaits };
  void prepare();
  void enlist();

  std::mutex mutex_;
  std::atomic<State> state_{State::kNew};
  ForkSafeMutex *before_ = nullptr, *next_ = nullptr;  ///< in the list of all
};

/// While it lives, fork waits: around calls into libraries that have locks of their own.
class TENON_API NoFork {
 public:
  NoFork();
  ~NoFork();
  NoFork(const NoFork&) = delete;
};

}  // namespace tenon
