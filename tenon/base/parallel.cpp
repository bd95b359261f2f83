#include "tenon/base/parallel.h"

#include <omp.h>
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <string>

#include "tenon/base/error.h"

namespace tenon {

int num_threads() { return omp_get_max_threads(); }

void set_num_threads(int count) {
  if (count < 1) {
    fail<ValueError>("set_num_threads", "expected at least 1 thread, got " + std::to_string(count));
  }
  omp_set_num_threads(count);
}

namespace {

// libgomp isn't built for the thread sanitizer, which therefore can't see how it hands work over to
// its threads and waits for them. These two tell it; they are nothing in other builds. It works for
// the whole library because OpenMP is used in this file only.
#if defined(__SANITIZE_THREAD__)
#define TENON_UNSEEN_BY_TSAN __attribute__((no_sanitize_thread))
void hand_over(void* what) { __tsan_release(what); }
void take_over(void* what) { __tsan_acquire(what); }
#else
#define TENON_UNSEEN_BY_TSAN
void hand_over(void*) {}
void take_over(void*) {}
#endif

/// One parallel loop: its threads take the next chunk until none is left.
struct Loop {
  const RangeFunction body;
  const int64_t count;
  const int64_t grain;
  const int64_t chunks;
  std::atomic<int64_t> next{0};
  std::mutex mutex{};
  int64_t error_chunk = chunks;
  std::exception_ptr error = nullptr;

  void work() {
    for (int64_t c; (c = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
      try {
        body(c * grain, std::min(count, (c + 1) * grain));
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (c < error_chunk) {
          error_chunk = c;
          error = std::current_exception();
        }
      }
    }
  }
};

TENON_UNSEEN_BY_TSAN void run_on_pool(Loop& loop, int threads) {
  hand_over(&loop);
#pragma omp parallel num_threads(threads)
  {
    take_over(&loop);
    loop.work();
    hand_over(&loop);
  }
  take_over(&loop);
}

}  // namespace

void parallel_for(int64_t count, int64_t grain, RangeFunction body) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  const int64_t chunks = (count + grain - 1) / grain;
  const int threads = static_cast<int>(std::min<int64_t>(chunks, omp_get_max_threads()));
  if (threads <= 1 || omp_in_parallel()) {
    for (int64_t c = 0; c < chunks; ++c) body(c * grain, std::min(count, (c + 1) * grain));
    return;
  }
  Loop loop{.body = body, .count = count, .grain = grain, .chunks = chunks};
  run_on_pool(loop, threads);
  if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace tenon
