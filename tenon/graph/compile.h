#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/base/inline_vector.h"
#include "tenon/core/tensor.h"

namespace tenon {

/// How `compile` takes a function.
struct CompileOptions {
  /// The first call with arguments of some dtypes and sizes runs the function's code and keeps what
  /// its ops were; later ones run these on their arguments, without the code. Only for functions of
  /// tensors whose ops, host numbers and other tensors are the same in every call: what the code
  /// does beside ops (a step counter, a gradient put into `grad()`) happens in the first call only,
  /// writes into tensors happen in each. Arguments must not be tensors that the code also reaches
  /// by itself.
  bool pure = false;
  /// Of pure functions: each call runs the code, too, and throws ValueError naming the place where
  /// it does something else than what was kept. For tests: it is slow.
  bool validate = false;
  /// Names of passes to leave out (`compile_passes()`): to see what they are for, or to find the
  /// one at fault.
  std::vector<std::string> without_passes = {};
  /// Bytes that a plan may take for intermediate results and for what it makes and keeps; 0: any
  /// number. Plans that would take more compute values again before late uses instead of keeping
  /// them, to the same bits: arithmetic first, matrix products where that isn't enough. Where the
  /// limit can't be met, the plan takes as little as it can, and a warning says how much.
  size_t memory_limit = 0;
};

/// The names of all passes that compiled functions' graphs go through, in their order.
TENON_API std::vector<std::string> compile_passes();

/// What a compiled function has done so far.
struct CompileCounters {
  int64_t calls = 0;
  int64_t flushes = 0;      ///< how often deferred ops ran, because somebody looked at a result
  int64_t records = 0;      ///< ops that were deferred
  int64_t new_records = 0;  ///< of these, those that no earlier call had made at their place
  int64_t typed = 0;        ///< those whose sizes, attributes or the like hadn't come of late
  int64_t plans = 0;        ///< made
  double compile_ms = 0;    ///< that making them took; machine_code_stats() counts code apart
  int64_t eager_calls = 0;  ///< of a function whose calls kept being new: they are not deferred
  int64_t replays = 0;      ///< calls of a pure function that didn't run its code
};

namespace graph {

struct Graph;

/// For bindings of other languages: `place` says where in the user's code a call comes from
/// ("train.py:12"), or nothing. It is asked where a call is new, for `explain`.
TENON_API void set_caller_place(std::string (*place)());
/// The same: whether the user's code, within the compiled function, catches errors of a call, in
/// place of looking for `try` blocks of C++. Asked of new ones that may fail on the numbers in
/// tensors: those that are caught run at once.
TENON_API void set_caller_catches(bool (*catches)());

/// What calls of one compiled function, and of its copies, share; safe to use from several threads
/// at once.
class TENON_API CompiledState {
 public:
  explicit CompiledState(CompileOptions options);

  CompileCounters counters() const;
  /// What runs at the moment, on other threads, is left out.
  std::string explain() const;
  /// Of all plans, as the passes left them.
  std::vector<Graph> graphs() const;

 private:
  friend class CompiledCall;
  struct Runner;
  struct Shared;
  template <class Visit>
  void for_each_idle(Visit visit) const;
  std::shared_ptr<Shared> shared_;
};

/// One call: within its life, ops are deferred. Within a compiled function's call already, it does
/// nothing: the ops belong to the outer one.
class TENON_API CompiledCall {
 public:
  explicit CompiledCall(CompiledState& state);
  /// Of a pure function: runs what an earlier call did; false where none had such arguments, or the
  /// code has to run beside.
  /// Arguments that are `moved` in as well may be used up.
  bool replay(std::span<const Tensor* const> arguments, std::vector<Tensor>& results,
              std::span<const Tensor* const> moved = {});
  /// Defers this thread's ops from now on. `frame`: of the function that calls the user's code, in
  /// which a `try` block may stand; it is the calling one.
  void begin(const void* frame = __builtin_frame_address(0));
  /// Of a pure function, after `begin` and its code: keeps what it did, or compares.
  void keep(std::span<const Tensor* const> arguments, std::span<const Tensor* const> results);
  /// Runs what is pending.
  void finish();
  bool is_pure() const;
  /// After an error: runs what was deferred before it.
  ~CompiledCall();
  CompiledCall(const CompiledCall&) = delete;

