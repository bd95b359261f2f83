#pragma once

#include "tenon/base/export.h"

namespace tenon::train {

/// Within its life, the first Ctrl-C (SIGINT), SIGTERM or SIGHUP (a lost terminal) is noted and not
/// obeyed, so that a loop can save and stop; a second one ends the process as usual. Signals that
/// the process ignores, as under nohup, stay ignored. One at a time in a process: a nested one
/// changes nothing.
class TENON_API InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool interrupted() const;

 private:
  bool owner_;
};

}  // namespace tenon::train
