#pragma once

#include <Python.h>

#include <cstddef>

// PyTorch's `__torch_function__`: classes of no tensors that say what ops on their objects mean.
namespace tenon::python {

/// Thrown where an op was given an object of such a class; who called the op for Python catches it.
/// The object is an argument, and lives as long as the call.
struct OverriddenCall {
  PyObject* object;
};

/// Throws OverriddenCall where the object's class is such a one.
void check_overridden(PyObject* object);

/// What `object.__torch_function__(function, types, args, kwargs)` gives for a vectorcall of
/// `function`; null with a Python error set where it raises.
PyObject* call_override(PyObject* object, PyObject* function, PyObject* const* arguments,
                        size_t flags, PyObject* names) noexcept;

}  // namespace tenon::python
