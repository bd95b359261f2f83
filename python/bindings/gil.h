#pragma once

#include <Python.h>

#include "tenon/dispatch/call.h"

namespace tenon::python {

/// Lets other Python threads run while an op does, where that takes long enough to be worth it.
class ReleaseGil {
 public:
  explicit ReleaseGil(const Call& call) : state_(is_long(call) ? PyEval_SaveThread() : nullptr) {}
  /// For what always takes long.
  ReleaseGil() : state_(PyEval_SaveThread()) {}
  ~ReleaseGil() { take_back(); }
  ReleaseGil(const ReleaseGil&) = delete;

  void take_back() const {
    if (state_) PyEval_RestoreThread(state_);
    state_ = nullptr;
  }

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

  mutable PyThreadState* state_;
};

/// Holds Python's lock where C++ calls back, on whichever thread.
class HoldGil {
 public:
  HoldGil() : state_(PyGILState_Ensure()) {}
  ~HoldGil() { PyGILState_Release(state_); }
  HoldGil(const HoldGil&) = delete;

 private:
  PyGILState_STATE state_;
};

}  // namespace tenon::python
