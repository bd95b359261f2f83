#pragma once

#include <Python.h>

#include "tenon/base/long_work.h"
#include "tenon/dispatch/call.h"

namespace tenon::python {

/// Long work gives Python's lock back meanwhile, and looks whether Ctrl-C stops it.
void set_python_as_host();

/// Lets other Python threads run while an op does, where that takes long enough to be worth it.
class ReleaseGil {
 public:
  explicit ReleaseGil(const Call& call) : work_(is_long(call)) {}
  /// For what always takes long.
  ReleaseGil() = default;

  void take_back() const { work_.end(); }

 private:
  /// Elements of an input from which an op may take more than a few microseconds.
  static constexpr int64_t kManyElements = 1 << 14;

  static int64_t elements_of(IntList sizes) {
    int64_t elements = 1;
    for (const int64_t size : sizes) {
      if (__builtin_mul_overflow(elements, size, &elements)) return kManyElements;
    }
    return elements;
  }

  static bool is_long(const Call& call) {
    for (const Tensor* input : call.inputs) {
      if (input->defined() && input->numel() >= kManyElements) return true;
    }
    if (!call.inputs.empty()) return false;
    for (const Attribute& attribute : call.attributes) {
      if (attribute.is_list() && elements_of(attribute.as<IntList>()) >= kManyElements) return true;
    }
    return false;
  }

  mutable LongWork work_;
};

/// PyGILState_Ensure, for threads that may outlive Python.
PyGILState_STATE take_lock();

/// Holds Python's lock where C++ calls back, on whichever thread.
class HoldGil {
 public:
  HoldGil() : state_(take_lock()) {}
  ~HoldGil() { PyGILState_Release(state_); }
  HoldGil(const HoldGil&) = delete;

 private:
  HostCode code_;
  PyGILState_STATE state_;
};

}  // namespace tenon::python
