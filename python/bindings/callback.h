#pragma once

#include "python/bindings/casters.h"
#include "python/bindings/gil.h"

namespace tenon::python {

/// An object of Python's, for C++ that copies and frees it on any thread.
class HeldObject {
 public:
  explicit HeldObject(nanobind::object object) : object_(object.release().ptr()) {}
  HeldObject(const HeldObject& other) : object_(other.object_) {
    const HoldGil held;
    Py_INCREF(object_);
  }
  HeldObject& operator=(const HeldObject&) = delete;
  ~HeldObject() {
    if (!Py_IsInitialized()) return;
    const HoldGil held;
    Py_DECREF(object_);
  }

  PyObject* get() const { return object_; }

 private:
  PyObject* object_;
};

/// A callable of Python's, for C++ that calls, copies and frees it on any thread.
class Callback {
 public:
  explicit Callback(nanobind::callable function) : function_(std::move(function)) {}

  PyObject* function() const { return function_.get(); }

  /// Called with Python's lock held.
  nanobind::object call(nanobind::handle argument) const {
    PyObject* const result = PyObject_CallOneArg(function(), argument.ptr());
    if (!result) throw nanobind::python_error();
    return nanobind::steal(result);
  }

  /// Called with tensors, undefined ones as None, it gives tensors or None.
  std::vector<Tensor> operator()(std::span<const Tensor> tensors) const {
    const HoldGil held;
    nanobind::list arguments;
    for (const Tensor& tensor : tensors) arguments.append(nanobind::cast(tensor));
    std::vector<Tensor> results;
    for (nanobind::handle result : call(arguments)) {
      if (!result.is_none() && !is_tensor(result.ptr())) {
        fail_type("expected a tensor or None, got %s", Py_TYPE(result.ptr())->tp_name);
      }
      results.push_back(result.is_none() ? Tensor() : tensor_of(result.ptr()));
    }
    return results;
  }

 private:
  HeldObject function_;
};

}  // namespace tenon::python
