#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "tenon/base/export.h"

namespace tenon {

/// What a compiled function has done so far.
struct CompileCounters {
  int64_t calls = 0;
  int64_t flushes = 0;      ///< how often deferred ops ran, because somebody looked at a result
  int64_t records = 0;      ///< ops that were deferred
  int64_t new_records = 0;  ///< of these, those that no earlier call had made at their place
  int64_t plans = 0;        ///< made
  int64_t eager_calls = 0;  ///< of a function whose calls kept being new: they are not deferred
};

namespace graph {

/// What calls of one compiled function, and of its copies, share; safe to use from several threads
/// at once.
class TENON_API CompiledState {
 public:
  CompiledState();

  CompileCounters counters() const;
  /// What runs at the moment, on other threads, is left out.
  std::string explain() const;

 private:
  friend class CompiledCall;
  struct Runner;
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

/// One call: within its life, ops are deferred. Within a compiled function's call already, it does
/// nothing: the ops belong to the outer one.
class TENON_API CompiledCall {
 public:
  explicit CompiledCall(CompiledState& state);
  /// Runs what is pending.
  void finish();
  /// After an error: runs what was deferred before it.
  ~CompiledCall();
  CompiledCall(const CompiledCall&) = delete;

 private:
  CompiledState::Shared& shared_;
  CompiledState::Runner* runner_ = nullptr;  ///< ours during the call; null in a nested one
};

}  // namespace graph

/// A function with the same meaning as the one it was made of, whose ops run together; see
/// `compile`.
template <class F>
class Compiled {
 public:
  explicit Compiled(F function) : function_(std::move(function)) {}

  template <class... A>
  std::invoke_result_t<F&, A...> operator()(A&&... arguments) {
    graph::CompiledCall call(state_);
    if constexpr (std::is_void_v<std::invoke_result_t<F&, A...>>) {
      std::invoke(function_, std::forward<A>(arguments)...);
      call.finish();
    } else {
      decltype(auto) result = std::invoke(function_, std::forward<A>(arguments)...);
      call.finish();
      return static_cast<std::invoke_result_t<F&, A...>>(result);
    }
  }

  CompileCounters counters() const { return state_.counters(); }
  /// What was captured and planned, as text.
  std::string explain() const { return state_.explain(); }

 private:
  F function_;
  graph::CompiledState state_;
};

/// `function`, compiled: each call runs the function's own code, but its ops are deferred, matched
/// against those of earlier calls, and run as optimised plans when a result is looked at (`item()`,
/// `data()`, printing) or the call ends. Nothing is assumed about the code, so control flow, hidden
/// state and changing hyper-parameters keep their meaning.
template <class F>
Compiled<std::decay_t<F>> compile(F&& function) {
  return Compiled<std::decay_t<F>>(std::forward<F>(function));
}

}  // namespace tenon
