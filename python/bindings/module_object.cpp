#include "python/bindings/module_object.h"

#include <structmember.h>

#include <cstddef>
#include <initializer_list>

namespace tenon::python {
namespace {

/// An nn.Module: Python's attributes, and whether a call has more to do than `forward`.
struct ModuleObject {
  PyObject_HEAD PyObject* attributes;  ///< a dict, or null
  PyObject* weak_references;
  bool has_hooks;  ///< calls go through `_call_impl`; so they do until `__init__` says otherwise
};

ModuleObject* body(PyObject* self) { return reinterpret_cast<ModuleObject*>(self); }

/// Names, interned once.
struct Names {
  PyObject* forward = PyUnicode_InternFromString("forward");
  PyObject* slow_call = PyUnicode_InternFromString("_slow_call");
  PyObject* get_attribute = PyUnicode_InternFromString("__getattribute__");
  PyObject* get_missing = PyUnicode_InternFromString("__getattr__");
  PyObject* registries[3] = {PyUnicode_InternFromString("_parameters"),
                             PyUnicode_InternFromString("_buffers"),
                             PyUnicode_InternFromString("_modules")};
};
Names* names = nullptr;
/// Whether there are hooks of all modules' calls.
bool all_have_hooks = false;
PyTypeObject* module_type = nullptr;

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) noexcept {
  PyObject* const self = type->tp_alloc(type, 0);
  if (self) body(self)->has_hooks = true;
  return self;
}

void destroy(PyObject* self) noexcept {
  PyObject_GC_UnTrack(self);
  if (body(self)->weak_references) PyObject_ClearWeakRefs(self);
  Py_CLEAR(body(self)->attributes);
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

int traverse(PyObject* self, visitproc visit, void* arg) noexcept {
  Py_VISIT(body(self)->attributes);
  Py_VISIT(Py_TYPE(self));
  return 0;
}

int clear(PyObject* self) noexcept {
  Py_CLEAR(body(self)->attributes);
  return 0;
}

/// What the dict has under `name`, borrowed; null, perhaps with an error, where it has nothing.
PyObject* find(PyObject* dict, PyObject* name) {
  return dict ? PyDict_GetItemWithError(dict, name) : nullptr;
}

/// A parameter, buffer or module; null, perhaps with an error, where there is none.
PyObject* find_member(PyObject* self, PyObject* name) {
  for (PyObject* const registry : names->registries) {
    PyObject* const held = find(body(self)->attributes, registry);
    if (!held || !PyDict_Check(held)) {
      if (PyErr_Occurred()) return nullptr;
      continue;
    }
    Py_INCREF(held);  // comparing names may run code that drops it
    PyObject* const member = Py_XNewRef(PyDict_GetItemWithError(held, name));
    Py_DECREF(held);
    if (member || PyErr_Occurred()) return member;
  }
  return nullptr;
}

/// `super().__getattr__(name)` of subclasses that have one of their own.
PyObject* get_missing(PyObject* self, PyObject* name) noexcept {
  PyObject* const member = find_member(self, name);
  if (member || PyErr_Occurred()) return member;
  return PyErr_Format(PyExc_AttributeError, "'%s' object has no attribute '%U'",
                      Py_TYPE(self)->tp_name, name);
}

/// Attributes as Python finds them, then parameters, buffers and modules: without the error in
/// between that a `__getattr__` would cost.
PyObject* get_attribute(PyObject* self, PyObject* name) noexcept {
  PyTypeObject* const type = Py_TYPE(self);
  PyObject* const found = _PyType_Lookup(type, name);
  const descrgetfunc get = found ? Py_TYPE(found)->tp_descr_get : nullptr;
  if (found) {
    Py_INCREF(found);  // to look at the instance may run code that changes the type
    if (get && Py_TYPE(found)->tp_descr_set) {
      PyObject* const value = get(found, self, reinterpret_cast<PyObject*>(type));
      Py_DECREF(found);
      return value;
    }
  }
  PyObject* value = find(body(self)->attributes, name);
  if (value || PyErr_Occurred()) {
    Py_XINCREF(value);
    Py_XDECREF(found);
    return value;
  }
  if (get) {
    value = get(found, self, reinterpret_cast<PyObject*>(type));
    Py_DECREF(found);
    return value;
  }
  if (found) return found;
  return get_missing(self, name);
}

/// A `__getattr__` in a base makes Python look twice for every attribute of a subclass. Where it is
/// the one above, which finds nothing that `get_attribute` doesn't, the second look is left out.
PyObject* look_up_once(PyObject*, PyObject* subclass) noexcept {
  auto* const type = reinterpret_cast<PyTypeObject*>(subclass);
  if (!PyType_Check(subclass) || !PyType_IsSubtype(type, module_type)) {
    return PyErr_Format(PyExc_TypeError, "expected a subclass of Module");
  }
  for (PyObject* const name : {names->get_attribute, names->get_missing}) {
    if (_PyType_Lookup(type, name) != _PyType_Lookup(module_type, name)) Py_RETURN_NONE;
  }
  type->tp_getattro = get_attribute;
  Py_RETURN_NONE;
}

/// `forward` of the arguments, without a bound method where that is a function of the type.
PyObject* call_forward(PyObject* self, PyObject* arguments, PyObject* keywords) {
  PyObject* const own = find(body(self)->attributes, names->forward);
  if (own || PyErr_Occurred()) return own ? PyObject_Call(own, arguments, keywords) : nullptr;
  PyObject* const function = _PyType_Lookup(Py_TYPE(self), names->forward);
  constexpr Py_ssize_t kFew = 8;
  const Py_ssize_t count = PyTuple_GET_SIZE(arguments);
  if (!function || !PyFunction_Check(function) || count > kFew) {
    PyObject* const bound = PyObject_GetAttr(self, names->forward);
    if (!bound) return nullptr;
    PyObject* const result = PyObject_Call(bound, arguments, keywords);
    Py_DECREF(bound);
    return result;
  }
  PyObject* given[kFew + 1] = {self};
  for (Py_ssize_t i = 0; i < count; ++i) given[i + 1] = PyTuple_GET_ITEM(arguments, i);
  Py_INCREF(function);
  PyObject* const result =
      PyObject_VectorcallDict(function, given, static_cast<size_t>(count + 1), keywords);
  Py_DECREF(function);
  return result;
}

PyObject* call(PyObject* self, PyObject* arguments, PyObject* keywords) noexcept {
  if (!body(self)->has_hooks && !all_have_hooks) return call_forward(self, arguments, keywords);
  PyObject* const slow = PyObject_GetAttr(self, names->slow_call);
  if (!slow) return nullptr;
  PyObject* const result = PyObject_Call(slow, arguments, keywords);
  Py_DECREF(slow);
  return result;
}

PyObject* set_all_have_hooks(PyObject*, PyObject* value) noexcept {
  const int truth = PyObject_IsTrue(value);
  if (truth < 0) return nullptr;
  all_have_hooks = truth != 0;
  Py_RETURN_NONE;
}

PyGetSetDef attributes[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMemberDef members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(ModuleObject, attributes), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ModuleObject, weak_references), READONLY, nullptr},
    {"_has_hooks", T_BOOL, offsetof(ModuleObject, has_hooks), 0,
     "Whether calls have more to do than `forward`."},
    {nullptr, 0, 0, 0, nullptr}};

