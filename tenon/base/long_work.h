#pragma once

#include <cstdint>

#include "tenon/base/export.h"

// Work that takes long, and the host that the library serves, such as Python: its lock is given
// back meanwhile, and it may stop the work (Ctrl-C).
namespace tenon {

/// What the host does, on the thread that works.
struct Host {
  /// Before long work. Null where the thread doesn't hold the host's lock; else what the others
  /// get.
  void* (*leave)() = nullptr;
  void (*come_back)(void* state) = nullptr;
  /// During it, ten times a second at most. What it throws stops the work.
  void (*check)(void* state) = nullptr;
};

/// For the whole process, before other threads use the library.
TENON_API void set_host(const Host& host);

/// Work that the host was left for.
struct WorkState {
  void* host = nullptr;    ///< what it left with
  int64_t next_check = 0;  ///< in nanoseconds of the coarse clock
  int uninterrupted = 0;   ///< how many of those live
};

/// While it lives, the host isn't waited for. Within another one it does nothing.
class TENON_API LongWork {
 public:
  explicit LongWork(bool is_long = true) {
    if (is_long) begin();
  }
  ~LongWork() { end(); }
  LongWork(const LongWork&) = delete;

  void end() {
    if (state_.host) come_back();
  }

 private:
  void begin();
  void come_back();

  WorkState state_;
};

/// While it lives, code of the host's runs on this thread within long work: a callback.
class TENON_API HostCode {
 public:
  HostCode();
  ~HostCode();
  HostCode(const HostCode&) = delete;

 private:
  WorkState* outer_;
};

/// While it lives, work on this thread isn't stopped: it writes what isn't its own, a tensor in
/// place or parameters, and would leave it half done.
class TENON_API Uninterrupted {
 public:
  Uninterrupted();
  ~Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;

 private:
  WorkState* work_;
};

/// Between two parts of long work: throws what the host stops it with. It does nothing in a chunk
/// of a parallel loop, which looks between its chunks.
TENON_API void check_interrupt();

}  // namespace tenon
