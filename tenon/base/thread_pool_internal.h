#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace tenon {

/// Work that several threads may do together: each of them calls `work` once, which returns when
/// nothing is left to begin. `seat`: 0 for the caller, a number of its own for each helper, the
/// same each time.
class SharedWork {
 public:
  virtual ~SharedWork() = default;
  virtual void work(int seat) = 0;
};

/// The process's one pool of helper threads. A caller takes part in its own work and waits only for
/// helpers that have begun a part of it: one that the system hasn't let run yet is not waited for,
/// which keeps loops fast on machines that do other things too.
///
/// A caller puts its work into a post of each helper that it wants, and the helper takes it out.
/// All that the two tell each other lies in the helper's one cache line: a hand-over takes as long
/// as it travels between the cores, which is four times there and back.
class ThreadPool {
 public:
  /// The pool lives as long as the process, and starts helpers when they are first asked for. In a
  /// forked child, which has none of its parent's threads, it starts anew.
  static ThreadPool& get();

  /// Calls `work.work` here and on up to `helpers` threads of the pool, those of the first seats;
  /// returns when all have left it. Calls from several threads share the helpers. The helpers see
  /// what the caller wrote before, and the caller sees after it what they wrote. Nothing may leave
  /// `work` by exception.
  void run(SharedWork& work, int helpers);

 private:
  struct alignas(64) Helper {
    static constexpr int kPosts = 3;
    /// Each empty (0), with work that is offered, or with work (its address + 1) that is being
    /// done. A helper does what is in them in turn; further callers do without it.
    std::atomic<uintptr_t> posts[kPosts] = {};
    std::atomic<int> is_asleep{0};
    std::atomic<int> sleeping_callers{0};
    std::atomic<int> wake_ups{0};  ///< counts those of sleeping callers
    int seat = 0;
    std::atomic<Helper*> next{nullptr};

    bool has_offer() const;
    void offer(uintptr_t work);
    void withdraw(uintptr_t work);
    void wait_for_offer();
    void wait_until_left(uintptr_t work);
    [[noreturn]] void help();
  };

  void start_helpers(int count);
  template <class Body>
  void for_each(int helpers, Body body);

  std::atomic<Helper*> first_{nullptr};  ///< a list in the order of their seats
  std::atomic<int> started_{0};
  std::mutex mutex_;  ///< guards the starting of helpers
};

}  // namespace tenon
