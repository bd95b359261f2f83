#include "tenon/graph/compile.h"

#include <fmt/format.h>

#include <atomic>
#include <bit>
#include <cstdio>
#include <mutex>
#include <vector>

#include "tenon/graph/trace/trace.h"

namespace tenon::graph {

/// What one call at a time uses: what the function has seen, and its trace, whose buffers are kept.
struct CompiledState::Runner {
  Segments segments;
  Trace trace{segments};
  uint64_t new_calls = 0;  ///< a bit per call, the last one lowest: whether it was new

  /// Notes the call that ended; true where nearly all of late were new, so that nothing is won by
  /// matching them.
  bool keeps_missing() {
    constexpr int kMostNew = 48;
    new_calls = new_calls << 1 | uint64_t{trace.is_new()};
    return std::popcount(new_calls) >= kMostNew;
  }
};

struct CompiledState::Shared {
  /// Most functions are called by one thread: its runner waits here, outside of the lock.
  std::atomic<Runner*> idle{nullptr};
  std::atomic<int64_t> nested_calls{0};
  std::atomic<bool> eager{false};  ///< calls kept being new
  std::atomic<int64_t> eager_calls{0};
  std::mutex mutex;
  std::vector<std::unique_ptr<Runner>> all;
  std::vector<Runner*> free;  ///< those that no call uses now, but for `idle`

  Runner& take() {
    if (Runner* const runner = idle.exchange(nullptr, std::memory_order_acquire)) return *runner;
    const std::lock_guard lock(mutex);
    if (free.empty()) {
      all.push_back(std::make_unique<Runner>());
      return *all.back();
    }
    Runner* const runner = free.back();
    free.pop_back();
    return *runner;
  }
  /// From now on calls run as they would without us.
  void give_up() {
    if (eager.exchange(true, std::memory_order_relaxed)) return;
    std::fputs(
        "tenon: a compiled function made new ops in most of its last 64 calls; it runs eagerly "
        "from now on\n",
        stderr);
  }
  void give(Runner& runner) {
    Runner* nobody = nullptr;
    if (idle.compare_exchange_strong(nobody, &runner, std::memory_order_release,
                                     std::memory_order_relaxed)) {
      return;
    }
    const std::lock_guard lock(mutex);
    free.push_back(&runner);
  }
};

CompiledState::CompiledState() : shared_(std::make_shared<Shared>()) {}

CompileCounters CompiledState::counters() const {
  const std::lock_guard lock(shared_->mutex);
  CompileCounters sum;
  sum.eager_calls = shared_->eager_calls.load(std::memory_order_relaxed);
  sum.calls = shared_->nested_calls.load(std::memory_order_relaxed) + sum.eager_calls;
  for (const auto& runner : shared_->all) {
    const Segments::Counters& counters = runner->segments.counters;
    sum.calls += counters.calls.value();
    sum.flushes += counters.flushes.value();
    sum.records += counters.records.value();
    sum.new_records += counters.new_records.value();
    sum.plans += counters.plans.value();
  }
  return sum;
}

std::string CompiledState::explain() const {
  const CompileCounters c = counters();
  std::string text =
      fmt::format("{} calls, {} flushes, {} ops deferred, {} of them new, {} plans\n", c.calls,
                  c.flushes, c.records, c.new_records, c.plans);
  if (c.eager_calls != 0) text += fmt::format("{} calls ran eagerly\n", c.eager_calls);
  std::vector<Runner*> waiting;
  if (Runner* const runner = shared_->idle.exchange(nullptr, std::memory_order_acquire)) {
    waiting.push_back(runner);
  }
  {
    const std::lock_guard lock(shared_->mutex);
    waiting.insert(waiting.end(), shared_->free.begin(), shared_->free.end());
    shared_->free.clear();
  }
  for (const Runner* runner : waiting) runner->segments.explain(text);
  for (Runner* runner : waiting) shared_->give(*runner);
  return text;
}

CompiledCall::CompiledCall(CompiledState& state) : shared_(*state.shared_) {
  if (Trace::of_thread()) {
    shared_.nested_calls.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (shared_.eager.load(std::memory_order_relaxed)) {
    shared_.eager_calls.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  runner_ = &shared_.take();
  runner_->segments.counters.calls.add(1);
  runner_->trace.begin();
}

void CompiledCall::finish() {
  if (runner_) runner_->trace.flush();
}

CompiledCall::~CompiledCall() {
  if (!runner_) return;
  runner_->trace.end();
  if (runner_->keeps_missing()) shared_.give_up();
  shared_.give(*runner_);
}

}  // namespace tenon::graph