 private:
  CompiledState::Shared& shared_;
  CompiledState::Runner* runner_ = nullptr;  ///< ours during the call; null in a nested one
};

}  // namespace graph

/// What a pure function may take and return, as lists of tensors.
namespace pure {

using List = InlineVector<const Tensor*, 8>;

inline void list(const Tensor& tensor, List& all) { all.push_back(&tensor); }
inline void list(const std::vector<Tensor>& tensors, List& all) {
  for (const Tensor& tensor : tensors) all.push_back(&tensor);
}
template <class... T>
void list(const std::tuple<T...>& tensors, List& all) {
  std::apply([&](const auto&... each) { (list(each, all), ...); }, tensors);
}
/// How results become `T` again.
template <class T>
struct Result {
  static constexpr bool kIsPure = false;
};
template <>
struct Result<Tensor> {
  static constexpr bool kIsPure = true;
  static Tensor of(std::vector<Tensor>& results) { return std::move(results[0]); }
};
template <>
struct Result<std::vector<Tensor>> {
  static constexpr bool kIsPure = true;
  static std::vector<Tensor> of(std::vector<Tensor>& results) { return std::move(results); }
};
template <class... T>
requires(std::is_same_v<T, Tensor>&&...) struct Result<std::tuple<T...>> {
  static constexpr bool kIsPure = true;
  static std::tuple<T...> of(std::vector<Tensor>& results) {
    return [&]<size_t... I>(std::index_sequence<I...>) {
      return std::tuple<T...>(std::move(results[I])...);
    }
    (std::index_sequence_for<T...>());
  }
};

/// Whether `A&&` is a tensor, or a list of them, that was moved in.
template <class A>
inline constexpr bool is_moved =
    std::is_same_v<A, Tensor> || std::is_same_v<A, std::vector<Tensor>>;

template <class A>
void list_moved(std::remove_reference_t<A>& argument, List& all) {
  if constexpr (is_moved<A>) list(argument, all);
}
/// Lets go of what was moved in, so that its memory can be used again.
template <class A>
void drop_moved(std::remove_reference_t<A>& argument) {
  if constexpr (is_moved<A>) argument = A();
}

template <class T>
inline constexpr bool is_argument = std::is_same_v<std::remove_cvref_t<T>, Tensor> ||
                                    std::is_same_v<std::remove_cvref_t<T>, std::vector<Tensor>>;

}  // namespace pure

/// A function with the same meaning as the one it was made of, whose ops run together; see
/// `compile`.
template <class F>
class Compiled {
 public:
  explicit Compiled(F function, CompileOptions options = {})
      : function_(std::move(function)), state_(std::move(options)) {}

  template <class... A>
  std::invoke_result_t<F&, A...> operator()(A&&... arguments) {
    using R = std::invoke_result_t<F&, A...>;
    graph::CompiledCall call(state_);
    if (call.is_pure()) {
      if constexpr ((pure::is_argument<A> && ...) &&
                    (std::is_void_v<R> || pure::Result<R>::kIsPure)) {
        return call_pure<R>(call, std::forward<A>(arguments)...);
      } else {
        fail<ValueError>("compile",
                         "a pure function takes tensors and vectors of tensors, and returns "
                         "tensors, a vector or tuple of tensors, or nothing; leave `pure` out for "
                         "other functions");
      }
    }
    return call_code<R>(call, std::forward<A>(arguments)...);
  }

  CompileCounters counters() const { return state_.counters(); }
  /// What was captured and planned, as text.
  std::string explain() const { return state_.explain(); }
  /// The graphs of all plans, as the passes left them (tenon/graph/ir/graph.h): `to_text()`,
  /// `to_dot()`.
  template <class State = graph::CompiledState>  // so that only callers need to know Graph
  std::vector<graph::Graph> graphs() const {
    return static_cast<const State&>(state_).graphs();
  }

 private:
  /// In a frame of its own: a `try` around the compiled function is out of it.
  template <class R, class... A>
  [[gnu::noinline]] R call_code(graph::CompiledCall& call, A&&... arguments) {
    call.begin();
    if constexpr (std::is_void_v<R>) {
      std::invoke(function_, std::forward<A>(arguments)...);
      (pure::drop_moved<A>(arguments), ...);
      call.finish();
    } else {
      decltype(auto) result = std::invoke(function_, std::forward<A>(arguments)...);
      // Other results may refer to arguments.
      if constexpr (pure::Result<R>::kIsPure || std::is_arithmetic_v<R>) {
        (pure::drop_moved<A>(arguments), ...);
      }
      call.finish();
      return static_cast<R>(result);
    }
  }

  template <class R, class... A>
  R call_pure(graph::CompiledCall& call, A&&... arguments) {
    pure::List given, moved, made;
    (pure::list(arguments, given), ...);
    (pure::list_moved<A>(arguments, moved), ...);
    std::vector<Tensor> results;
    if (call.replay(given, results, moved)) {
      (pure::drop_moved<A>(arguments), ...);
      if constexpr (std::is_void_v<R>) {
        return;
      } else {
        return pure::Result<R>::of(results);
      }
    }
    call.begin();
    if constexpr (std::is_void_v<R>) {
      std::invoke(function_, std::forward<A>(arguments)...);
      call.keep(given, made);
      (pure::drop_moved<A>(arguments), ...);
      call.finish();
    } else {
      R result = std::invoke(function_, std::forward<A>(arguments)...);
      pure::list(result, made);
      call.keep(given, made);
      (pure::drop_moved<A>(arguments), ...);
      call.finish();
      return result;
    }
  }

  F function_;
  graph::CompiledState state_;
};

/// `function`, compiled: each call runs the function's own code, but its ops are deferred, matched
/// against those of earlier calls, and run as optimised plans when a result is looked at (`item()`,
/// `data()`, printing) or the call ends. Nothing is assumed about the code, so control flow, hidden
/// state and changing hyper-parameters keep their meaning.
///
/// A large tensor that nobody holds any more when the ops run lends them its memory: in
/// `state = step(std::move(state))` the new state is written where the old one lay. What is moved
/// in is let go of, whichever way the function takes it.
///
///     auto step = compile([&](const Tensor& x, const Tensor& y) {
///       optimizer.zero_grad();
///       Tensor loss = cross_entropy(model(x), y);
///       loss.backward();
///       optimizer.step();
///       return loss;
///     });
///
/// Throws what the function throws, at the same op, with all tensors as they would be without
/// `compile`. With `options.pure`, ValueError for functions that aren't.
template <class F>
Compiled<std::decay_t<F>> compile(F&& function, CompileOptions options = {}) {
  return Compiled<std::decay_t<F>>(std::forward<F>(function), std::move(options));
}

}  // namespace tenon
