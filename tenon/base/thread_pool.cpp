#include <pthread.h>

#include <system_error>
#include <thread>

#include "tenon/base/thread_pool_internal.h"

namespace tenon {
namespace {

// About 50 microseconds: longer than the pause between the loops of a training step, shorter than
// what another program that shares the machine would miss.
constexpr int kSpins = 1000;

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits until `is_over()`, at first without giving up the core; `counter` changes, and is
/// notified, whenever the answer may have.
template <class IsOver>
void wait_until(std::atomic<int>& counter, IsOver is_over) {
  for (int i = 0; i < kSpins; ++i) {
    if (is_over()) return;
    pause_briefly();
  }
  for (;;) {
    const int seen = counter.load(std::memory_order_acquire);
    if (is_over()) return;
    counter.wait(seen, std::memory_order_acquire);
  }
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

void ThreadPool::run(SharedWork& work, int helpers) {
  publish(work, helpers);
  work.work();
  withdraw(work);
  wait_for_helpers(work);
}

void ThreadPool::publish(SharedWork& work, int helpers) {
  int started = 0;
  {
    const std::lock_guard lock(mutex_);
    if (started_ < helpers) start_helpers(helpers);
    started = started_;
    work.openings_ = helpers;
    work.next_ = offered_;
    offered_ = &work;
  }
  offers_.fetch_add(1, std::memory_order_release);
  if (helpers >= started) {
    offers_.notify_all();
  } else {
    for (int i = 0; i < helpers; ++i) offers_.notify_one();
  }
}

void ThreadPool::start_helpers(int count) {
  try {
    for (; started_ < count; ++started_) std::thread([this] { help(); }).detach();
  } catch (const std::system_error&) {
    // The system grants no more threads: those that there are, the caller at least, do the work.
  }
}

void ThreadPool::help() {
  int seen = offers_.load(std::memory_order_acquire);
  for (;;) {
    while (SharedWork* work = join()) {
      work->work();
      // The caller may go, and the work with it, as soon as the count falls.
      work->helpers_.fetch_sub(1, std::memory_order_release);
      departures_.fetch_add(1, std::memory_order_release);
      departures_.notify_all();
    }
    wait_until(offers_, [&] { return offers_.load(std::memory_order_acquire) != seen; });
    seen = offers_.load(std::memory_order_acquire);
  }
}

SharedWork* ThreadPool::join() {
  const std::lock_guard lock(mutex_);
  for (SharedWork* work = offered_; work; work = work->next_) {
    if (work->openings_ == 0) continue;
    --work->openings_;
    work->helpers_.fetch_add(1, std::memory_order_relaxed);
    return work;
  }
  return nullptr;
}

void ThreadPool::withdraw(SharedWork& work) {
  const std::lock_guard lock(mutex_);
  SharedWork** link = &offered_;
  while (*link != &work) link = &(*link)->next_;
  *link = work.next_;
}

void ThreadPool::wait_for_helpers(const SharedWork& work) {
  wait_until(departures_, [&] { return work.helpers_.load(std::memory_order_acquire) == 0; });
}

}  // namespace tenon
