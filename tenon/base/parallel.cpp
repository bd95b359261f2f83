#include "tenon/base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "tenon/base/error.h"
#include "tenon/base/long_work.h"
#include "tenon/base/long_work_internal.h"
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

/// The chunks of one parallel loop, and the error of the lowest one that failed. What a thread
/// needs to begin lies in one cache line.
class alignas(64) Chunks : public SharedWork {
 public:
  Chunks(RangeFunction body, int64_t count, int64_t grain, int64_t chunks)
      : body_(body), count_(count), grain_(grain), chunks_(chunks) {}

  void rethrow_error() const {
    if (error_) std::rethrow_exception(error_);
  }

 protected:
  int64_t size() const { return chunks_; }
  void run(int64_t chunk) {
    WorkState* const outer = std::exchange(thread_work, &a_chunk);
    try {
      body_(chunk * grain_, std::min(count_, (chunk + 1) * grain_));
    } catch (...) {
      keep_error(chunk);
    }
    thread_work = outer;
  }
  /// Between chunks of the calling thread: whether the host stops the loop.
  bool is_interrupted() {
    try {
      check_interrupt();
      return false;
    } catch (...) {
      keep_error(-1);
      return true;
    }
  }

  std::atomic<int64_t> next_{0};  ///< for those who take the chunks in turn

 private:
  /// The exception being handled, where it is the lowest chunk's so far.
  void keep_error(int64_t chunk) {
    const std::lock_guard lock(mutex_);
    if (error_ && chunk >= error_chunk_) return;
    error_chunk_ = chunk;
    error_ = std::current_exception();
  }

  const RangeFunction body_;
  const int64_t count_, grain_, chunks_;
  std::mutex mutex_;
  int64_t error_chunk_ = 0;
  std::exception_ptr error_;
};

/// Its threads take the next chunk until none is left.
class Loop final : public Chunks {
 public:
  Loop(RangeFunction body, int64_t count, int64_t grain, int64_t chunks, int)
      : Chunks(body, count, grain, chunks) {}

  void work(int seat) override {
    for (int64_t c; (c = next_.fetch_add(1, std::memory_order_relaxed)) < size();) {
      run(c);
      if (seat == 0 && is_interrupted()) next_.store(size(), std::memory_order_relaxed);
    }
  }
};

/// Each thread takes its own share, then the chunks of those who haven't come yet.
class SharedLoop final : public Chunks {
 public:
  SharedLoop(RangeFunction body, int64_t count, int64_t grain, int64_t chunks, int threads)
      : Chunks(body, count, grain, chunks), share_count_(std::min(threads, kMostShares)) {
    for (int i = 0; i < share_count_; ++i) {
      shares_[i].next.store(chunks * i / share_count_, std::memory_order_relaxed);
      shares_[i].end = chunks * (i + 1) / share_count_;
    }
  }

  void work(int seat) override {
    if (seat < share_count_) {
      Share& own = shares_[seat];
      own.has_owner.store(true, std::memory_order_relaxed);
      while (run_next(own)) {
        if (seat == 0 && is_interrupted()) return end();
      }
    }
    // The first share is the caller's, who is always there.
    for (int i = 1; i < share_count_; ++i) {
      Share& other = shares_[i];
      while (!other.has_owner.load(std::memory_order_relaxed) && run_next(other)) continue;
    }
  }

 private:
  static constexpr int kMostShares = 16;

  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
    std::atomic<bool> has_owner{false};  ///< who takes all that is left of it
  };

  /// Nobody begins another chunk.
  void end() {
    for (Share& share : std::span(shares_, static_cast<size_t>(share_count_))) {
      share.next.store(share.end, std::memory_order_relaxed);
    }
  }

  bool run_next(Share& share) {
    const int64_t chunk = share.next.fetch_add(1, std::memory_order_relaxed);
    if (chunk >= share.end) return false;
    run(chunk);
    return true;
  }

  const int share_count_;
  Share shares_[kMostShares];
};

template <class Work>
void run_loop(int64_t count, int64_t grain, RangeFunction body) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  const int64_t chunks = (count + grain - 1) / grain;
  const int threads = static_cast<int>(std::min<int64_t>(chunks, num_threads()));
  if (threads <= 1 || thread_work == &a_chunk) {
    for (int64_t c = 0; c < chunks; ++c) {
      if (c != 0) check_interrupt();
      body(c * grain, std::min(count, (c + 1) * grain));
    }
    return;
  }
  Work work(body, count, grain, chunks, threads);
  ThreadPool::get().run(work, threads - 1);
  work.rethrow_error();
}

}  // namespace

int num_threads() { return thread_count().load(std::memory_order_relaxed); }

void set_num_threads(int count) {
  if (count < 1) {
    fail<ValueError>("set_num_threads", "expected at least 1 thread, got " + std::to_string(count));
  }
  thread_count().store(count, std::memory_order_relaxed);
}

void parallel_for(int64_t count, int64_t grain, RangeFunction body) {
  run_loop<Loop>(count, grain, body);
}

void parallel_for_shares(int64_t count, int64_t grain, RangeFunction body) {
  run_loop<SharedLoop>(count, grain, body);
}

}  // namespace tenon
