#pragma once

#include <cstdint>

namespace tenon {

/// What this thread is doing.
struct ThreadWork {
  void* host = nullptr;    ///< what the host left with; null outside of long work
  int64_t next_check = 0;  ///< in nanoseconds of the coarse clock
  int uninterrupted = 0;   ///< how many of those live
  bool in_chunk = false;   ///< runs the body of a parallel loop
};

extern thread_local constinit ThreadWork thread_work;

}  // namespace tenon
