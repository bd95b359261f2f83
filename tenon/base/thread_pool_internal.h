#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace tenon {

/// Work that several threads may do together: each of them calls `work` once, which returns when
/// nothing is left to begin.
class SharedWork {
 public:
  virtual ~SharedWork() = default;
  virtual void work() = 0;

 private:
  friend class ThreadPool;
  int openings_ = 0;             ///< helpers that may still join; guarded by the pool's mutex
  std::atomic<int> helpers_{0};  ///< that have joined and not left
  SharedWork* next_ = nullptr;   ///< in the pool's list, guarded by its mutex
};

/// The process's one pool of helper threads. A caller takes part in its own work and waits only for
/// helpers that have begun a part of it: one that the system hasn't let run yet is not waited for,
/// which keeps loops fast on machines that do other things too.
class ThreadPool {
 public:
  /// The pool lives as long as the process, and starts helpers when they are first asked for. In a
  /// forked child, which has none of its parent's threads, it starts anew.
  static ThreadPool& get();

  /// Calls `work.work()` here and on up to `helpers` threads of the pool; returns when all have
  /// left it. Calls from several threads share the helpers. The helpers see what the caller wrote
  /// before, and the caller sees after it what they wrote. Nothing may leave `work` by exception.
  void run(SharedWork& work, int helpers);

 private:
  void start_helpers(int count);
  void help();
  SharedWork* join();
  void publish(SharedWork& work, int helpers);
  void withdraw(SharedWork& work);
  void wait_for_helpers(const SharedWork& work);

  std::mutex mutex_;
  SharedWork* offered_ = nullptr;   ///< a list of work that has been published and not withdrawn
  int started_ = 0;                 ///< helper threads
  std::atomic<int> offers_{0};      ///< counts publications; idle helpers wait for it to change
  std::atomic<int> departures_{0};  ///< counts helpers that left; callers wait for it to change
};

}  // namespace tenon
