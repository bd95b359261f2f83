#include "tenon/base/thread_pool_internal.h"

#include <pthread.h>

#include <chrono>
#include <memory>
#include <system_error>
#include <thread>

namespace tenon {
namespace {

// Longer than the pause between the loops of a training step, shorter than what another program
// that shares the machine would miss. A pause instruction takes 10 to 60 ns, by the processor: what
// counts is the clock, which is read once in kSpins.
constexpr std::chrono::microseconds kSpinTime(50);
constexpr int kSpins = 64;

constexpr uintptr_t kTaken = 1;

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits without giving up the core; false when it took too long.
template <class IsOver>
bool spin_until(IsOver is_over) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point end{};
  do {
    for (int i = 0; i < kSpins; ++i) {
      if (is_over()) return true;
      pause_briefly();
    }
    if (end == Clock::time_point()) end = Clock::now() + kSpinTime;
  } while (Clock::now() < end);
  return false;
}

// Never destroyed: helpers may still be in it when the process ends.
ThreadPool* the_pool = nullptr;

}  // namespace

ThreadPool& ThreadPool::get() {
  static const bool made = [] {
    the_pool = new ThreadPool;
    pthread_atfork(nullptr, nullptr, [] { the_pool = new ThreadPool; });
    return true;
  }();
  static_cast<void>(made);
  return *the_pool;
}

template <class Body>
void ThreadPool::for_each(int helpers, Body body) {
  Helper* helper = first_.load(std::memory_order_acquire);
  for (int i = 0; i < helpers && helper; ++i) {
    body(*helper);
    helper = helper->next.load(std::memory_order_acquire);
  }
}

void ThreadPool::run(SharedWork& work, int helpers) {
  if (started_.load(std::memory_order_relaxed) < helpers) start_helpers(helpers);
  const auto offered = reinterpret_cast<uintptr_t>(&work);
  for_each(helpers, [&](Helper& helper) { helper.offer(offered); });
  work.work(0);
  // First of all, so that nobody begins while others are waited for.
  for_each(helpers, [&](Helper& helper) { helper.withdraw(offered); });
  for_each(helpers, [&](Helper& helper) { helper.wait_until_left(offered); });
}

void ThreadPool::start_helpers(int count) {
  const std::lock_guard lock(mutex_);
  std::atomic<Helper*>* end = &first_;
  while (Helper* helper = end->load(std::memory_order_relaxed)) end = &helper->next;
  try {
    for (int started = started_.load(std::memory_order_relaxed); started < count;) {
      auto helper = std::make_unique<Helper>();
      helper->seat = ++started;
      std::thread([own = helper.get()] { own->help(); }).detach();
      end->store(helper.get(), std::memory_order_release);
      end = &helper.release()->next;
      started_.store(started, std::memory_order_relaxed);
    }
  } catch (const std::system_error&) {
    // The system grants no more threads: those that there are, the caller at least, do the work.
  }
}

bool ThreadPool::Helper::has_offer() const {
  for (const auto& post : posts) {
    const uintptr_t work = post.load(std::memory_order_relaxed);
    if (work != 0 && (work & kTaken) == 0) return true;
  }
  return false;
}

// Who falls asleep says so and then looks again; who has news brings them and then looks whether
// anybody sleeps. One of the two sees the other, as all four are sequentially consistent.

void ThreadPool::Helper::offer(uintptr_t work) {
  for (auto& post : posts) {
    uintptr_t empty = 0;
    if (post.compare_exchange_strong(empty, work)) break;
  }
  if (is_asleep.load() != 0) {
    is_asleep.store(0);
    is_asleep.notify_one();
  }
}

void ThreadPool::Helper::wait_for_offer() {
  if (spin_until([&] { return has_offer(); })) return;
  is_asleep.store(1);
  for (auto& post : posts) {
    if (post.load() != 0) is_asleep.store(0);
  }
  is_asleep.wait(1);
}

void ThreadPool::Helper::withdraw(uintptr_t work) {
  for (auto& post : posts) {
    uintptr_t offered = work;
    if (post.load(std::memory_order_relaxed) == work) {
      post.compare_exchange_strong(offered, 0, std::memory_order_relaxed);
      return;
    }
  }
}

void ThreadPool::Helper::wait_until_left(uintptr_t work) {
  for (auto& post : posts) {
    const auto has_left = [&] { return post.load() != (work | kTaken); };
    // Looks that acquire: what the helper wrote is seen, also where it left long ago.
    if (spin_until(has_left)) continue;
    sleeping_callers.fetch_add(1);
    for (;;) {
      const int seen = wake_ups.load();
      if (has_left()) break;
      wake_ups.wait(seen);
    }
    sleeping_callers.fetch_sub(1);
  }
}

void ThreadPool::Helper::help() {
  for (;;) {
    wait_for_offer();
    for (auto& post : posts) {
      uintptr_t work = post.load(std::memory_order_relaxed);
      if (work == 0 || !post.compare_exchange_strong(work, work | kTaken)) continue;
      reinterpret_cast<SharedWork*>(work)->work(seat);
      // The caller may go, and the work with it, as soon as the post is empty.
      post.store(0);
      if (sleeping_callers.load() != 0) {
        wake_ups.fetch_add(1);
        wake_ups.notify_all();
      }
    }
  }
}

}  // namespace tenon