PyMethodDef methods[] = {
    {"__getattr__", get_missing, METH_O, "A parameter, buffer or module with that name."},
    {"_look_up_once", look_up_once, METH_O | METH_STATIC,
     "Makes attributes of a subclass without a __getattr__ of its own as fast as Module's."},
    {"_set_all_have_hooks", set_all_have_hooks, METH_O | METH_STATIC,
     "Whether calls of every module have more to do than `forward`."},
    {nullptr, nullptr, 0, nullptr}};

template <class F>
void* slot(F* function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

bool add_module_type(PyObject* module) {
  names = new Names();
  PyType_Slot slots[] = {{Py_tp_new, slot(make)},
                         {Py_tp_dealloc, slot(destroy)},
                         {Py_tp_traverse, slot(traverse)},
                         {Py_tp_clear, slot(clear)},
                         {Py_tp_call, slot(call)},
                         {Py_tp_getattro, slot(get_attribute)},
                         {Py_tp_getset, attributes},
                         {Py_tp_members, members},
                         {Py_tp_methods, methods},
                         {Py_tp_doc, const_cast<char*>("What nn.Module is made of.")},
                         {0, nullptr}};
  PyType_Spec spec = {"tenon.ModuleBase", sizeof(ModuleObject), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};
  module_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return module_type &&
         PyModule_AddObjectRef(module, "ModuleBase", reinterpret_cast<PyObject*>(module_type)) == 0;
}

}  // namespace tenon::python
