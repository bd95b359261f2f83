#include "tenon/base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <thread>

#include "tenon/base/error.h"
#include "tenon/base/thread_pool_internal.h"

namespace tenon {
namespace {

int usable_cores() {
#if defined(__linux__)
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) return std::max(1, CPU_COUNT(&cores));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// OMP_NUM_THREADS may be a list, a number for each level of nesting; the first is meant.
int default_threads() {
  const char* asked = std::getenv("OMP_NUM_THREADS");
  const long count = asked ? std::strtol(asked, nullptr, 10) : 0;
  constexpr long kMostThreads = 4096;
  return count >= 1 ? static_cast<int>(std::min(count, kMostThreads)) : usable_cores();
}

std::atomic<int>& thread_count() {
  static std::atomic<int> count = default_threads();
  return count;
}

/// Whether this thread runs the body of a loop.
thread_local bool in_loop = false;

/// One parallel loop: its threads take the next chunk until none is left.
class Loop final : public SharedWork {
 public:
  Loop(RangeFunction body, int64_t count, int64_t grain, int64_t chunks)
      : body_(body), count_(count), grain_(grain), chunks_(chunks), error_chunk_(chunks) {}

  void work() override {
    in_loop = true;
    for (int64_t c; (c = next_.fetch_add(1, std::memory_order_relaxed)) < chunks_;) {
      try {
        body_(c * grain_, std::min(count_, (c + 1) * grain_));
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (c < error_chunk_) {
          error_chunk_ = c;
          error_ = std::current_exception();
        }
      }
    }
    in_loop = false;
  }
  void rethrow_error() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const RangeFunction body_;
  const int64_t count_, grain_, chunks_;
  std::atomic<int64_t> next_{0};
  std::mutex mutex_;
  int64_t error_chunk_;
  std::exception_ptr error_;
};

}  // namespace

int num_threads() { return thread_count().load(std::memory_order_relaxed); }

void set_num_threads(int count) {
  if (count < 1) {
    fail<ValueError>("set_num_threads", "expected at least 1 thread, got " + std::to_string(count));
  }
  thread_count().store(count, std::memory_order_relaxed);
}

void parallel_for(int64_t count, int64_t grain, RangeFunction body) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  const int64_t chunks = (count + grain - 1) / grain;
  const int threads = static_cast<int>(std::min<int64_t>(chunks, num_threads()));
  if (threads <= 1 || in_loop) {
    for (int64_t c = 0; c < chunks; ++c) body(c * grain, std::min(count, (c + 1) * grain));
    return;
  }
  Loop loop(body, count, grain, chunks);
  ThreadPool::get().run(loop, threads - 1);
  loop.rethrow_error();
}

}  // namespace tenon
