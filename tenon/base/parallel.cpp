#include "tenon/base/parallel.h"

#include <omp.h>

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

void parallel_for(int64_t count, int64_t grain, RangeFunction body) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  const int64_t chunks = (count + grain - 1) / grain;
  const int threads = static_cast<int>(std::min<int64_t>(chunks, omp_get_max_threads()));
  if (threads <= 1 || omp_in_parallel()) {
    for (int64_t c = 0; c < chunks; ++c) body(c * grain, std::min(count, (c + 1) * grain));
    return;
  }
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  int64_t error_chunk = chunks;
#pragma omp parallel num_threads(threads)
  {
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
  if (error) std::rethrow_exception(error);
}

}  // namespace tenon
