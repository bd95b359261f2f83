#include "tenon/graph/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdio>
#include <mutex>
#include <utility>
#include <vector>

#include "tenon/base/fork_safe_mutex.h"
#include "tenon/core/default_dtype.h"
#include "tenon/graph/passes/passes.h"
#include "tenon/graph/program.h"
#include "tenon/graph/trace/trace.h"
#include "tenon/tile/machine_code.h"

namespace tenon {

std::vector<std::string> compile_passes() {
  std::vector<std::string> names;
  for (const graph::Pass& pass : graph::all_passes()) names.emplace_back(pass.name);
  return names;
}

namespace graph {
namespace {

/// Programs of a pure function; with more kinds of arguments the oldest one goes.
constexpr size_t kMostPrograms = 64;

}  // namespace

/// What one call at a time uses: what the function has seen, and its trace, whose buffers are kept.
struct CompiledState::Runner {
  Segments segments;
  Trace trace{segments};
  std::vector<std::unique_ptr<Program>> programs;  ///< of a pure function; the last used first
  /// What calls made it for: ops are typed once, and numbers' dtypes are part of that.
  const DType default_dtype = tenon::default_dtype();
  bool is_tracing = false;
  uint64_t new_calls = 0;  ///< a bit per call, the last one lowest: whether it was new

  /// Notes the call that ended; null unless nothing is won by matching calls like those of late, as
  /// nearly all were new, or of many small ops in ever other orders.
  const char* reason_to_give_up() {
    constexpr int kMostNew = 48;
    new_calls = new_calls << 1 | uint64_t{trace.is_new()};
    if (std::popcount(new_calls) >= kMostNew) return "made new ops in most of its last 64 calls";
    if (segments.costs_more_than_it_saves()) {
      return "runs so many sequences of small ops in turn that to recognise them takes longer than "
             "to run them";
    }
    return nullptr;
  }
};

struct CompiledState::Shared {
  explicit Shared(CompileOptions given) : options(std::move(given)) {}

  const CompileOptions options;
  /// Most functions are called by one thread: its runner waits here, outside of the lock.
  std::atomic<Runner*> idle{nullptr};
  std::atomic<int64_t> nested_calls{0};
  std::atomic<const char*> eager{nullptr};  ///< why calls run as they would without us
  std::atomic<int64_t> eager_calls{0}, replays{0};
  ForkSafeMutex mutex;
  std::vector<std::unique_ptr<Runner>> all;
  std::vector<Runner*> free;  ///< those that no call uses now, but for `idle`

