#pragma once

#include <cstdint>

#include "tenon/base/export.h"
#include "tenon/core/dtype.h"

namespace tenon {

class Deferrer;

/// What the calling thread's ops do beside computing; one word, tested once per op.
struct Modes {
  bool grad = true;           ///< record for backward
  bool inference = false;     ///< results never take part in a graph: no versions, no view history
  bool anomaly = false;       ///< note where forward calls were made, check gradients for NaN
  bool packs_saved = false;   ///< what is saved for gradients goes through hooks
  DType autocast = kFloat32;  ///< what ops of CastPolicy::kLower take; kFloat32: autocast is off
  Deferrer* deferrer = nullptr;  ///< takes ops over instead of having them run; see deferral.h
};

TENON_API Modes& modes();

/// Within its life, nothing is recorded for backward on this thread.
class TENON_API NoGrad {
 public:
  NoGrad() : previous_(modes().grad) { modes().grad = false; }
  ~NoGrad() { modes().grad = previous_; }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool previous_;
};

/// Within its life, recording is on again (or as `enabled` says).
class TENON_API EnableGrad {
 public:
  explicit EnableGrad(bool enabled = true) : previous_(modes().grad) { modes().grad = enabled; }
  ~EnableGrad() { modes().grad = previous_; }
  EnableGrad(const EnableGrad&) = delete;
  EnableGrad& operator=(const EnableGrad&) = delete;

 private:
  bool previous_;
};

/// Within its life, results are made without any bookkeeping for gradients and can't be used in a
/// graph later.
class TENON_API InferenceMode {
 public:
  InferenceMode() : previous_(modes()) {
    modes().grad = false;
    modes().inference = true;
  }
  ~InferenceMode() { modes() = previous_; }
  InferenceMode(const InferenceMode&) = delete;
  InferenceMode& operator=(const InferenceMode&) = delete;

 private:
  Modes previous_;
};

}  // namespace tenon
