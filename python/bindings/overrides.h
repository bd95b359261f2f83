#pragma once

#include <Python.h>

#include <cstddef>
#include <initializer_list>

#include "python/bindings/tensor_object.h"

// PyTorch's `__torch_function__`: classes, of tensors and of other things, that say what ops on
// their objects mean. Tensors that are of no subclass pay nothing for it.
namespace tenon::python {

/// Thrown where an op was given an object of such a class; who called the op for Python catches it.
/// The object is an argument, and lives as long as the call.
struct OverriddenCall {
  PyObject* object;
};

/// Whether the object's class is such a one. Subclasses of Tensor are, unless they say otherwise:
/// Tensor's own `__torch_function__` makes results objects of the subclass.
bool is_overridden(PyObject* object);
/// The same of a tensor, in line where it is of no subclass.
inline bool is_overridden_tensor(PyObject* tensor) {
  return Py_TYPE(tensor) != tensor_type && is_overridden(tensor);
}

/// Throws OverriddenCall where the object's class is such a one.
void check_overridden(PyObject* object);
inline void check_overridden_tensor(PyObject* tensor) {
  if (Py_TYPE(tensor) != tensor_type) check_overridden(tensor);
}

/// What `__torch_function__(function, types, args, kwargs)` gives for a vectorcall of `function`:
/// of the arguments that have one (they and those in lists; `object` where none is found so),
/// subclasses before their bases, the first that doesn't give NotImplemented. Null with a Python
/// error set where it raises.
PyObject* call_override(PyObject* object, PyObject* function, PyObject* const* arguments,
                        size_t flags, PyObject* names) noexcept;

/// The same of a method of Tensor, by its name.
PyObject* call_overridden_method(PyObject* object, const char* method,
                                 std::initializer_list<PyObject*> arguments) noexcept;
/// And of a property.
PyObject* call_overridden_property(const char* property, PyObject* self) noexcept;

/// Adds `Tensor.__torch_function__`'s parts to the module: what switches it, and the object that
/// stands in a class for having none.
bool add_overrides(PyObject* module);

}  // namespace tenon::python
