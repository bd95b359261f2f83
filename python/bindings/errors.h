#pragma once

#include <Python.h>

namespace tenon::python {

/// Makes the exception types of the package: Tenon's errors as Python's own. False with a Python
/// error set where that fails.
bool add_errors(PyObject* module);

/// Turns the C++ exception that is being handled into a Python one. Returns null, for callers to
/// return in turn.
PyObject* raise_current_exception() noexcept;

/// Thrown by code that has set a Python error already.
struct PythonError {};

/// Sets a TypeError with this message, in the format of PyErr_Format, and throws PythonError.
[[noreturn]] void fail_type(const char* format, ...);

/// Runs `body`, which gives a new reference, behind a wall that no C++ exception passes.
template <class Body>
PyObject* guarded(Body body) noexcept {
  try {
    return body();
  } catch (...) {
    return raise_current_exception();
  }
}

}  // namespace tenon::python
