#pragma once

#include <cstdint>
#include <type_traits>

#include "tenon/base/export.h"

namespace tenon {

/// Threads that parallel loops of this process use: `set_num_threads`, else OMP_NUM_THREADS, else
/// the cores that the process may run on.
TENON_API int num_threads();
/// Sets the size of the one thread pool. Throws ValueError below 1. Results don't depend on it.
TENON_API void set_num_threads(int count);

/// A reference to a callable `void(int64_t begin, int64_t end)`; it doesn't own it.
class RangeFunction {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, RangeFunction>) RangeFunction(F&& function)
      : object_(const_cast<void*>(static_cast<const void*>(&function))),
        call_([](void* object, int64_t begin, int64_t end) {
          (*static_cast<std::remove_reference_t<F>*>(object))(begin, end);
        }) {}
  void operator()(int64_t begin, int64_t end) const { call_(object_, begin, end); }

 private:
  void* object_;
  void (*call_)(void*, int64_t, int64_t);
};

/// Runs `body(begin, end)` over chunks of [0, count) of `grain` each (the last may be shorter), on
/// the pool. The chunks depend on `count` and `grain` alone, never on the number of threads, so
/// that a body that accumulates per chunk gives the same bits everywhere. One chunk, or a call from
/// inside a parallel loop, runs on the calling thread. An exception in `body` is rethrown here (the
/// one of the lowest chunk).
TENON_API void parallel_for(int64_t count, int64_t grain, RangeFunction body);

/// The same, and each thread takes the same chunks at every call with this `count` and `grain`: for
/// loops over memory that is small enough to stay in the caches of the cores that read it. The
/// price: a thread that has begun its share is waited for, though others have none left.
TENON_API void parallel_for_shares(int64_t count, int64_t grain, RangeFunction body);

}  // namespace tenon
