#pragma once

#include <Python.h>

namespace tenon::python {

/// Adds what is written `with no_grad():` and `@no_grad()`: the types no_grad, enable_grad,
/// set_grad_enabled, inference_mode, autocast, _detect_anomaly and _set_detect_anomaly, and their
/// base `_Mode`.
bool add_mode_types(PyObject* module);

}  // namespace tenon::python
