// Python's dtypes and devices: small objects with a name, one for each.

#include <array>

#include "python/bindings/arguments.h"
#include "python/bindings/errors.h"

namespace tenon::python {
namespace {

/// A dtype or a device.
struct NamedObject {
  PyObject_HEAD DType dtype;
  Device device;
};

PyTypeObject* dtype_type = nullptr;
PyTypeObject* device_type = nullptr;
std::array<PyObject*, kDTypeCount> dtypes;

PyObject* text_of(const std::string& text) {
  return PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

DType dtype_of(PyObject* self) { return reinterpret_cast<NamedObject*>(self)->dtype; }
Device device_of(PyObject* self) { return reinterpret_cast<NamedObject*>(self)->device; }

PyObject* represent_dtype(PyObject* self) noexcept {
  return text_of("tenon." + std::string(name_of(dtype_of(self))));
}
/// Pickles as what the package calls it.
PyObject* reduce_dtype(PyObject* self, PyObject*) noexcept {
  return text_of(std::string(name_of(dtype_of(self))));
}
PyObject* get_itemsize(PyObject* self, void*) noexcept {
  return PyLong_FromSize_t(size_of(dtype_of(self)));
}
PyObject* get_is_floating(PyObject* self, void*) noexcept {
  return PyBool_FromLong(is_floating(dtype_of(self)));
}
PyObject* get_is_signed(PyObject* self, void*) noexcept {
  return PyBool_FromLong(!is_unsigned(dtype_of(self)) && dtype_of(self) != kBool);
}
PyObject* get_is_complex(PyObject* self, void*) noexcept {
  return PyBool_FromLong(is_complex(dtype_of(self)));
}

PyGetSetDef dtype_attributes[] = {
    {"itemsize", get_itemsize, nullptr, "Bytes of an element.", nullptr},
    {"is_floating_point", get_is_floating, nullptr, nullptr, nullptr},
    {"is_signed", get_is_signed, nullptr, nullptr, nullptr},
    {"is_complex", get_is_complex, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMethodDef dtype_methods[] = {{"__reduce__", reduce_dtype, METH_NOARGS, nullptr},
                               {nullptr, nullptr, 0, nullptr}};
PyType_Slot dtype_slots[] = {{Py_tp_repr, reinterpret_cast<void*>(represent_dtype)},
                             {Py_tp_getset, dtype_attributes},
                             {Py_tp_methods, dtype_methods},
                             {0, nullptr}};
PyType_Spec dtype_spec = {"tenon.dtype", sizeof(NamedObject), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, dtype_slots};

PyObject* represent_device(PyObject* self) noexcept {
  return text_of("device(type='" + to_string(device_of(self)) + "')");
}
PyObject* device_text(PyObject* self) noexcept { return text_of(to_string(device_of(self))); }
PyObject* get_type(PyObject* self, void*) noexcept {
  const std::string text = to_string(device_of(self));
  return text_of(text.substr(0, text.find(':')));
}
PyObject* get_index(PyObject* self, void*) noexcept {
  if (device_of(self) == kCpu) return Py_NewRef(Py_None);  // there is one
  return PyLong_FromLong(device_of(self).index);
}
PyObject* compare_devices(PyObject* a, PyObject* b, int op) noexcept {
  if (Py_TYPE(b) != device_type || (op != Py_EQ && op != Py_NE)) {
    return Py_NewRef(Py_NotImplemented);
  }
  return PyBool_FromLong((device_of(a) == device_of(b)) == (op == Py_EQ));
}
Py_hash_t hash_device(PyObject* self) noexcept {
  return device_of(self).type * 256 + device_of(self).index + 1;
}
PyObject* make_device(PyTypeObject*, PyObject* arguments, PyObject* keywords) noexcept {
  return guarded([&] {
    static const char* names[] = {"type", "index", nullptr};
    PyObject *type = nullptr, *index = Py_None;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|O:device", const_cast<char**>(names),
                                     &type, &index)) {
      throw PythonError();
    }
    if (index == Py_None) return wrap(to_device(type, "type"));
    PyObject* const name = PyUnicode_FromFormat("%S:%lld", type, to_int(index, "index"));
    if (!name) throw PythonError();
    const char* const text = PyUnicode_AsUTF8(name);
    const std::string whole = text ? text : "";
    Py_DECREF(name);
    return wrap(device_from_string(whole));
  });
}
PyObject* reduce_device(PyObject* self, PyObject*) noexcept {
  return Py_BuildValue("(O(s))", device_type, to_string(device_of(self)).c_str());
}

PyGetSetDef device_attributes[] = {{"type", get_type, nullptr, nullptr, nullptr},
                                   {"index", get_index, nullptr, nullptr, nullptr},
                                   {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMethodDef device_methods[] = {{"__reduce__", reduce_device, METH_NOARGS, nullptr},
                                {nullptr, nullptr, 0, nullptr}};
PyType_Slot device_slots[] = {{Py_tp_new, reinterpret_cast<void*>(make_device)},
                              {Py_tp_repr, reinterpret_cast<void*>(represent_device)},
                              {Py_tp_str, reinterpret_cast<void*>(device_text)},
                              {Py_tp_richcompare, reinterpret_cast<void*>(compare_devices)},
                              {Py_tp_hash, reinterpret_cast<void*>(hash_device)},
                              {Py_tp_getset, device_attributes},
                              {Py_tp_methods, device_methods},
                              {0, nullptr}};
PyType_Spec device_spec = {"tenon.device", sizeof(NamedObject), 0, Py_TPFLAGS_DEFAULT,
                           device_slots};

}  // namespace

bool is_dtype(PyObject* object) { return Py_TYPE(object) == dtype_type; }
bool is_device(PyObject* object) { return Py_TYPE(object) == device_type; }

PyObject* wrap(DType dtype) { return Py_NewRef(dtypes[static_cast<size_t>(dtype)]); }

PyObject* wrap(Device device) {
  auto* const object = reinterpret_cast<NamedObject*>(device_type->tp_alloc(device_type, 0));
  if (!object) throw PythonError();
  object->device = device;
  return reinterpret_cast<PyObject*>(object);
}

PyObject* wrap(const Shape& sizes) {
  PyObject* const tuple = PyTuple_New(static_cast<Py_ssize_t>(sizes.size()));
  if (!tuple) throw PythonError();
  for (size_t i = 0; i < sizes.size(); ++i) {
    PyTuple_SET_ITEM(tuple, static_cast<Py_ssize_t>(i), PyLong_FromLongLong(sizes[i]));
  }
  return tuple;
}

DType to_dtype(PyObject* object, const char* what) {
  if (is_dtype(object)) return dtype_of(object);
  // Python's own types stand for the dtypes that hold their numbers.
  if (object == reinterpret_cast<PyObject*>(&PyFloat_Type)) return kFloat64;
  if (object == reinterpret_cast<PyObject*>(&PyLong_Type)) return kInt64;
  if (object == reinterpret_cast<PyObject*>(&PyBool_Type)) return kBool;
  if (object == reinterpret_cast<PyObject*>(&PyComplex_Type)) return kComplex128;
  fail_type("'%s' must be a dtype such as tenon.float32, not %s", what, Py_TYPE(object)->tp_name);
}

Device to_device(PyObject* object, const char* what) {
  if (is_device(object)) return device_of(object);
  const char* const name = PyUnicode_Check(object) ? PyUnicode_AsUTF8(object) : nullptr;
  if (!name) fail_type("'%s' must be a device or its name, not %s", what, Py_TYPE(object)->tp_name);
  return device_from_string(name);
}

bool add_dtypes_and_devices(PyObject* module) {
  dtype_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&dtype_spec));
  device_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&device_spec));
  if (!dtype_type || !device_type) return false;
  if (PyModule_AddObjectRef(module, "dtype", reinterpret_cast<PyObject*>(dtype_type)) != 0 ||
      PyModule_AddObjectRef(module, "device", reinterpret_cast<PyObject*>(device_type)) != 0) {
    return false;
  }
  for (size_t i = 0; i < dtypes.size(); ++i) {
    auto* const object = reinterpret_cast<NamedObject*>(dtype_type->tp_alloc(dtype_type, 0));
    if (!object) return false;
    object->dtype = static_cast<DType>(i);
    dtypes[i] = reinterpret_cast<PyObject*>(object);
    const std::string name(name_of(object->dtype));
    if (PyModule_AddObjectRef(module, name.c_str(), dtypes[i]) != 0) return false;
  }
  return true;
}

}  // namespace tenon::python
