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
    if (!is_listed_.load(std::memory_order_acquire)) [[unlikely]] {
      enlist();
    }
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  friend struct ForkHandlers;
  void enlist();

  std::mutex mutex_;
  std::atomic<bool> is_listed_{false};
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
