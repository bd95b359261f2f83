#pragma once

#include <Python.h>

namespace tenon::python {

/// Adds `ModuleBase`, what nn.Module is made of where speed counts: calls of `forward`, and looking
/// up parameters, buffers and modules as attributes.
bool add_module_type(PyObject* module);

}  // namespace tenon::python
