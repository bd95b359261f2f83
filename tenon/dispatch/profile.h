#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/base/export.h"
#include "tenon/dispatch/call.h"

namespace tenon {

/// Something that ran while a profile was taken. Times are nanoseconds of the steady clock.
struct ProfileEvent {
  std::string name;
  std::string category;  ///< "op", "step" (of a compiled function's plan) or "user"
  std::string shapes;    ///< of inputs, then results: "float32[2, 3], float32[3] -> float32[2, 3]"
  int64_t bytes = 0;     ///< of inputs and results together
  int64_t begin = 0, end = 0;
  int thread = 0;  ///< numbered in the order of their first events
};

/// What a profile kept.
struct ProfileEvents {
  std::vector<ProfileEvent> list;  ///< in the order in which they ended
  int64_t left_out = 0;            ///< later ones, beyond 262,144
};

extern TENON_API std::atomic<bool> profiling;
/// Whether a profile is being taken. Ops ask it once each.
inline bool is_profiling() { return profiling.load(std::memory_order_relaxed); }
/// From now on events of all threads are kept. Throws ValueError when they are already.
TENON_API void start_profiling();
TENON_API ProfileEvents stop_profiling();
/// Keeps an event, of the calling thread.
TENON_API void add_profile_event(ProfileEvent event);
TENON_API int64_t profile_clock();

/// An event of a name of your own around what runs within its life.
class TENON_API RecordFunction {
 public:
  explicit RecordFunction(std::string_view name);
  ~RecordFunction();
  RecordFunction(const RecordFunction&) = delete;
  RecordFunction& operator=(const RecordFunction&) = delete;

 private:
  std::string name_;
  int64_t begin_;  ///< -1: nothing is kept
};

/// An op's event, from its making on; `end` keeps it.
class ProfiledCall {
 public:
  explicit ProfiledCall(const Call& call);
  void end(std::span<const Tensor> outputs);

 private:
  ProfileEvent event_;
};

}  // namespace tenon
