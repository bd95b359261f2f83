#pragma once

#include <Python.h>

#include "tenon/dispatch/op_def.h"

namespace tenon::python {

/// Adds a callable for every public op, straight from its definition: functions of `module`,
/// methods of `type`, and in-place methods with `_` behind their names. False with a Python error
/// set where that fails.
bool add_ops(PyObject* module, PyTypeObject* type);

}  // namespace tenon::python
