#include "python/bindings/overrides.h"

#include <nanobind/nanobind.h>

namespace tenon::python {
namespace {

PyObject* hook_name() {
  static PyObject* const name = PyUnicode_InternFromString("__torch_function__");
  return name;
}

}  // namespace

void check_overridden(PyObject* object) {
  if (PyObject_HasAttr(reinterpret_cast<PyObject*>(Py_TYPE(object)), hook_name())) {
    throw OverriddenCall{object};
  }
}

PyObject* call_override(PyObject* object, PyObject* function, PyObject* const* arguments,
                        size_t flags, PyObject* names) noexcept {
  const Py_ssize_t count = PyVectorcall_NARGS(flags);
  const auto args = nanobind::steal(PyTuple_New(count));
  const auto keywords = nanobind::steal(PyDict_New());
  if (!args.is_valid() || !keywords.is_valid()) return nullptr;
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyTuple_SET_ITEM(args.ptr(), i, Py_NewRef(arguments[i]));
  }
  for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i) {
    PyObject* const value = arguments[count + i];
    if (PyDict_SetItem(keywords.ptr(), PyTuple_GET_ITEM(names, i), value) < 0) return nullptr;
  }
  const auto types = nanobind::steal(PyTuple_Pack(1, Py_TYPE(object)));
  if (!types.is_valid()) return nullptr;
  return PyObject_CallMethodObjArgs(object, hook_name(), function, types.ptr(), args.ptr(),
                                    keywords.ptr(), nullptr);
}

}  // namespace tenon::python
