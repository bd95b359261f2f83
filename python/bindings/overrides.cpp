#include "python/bindings/overrides.h"

#include <nanobind/nanobind.h>

#include <algorithm>
#include <vector>

namespace tenon::python {
namespace {

/// What a class has as `__torch_function__` that wants none.
PyObject* disabled_function = nullptr;
/// Whether subclasses of Tensor are plain tensors to the calling thread's ops.
thread_local bool subclasses_are_plain = false;

PyObject* hook_name() {
  static PyObject* const name = PyUnicode_InternFromString("__torch_function__");
  return name;
}

/// Objects of classes that override, one a class; those of subclasses before those of bases.
class Overloads {
 public:
  void look_at(PyObject* object) {
    if (add(object)) return;
    if (!PyTuple_Check(object) && !PyList_Check(object)) return;
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(object); ++i) {
      add(PySequence_Fast_GET_ITEM(object, i));
    }
  }

  /// False where the object's class doesn't override.
  bool add(PyObject* object) {
    if (!is_overridden(object)) return false;
    insert(object);
    return true;
  }

  void insert(PyObject* object) {
    PyTypeObject* const type = Py_TYPE(object);
    const auto has_type = [&](const auto& other) { return Py_TYPE(other.ptr()) == type; };
    if (std::ranges::any_of(objects_, has_type)) return;
    const auto is_base = [&](const auto& other) {
      return PyType_IsSubtype(type, Py_TYPE(other.ptr()));
    };
    objects_.insert(std::ranges::find_if(objects_, is_base), nanobind::borrow(object));
  }

  const std::vector<nanobind::object>& objects() const { return objects_; }

  nanobind::object types() const {
    auto types = nanobind::steal(PyTuple_New(static_cast<Py_ssize_t>(objects_.size())));
    for (size_t i = 0; types.is_valid() && i < objects_.size(); ++i) {
      PyObject* const type = reinterpret_cast<PyObject*>(Py_TYPE(objects_[i].ptr()));
      PyTuple_SET_ITEM(types.ptr(), static_cast<Py_ssize_t>(i), Py_NewRef(type));
    }
    return types;
  }

 private:
  std::vector<nanobind::object> objects_;
};

PyObject* call_first(const Overloads& overloads, PyObject* function, PyObject* args,
                     PyObject* keywords) {
  const nanobind::object types = overloads.types();
  if (!types.is_valid()) return nullptr;
  for (const nanobind::object& object : overloads.objects()) {
    PyObject* const result = PyObject_CallMethodObjArgs(object.ptr(), hook_name(), function,
                                                        types.ptr(), args, keywords, nullptr);
    if (result != Py_NotImplemented) return result;
    Py_DECREF(result);
  }
  return PyErr_Format(PyExc_TypeError,
                      "no implementation found for %R on types that implement "
                      "__torch_function__: %R",
                      function, types.ptr());
}

PyObject* set_subclasses_are_plain(PyObject*, PyObject* value) noexcept {
  const int truth = PyObject_IsTrue(value);
  if (truth < 0) return nullptr;
  const bool before = subclasses_are_plain;
  subclasses_are_plain = truth != 0;
  return PyBool_FromLong(before);
}

PyObject* set_disabled_function(PyObject*, PyObject* value) noexcept {
  Py_XSETREF(disabled_function, Py_NewRef(value));
  Py_RETURN_NONE;
}

PyObject* overrides(PyObject*, PyObject* object) noexcept {
  return PyBool_FromLong(is_overridden(object));
}

PyMethodDef functions[] = {
    {"_set_subclasses_are_plain", set_subclasses_are_plain, METH_O,
     "Whether ops take tensors of subclasses as plain ones; gives what it was before."},
    {"_set_disabled_torch_function", set_disabled_function, METH_O,
     "What stands in a class that wants no `__torch_function__`."},
    {"has_torch_function", overrides, METH_O,
     "Whether the object's class says what ops on it mean."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

bool is_overridden(PyObject* object) {
  PyTypeObject* const type = Py_TYPE(object);
  if (type == tensor_type) return false;
  const PyObject* const found = _PyType_Lookup(type, hook_name());
  if (!found || found == disabled_function) return false;
  return !subclasses_are_plain || !PyType_IsSubtype(type, tensor_type);
}

void check_overridden(PyObject* object) {
  if (is_overridden(object)) throw OverriddenCall{object};
}

PyObject* call_override(PyObject* object, PyObject* function, PyObject* const* arguments,
                        size_t flags, PyObject* names) noexcept {
  const Py_ssize_t count = PyVectorcall_NARGS(flags);
  const auto args = nanobind::steal(PyTuple_New(count));
  const auto keywords = nanobind::steal(PyDict_New());
  if (!args.is_valid() || !keywords.is_valid()) return nullptr;
  Overloads overloads;
  for (Py_ssize_t i = 0; i < count; ++i) {
    overloads.look_at(arguments[i]);
    PyTuple_SET_ITEM(args.ptr(), i, Py_NewRef(arguments[i]));
  }
  for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i) {
    PyObject* const value = arguments[count + i];
    overloads.look_at(value);
    if (PyDict_SetItem(keywords.ptr(), PyTuple_GET_ITEM(names, i), value) < 0) return nullptr;
  }
  if (overloads.objects().empty()) overloads.insert(object);
  return call_first(overloads, function, args.ptr(), keywords.ptr());
}

PyObject* call_overridden_method(PyObject* object, const char* method,
                                 std::initializer_list<PyObject*> arguments) noexcept {
  const auto function =
      nanobind::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(tensor_type), method));
  if (!function.is_valid()) return nullptr;
  return call_override(object, function.ptr(), arguments.begin(), arguments.size(), nullptr);
}

PyObject* call_overridden_property(const char* property, PyObject* self) noexcept {
  const auto descriptor =
      nanobind::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(tensor_type), property));
  if (!descriptor.is_valid()) return nullptr;
  const auto getter = nanobind::steal(PyObject_GetAttrString(descriptor.ptr(), "__get__"));
  if (!getter.is_valid()) return nullptr;
  return call_override(self, getter.ptr(), &self, 1, nullptr);
}

bool add_overrides(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

}  // namespace tenon::python
