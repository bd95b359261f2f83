// tenon.Size: the sizes of a tensor, a tuple of ints that counts its elements.

#include "python/bindings/arguments.h"
#include "python/bindings/errors.h"

namespace tenon::python {
namespace {

PyTypeObject* size_type = nullptr;

PyObject* make_size(PyTypeObject* type, PyObject* arguments, PyObject*) noexcept {
  PyObject* const whole = PyTuple_Type.tp_new(&PyTuple_Type, arguments, nullptr);
  if (!whole) return nullptr;
  const Py_ssize_t count = PyTuple_GET_SIZE(whole);
  PyObject* const made = type->tp_alloc(type, count);
  for (Py_ssize_t i = 0; made && i < count; ++i) {
    PyObject* const item = PyTuple_GET_ITEM(whole, i);
    PyObject* const number = PyIndex_Check(item) ? PyNumber_Index(item) : nullptr;
    if (!number) {
      if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError, "Size() takes ints, not %s", Py_TYPE(item)->tp_name);
      }
      Py_DECREF(whole);
      Py_DECREF(made);
      return nullptr;
    }
    PyTuple_SET_ITEM(made, i, number);
  }
  Py_DECREF(whole);
  return made;
}

/// A tuple's method, whose result is a Size again.
PyObject* as_size(PyObject* tuple) noexcept {
  if (!tuple || !PyTuple_CheckExact(tuple)) return tuple;
  PyObject* const made = PyObject_CallOneArg(reinterpret_cast<PyObject*>(size_type), tuple);
  Py_DECREF(tuple);
  return made;
}
PyObject* get_item(PyObject* self, PyObject* index) noexcept {
  PyObject* const item = PyTuple_Type.tp_as_mapping->mp_subscript(self, index);
  return PySlice_Check(index) ? as_size(item) : item;
}
PyObject* concatenate(PyObject* self, PyObject* other) noexcept {
  return as_size(PyTuple_Type.tp_as_sequence->sq_concat(self, other));
}

PyObject* represent_size(PyObject* self) noexcept {
  PyObject* const list = PySequence_List(self);
  if (!list) return nullptr;
  PyObject* const text = PyUnicode_FromFormat("tenon.Size(%R)", list);
  Py_DECREF(list);
  return text;
}

PyObject* count_elements(PyObject* self, PyObject*) noexcept {
  PyObject* product = PyLong_FromLong(1);
  for (Py_ssize_t i = 0; product && i < PyTuple_GET_SIZE(self); ++i) {
    PyObject* const next = PyNumber_Multiply(product, PyTuple_GET_ITEM(self, i));
    Py_DECREF(product);
    product = next;
  }
  return product;
}
PyObject* reduce_size(PyObject* self, PyObject*) noexcept {
  return Py_BuildValue("(O(N))", size_type, PySequence_Tuple(self));
}

PyMethodDef size_methods[] = {
    {"numel", count_elements, METH_NOARGS, "The number of elements of a tensor of these sizes."},
    {"__reduce__", reduce_size, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};
PyType_Slot size_slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(make_size)},
    {Py_tp_repr, reinterpret_cast<void*>(represent_size)},
    {Py_mp_subscript, reinterpret_cast<void*>(get_item)},
    {Py_sq_concat, reinterpret_cast<void*>(concatenate)},
    {Py_tp_methods, size_methods},
    {Py_tp_doc, const_cast<char*>("The sizes of a tensor: a tuple of ints.")},
    {0, nullptr}};
PyType_Spec size_spec = {"tenon.Size", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, size_slots};

}  // namespace

PyObject* wrap_sizes(const Shape& sizes) {
  const auto count = static_cast<Py_ssize_t>(sizes.size());
  PyObject* const made = size_type->tp_alloc(size_type, count);
  if (!made) throw PythonError();
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyTuple_SET_ITEM(made, i, PyLong_FromLongLong(sizes[static_cast<size_t>(i)]));
  }
  return made;
}

bool add_size_type(PyObject* module) {
  PyObject* const bases = PyTuple_Pack(1, &PyTuple_Type);
  if (!bases) return false;
  size_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpecWithBases(&size_spec, bases));
  Py_DECREF(bases);
  return size_type &&
         PyModule_AddObjectRef(module, "Size", reinterpret_cast<PyObject*>(size_type)) == 0;
}

}  // namespace tenon::python