  Runner& take() {
    const auto fits = [dtype = tenon::default_dtype()](const Runner* runner) {
      return runner->default_dtype == dtype;
    };
    Runner* const waiting = idle.exchange(nullptr, std::memory_order_acquire);
    if (waiting && fits(waiting)) return *waiting;
    const std::lock_guard lock(mutex);
    if (waiting) free.push_back(waiting);
    const auto found = std::find_if(free.rbegin(), free.rend(), fits);
    if (found == free.rend()) {
      all.push_back(std::make_unique<Runner>());
      // The code of a pure function seldom runs: it is its programs that are worth passes.
      all.back()->segments.without_passes =
          options.pure ? compile_passes() : options.without_passes;
      all.back()->segments.memory_limit = options.memory_limit;
      all.back()->segments.keeps_origins = options.validate;
      return *all.back();
    }
    Runner* const runner = *found;
    free.erase(std::next(found).base());
    return *runner;
  }
  /// From now on calls run as they would without us.
  void give_up(const char* why) {
    if (eager.exchange(why, std::memory_order_relaxed)) return;
    std::fputs(
        fmt::format("tenon: a compiled function {}; it runs eagerly from now on\n", why).c_str(),
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

CompiledState::CompiledState(CompileOptions options) {
  const std::vector<std::string> known = compile_passes();
  for (const std::string& name : options.without_passes) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    fail<ValueError>("compile", fmt::format("there is no pass '{}'; expected one of: {}", name,
                                            fmt::join(known, ", ")));
  }
  shared_ = std::make_shared<Shared>(std::move(options));
}

CompileCounters CompiledState::counters() const {
  const std::lock_guard lock(shared_->mutex);
  CompileCounters sum;
  sum.eager_calls = shared_->eager_calls.load(std::memory_order_relaxed);
  sum.replays = shared_->replays.load(std::memory_order_relaxed);
  sum.calls = shared_->nested_calls.load(std::memory_order_relaxed) + sum.eager_calls + sum.replays;
  for (const auto& runner : shared_->all) {
    const Segments::Counters& counters = runner->segments.counters;
    sum.calls += counters.calls.value();
    sum.flushes += counters.flushes.value();
    sum.records += counters.records.value();
    sum.new_records += counters.new_records.value();
    sum.typed += counters.typed.value();
    sum.plans += counters.plans.value();
    sum.compile_ms += static_cast<double>(counters.compile_ns.value()) * 1e-6;
  }
  return sum;
}

/// What runs at the moment is left out.
template <class Visit>
void CompiledState::for_each_idle(Visit visit) const {
  std::vector<Runner*> waiting;
  if (Runner* const runner = shared_->idle.exchange(nullptr, std::memory_order_acquire)) {
    waiting.push_back(runner);
  }
  {
    const std::lock_guard lock(shared_->mutex);
    waiting.insert(waiting.end(), shared_->free.begin(), shared_->free.end());
    shared_->free.clear();
  }
  for (const Runner* runner : waiting) visit(*runner);
  for (Runner* runner : waiting) shared_->give(*runner);
}

std::string CompiledState::explain() const {
  const CompileCounters c = counters();
  std::string text = fmt::format(
      "{} calls, {} flushes, {} ops deferred, {} of them typed, {} new, {} plans made "
      "in {:.1f} ms\n",
      c.calls, c.flushes, c.records, c.typed, c.new_records, c.plans, c.compile_ms);
  const tile::MachineCodeStats code = tile::machine_code_stats();
  text += fmt::format("tile programs of this process: {} made machine code in {:.1f} ms\n",
                      code.compiled, static_cast<double>(code.microseconds) * 1e-3);
  if (c.eager_calls != 0) {
    text += fmt::format("{} calls ran eagerly, as the function {}\n", c.eager_calls,
                        shared_->eager.load(std::memory_order_relaxed));
  }
  if (c.replays != 0) text += fmt::format("{} calls ran without the function's code\n", c.replays);
  for_each_idle([&](const Runner& runner) {
    if (!shared_->options.pure) return runner.segments.explain(text);
    for (const auto& program : runner.programs) {
      text += program->plan().explain(program->graph().steps.size());
    }
  });
  return text;
}

std::vector<Graph> CompiledState::graphs() const {
  std::vector<Graph> all;
  for_each_idle([&](const Runner& runner) {
    if (!shared_->options.pure) {
      runner.segments.for_each_plan(
          [&](const Plan& plan, size_t, const Node&) { all.push_back(plan.graph()); });
    }
    for (const auto& program : runner.programs) all.push_back(program->plan().graph());
  });
  return all;
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
}

bool CompiledCall::is_pure() const { return shared_.options.pure && runner_; }

bool CompiledCall::replay(std::span<const Tensor* const> arguments, std::vector<Tensor>& results,
                          std::span<const Tensor* const> moved) {
  if (shared_.options.validate) return false;
  auto& programs = runner_->programs;
  const auto known = std::find_if(programs.begin(), programs.end(),
                                  [&](const auto& program) { return program->takes(arguments); });
  if (known == programs.end()) return false;
  std::rotate(programs.begin(), known, known + 1);
  programs.front()->run(arguments, results, moved);
  shared_.replays.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void CompiledCall::begin(const void* frame) {
  if (!runner_) return;
  runner_->segments.counters.calls.add(1);
  runner_->is_tracing = true;
  runner_->trace.begin(frame, shared_.options.pure);
}

void CompiledCall::keep(std::span<const Tensor* const> arguments,
                        std::span<const Tensor* const> results) {
  auto& programs = runner_->programs;
  for (const auto& program : programs) {
    if (program->takes(arguments)) {
      return program->check_same(runner_->trace, arguments, results);
    }
  }
  const Segments::Stopwatch stopwatch(runner_->segments.counters.compile_ns);
  auto program =
      std::make_unique<Program>(runner_->trace, arguments, results, shared_.options.without_passes);
  if (!program->takes(arguments)) return;  // they share memory with what the code reaches itself
  if (programs.size() == kMostPrograms) programs.pop_back();
  programs.insert(programs.begin(), std::move(program));
}

void CompiledCall::finish() {
  if (runner_) runner_->trace.finish();
}

CompiledCall::~CompiledCall() {
  if (!runner_) return;
  if (std::exchange(runner_->is_tracing, false)) {
    runner_->trace.end();
    if (const char* why = runner_->reason_to_give_up()) shared_.give_up(why);
  }
  shared_.give(*runner_);
}

}  // namespace graph
}  // namespace tenon
