#pragma once

#include <Python.h>

#include <vector>

#include "tenon/core/tensor.h"

namespace tenon::python {

/// A Python tensor: a handle, and room for attributes that users set. Its subclasses are Python's.
struct TensorObject {
  PyObject_HEAD Tensor tensor;
  PyObject* attributes;  ///< a dict, or null
  PyObject* weak_references;
  PyObject* gradient;  ///< a weak reference to the object that `grad` gave last, or null
};

/// The type, made by `add_tensor_type`.
extern PyTypeObject* tensor_type;

/// False with a Python error set where it fails.
bool add_tensor_type(PyObject* module);

inline bool is_tensor(PyObject* object) {
  return Py_TYPE(object) == tensor_type || PyType_IsSubtype(Py_TYPE(object), tensor_type);
}
/// Of an object that is one.
inline Tensor& tensor_of(PyObject* object) {
  return reinterpret_cast<TensorObject*>(object)->tensor;
}
/// A new reference; None for an undefined tensor. Throws PythonError.
PyObject* wrap(Tensor tensor);

// Slots of the type, by the file that has them.

// autograd_functions.cpp
/// Visits the hooks of a leaf that is the object's alone: they often hold what holds the leaf.
int traverse_hooks(const Tensor& tensor, visitproc visit, void* arg);
void clear_hooks(const Tensor& tensor);
// numbers.cpp
std::vector<PyType_Slot> number_slots();
// indexing.cpp
Py_ssize_t tensor_length(PyObject* self) noexcept;
PyObject* tensor_get_item(PyObject* self, PyObject* index) noexcept;
int tensor_set_item(PyObject* self, PyObject* index, PyObject* value) noexcept;
// arrays.cpp
int tensor_get_buffer(PyObject* self, Py_buffer* buffer, int flags) noexcept;
void tensor_release_buffer(PyObject* self, Py_buffer* buffer) noexcept;

}  // namespace tenon::python
