#pragma once

#include <Python.h>

namespace tenon::python {

/// Writes the result of `call`, a tensor or a tuple of them, into `out`, as many tensors. One
/// without elements takes the result's sizes; else sizes have to be the same, and the result's
/// category one that fits. Gradients don't flow there: AutogradError where one would be recorded.
void write_out(const char* call, PyObject* result, PyObject* out);

}  // namespace tenon::python
