#include "python/bindings/tensor_object.h"

#include <structmember.h>

#include <cstddef>
#include <new>

#include "python/bindings/arguments.h"
#include "python/bindings/arrays.h"
#include "python/bindings/errors.h"
#include "python/bindings/gil.h"
#include "python/bindings/overrides.h"
#include "tenon/autograd/grad_fn.h"
#include "tenon/autograd/leaf.h"
#include "tenon/core/default_dtype.h"
#include "tenon/ops/functions.h"

namespace tenon::python {

PyTypeObject* tensor_type = nullptr;

PyObject* wrap(Tensor tensor) {
  if (!tensor.defined()) return Py_NewRef(Py_None);
  auto* const object = reinterpret_cast<TensorObject*>(tensor_type->tp_alloc(tensor_type, 0));
  if (!object) throw PythonError();
  new (&object->tensor) Tensor(std::move(tensor));
  return reinterpret_cast<PyObject*>(object);
}

namespace {

/// `Tensor(other)`: another object over the same tensor, as subclasses want it; `Tensor([1, 2])`:
/// a copy of the data in the default dtype; `Tensor(2, 3)`: of these sizes.
PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject* keywords) noexcept {
  return guarded([&]() -> PyObject* {
    Tensor tensor;
    const Py_ssize_t count = PyTuple_GET_SIZE(arguments);
    if (type == tensor_type && keywords && PyDict_GET_SIZE(keywords) != 0) {
      fail_type("Tensor() takes no keywords; use tensor()");
    }
    PyObject* const first = count == 0 ? nullptr : PyTuple_GET_ITEM(arguments, 0);
    if (!first) {
      tensor = empty({0}, default_dtype());
    } else if (is_tensor(first)) {
      tensor = new_alias(tensor_of(first));
    } else if (PyIndex_Check(first) && !PySequence_Check(first)) {  // arrays have `__index__`, too
      tensor = empty(to_ints(arguments, "sizes"), default_dtype());
    } else {
      tensor = tensor_from(first, default_dtype());
    }
    PyObject* const object = type->tp_alloc(type, 0);
    if (!object) throw PythonError();
    new (&tensor_of(object)) Tensor(std::move(tensor));
    return object;
  });
}

int ignore_arguments(PyObject*, PyObject*, PyObject*) noexcept { return 0; }

void destroy(PyObject* self) noexcept {
  auto* const object = reinterpret_cast<TensorObject*>(self);
  PyObject_GC_UnTrack(self);
  if (object->weak_references) PyObject_ClearWeakRefs(self);
  Py_CLEAR(object->attributes);
  Py_CLEAR(object->gradient);
  object->tensor.~Tensor();
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

int traverse(PyObject* self, visitproc visit, void* arg) noexcept {
  Py_VISIT(reinterpret_cast<TensorObject*>(self)->attributes);
  Py_VISIT(Py_TYPE(self));
  return traverse_hooks(tensor_of(self), visit, arg);
}

int clear(PyObject* self) noexcept {
  Py_CLEAR(reinterpret_cast<TensorObject*>(self)->attributes);
  clear_hooks(tensor_of(self));
  return 0;
}

PyObject* represent(PyObject* self) noexcept {
  return guarded([&] {
    const Tensor& tensor = tensor_of(self);
    std::string text = tensor.to_string();
    if (tensor.dtype() == kBool) {  // Python's names of truth
      for (size_t at = 0; (at = text.find("true", at)) != std::string::npos;) text[at] = 'T';
      for (size_t at = 0; (at = text.find("false", at)) != std::string::npos;) text[at] = 'F';
    }
    if (tensor.requires_grad()) {
      text.insert(text.size() - 1, tensor.is_leaf()
                                       ? ", requires_grad=True"
                                       : ", grad_fn=<" + GradFn::of(tensor).name() + ">");
    }
    return PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
  });
}

Py_hash_t hash(PyObject* self) noexcept { return _Py_HashPointer(self); }

// Attributes.

PyObject* get_shape(PyObject* self, void*) noexcept {
  return guarded([&] { return wrap_sizes(tensor_of(self).sizes()); });
}
PyObject* get_dtype(PyObject* self, void*) noexcept {
  return guarded([&] { return wrap(tensor_of(self).dtype()); });
}
PyObject* get_device(PyObject* self, void*) noexcept {
  return guarded([&] { return wrap(tensor_of(self).device()); });
}
PyObject* get_ndim(PyObject* self, void*) noexcept {
  return guarded([&] { return PyLong_FromLongLong(tensor_of(self).dim()); });
}
PyObject* get_itemsize(PyObject* self, void*) noexcept {
  return guarded([&] { return PyLong_FromSize_t(tensor_of(self).itemsize()); });
}
PyObject* get_nbytes(PyObject* self, void*) noexcept {
  return guarded([&] { return PyLong_FromSize_t(tensor_of(self).nbytes()); });
}
PyObject* get_is_leaf(PyObject* self, void*) noexcept {
  return guarded([&] { return PyBool_FromLong(tensor_of(self).is_leaf()); });
}
PyObject* get_version(PyObject* self, void*) noexcept {
  return guarded([&] { return PyLong_FromLong(static_cast<long>(tensor_of(self).version())); });
}
PyObject* get_requires_grad(PyObject* self, void*) noexcept {
  return guarded([&] { return PyBool_FromLong(tensor_of(self).requires_grad()); });
}
PyObject* get_retains_grad(PyObject* self, void*) noexcept {
  return guarded([&] { return PyBool_FromLong(autograd::retains_grad(tensor_of(self))); });
}
PyObject* get_output_nr(PyObject* self, void*) noexcept {
  return guarded([&] { return PyLong_FromUnsignedLong(GradFn::result_number(tensor_of(self))); });
}
/// As long as somebody holds the object of a gradient, the same gradient is the same object.
void remember_gradient(PyObject* self, PyObject* gradient) {
  PyObject* const reference = PyWeakref_NewRef(gradient, nullptr);
  if (!reference) throw PythonError();
  Py_XSETREF(reinterpret_cast<TensorObject*>(self)->gradient, reference);
}
PyObject* get_grad(PyObject* self, void*) noexcept {
  return guarded([&]() -> PyObject* {
    const Tensor grad = tensor_of(self).grad();
    if (!grad.defined()) return Py_NewRef(Py_None);
    if (PyObject* const reference = reinterpret_cast<TensorObject*>(self)->gradient) {
      PyObject* const given = PyWeakref_GetObject(reference);
      if (given != Py_None && tensor_of(given).is_same(grad)) return Py_NewRef(given);
    }
    PyObject* const made = wrap(grad);
    remember_gradient(self, made);
    return made;
  });
}
/// `x.data`: the same elements, of which gradients know nothing.
PyObject* get_data(PyObject* self, void*) noexcept {
  if (is_overridden_tensor(self)) return call_overridden_property("data", self);
  return guarded([&] { return wrap(tensor_of(self).variable_data()); });
}
PyObject* get_transposed(PyObject* self, void*) noexcept {
  if (is_overridden_tensor(self)) return call_overridden_property("T", self);
  return guarded([&] {
    const Tensor& tensor = tensor_of(self);
    if (tensor.dim() == 2) return wrap(tensor.t());
    Shape dims;
    for (int64_t i = tensor.dim(); i-- > 0;) dims.push_back(i);
    return wrap(permute(tensor, dims));
  });
}
PyObject* get_matrix_transposed(PyObject* self, void*) noexcept {
  if (is_overridden_tensor(self)) return call_overridden_property("mT", self);
  return guarded([&] { return wrap(transpose(tensor_of(self), -2, -1)); });
}

template <class Body>
int set_guarded(PyObject* value, Body body) noexcept {
  try {
    if (!value) fail_type("attributes of a tensor can't be deleted; set them to None");
    body();
    return 0;
  } catch (...) {
    raise_current_exception();
    return -1;
  }
}

int set_requires_grad(PyObject* self, PyObject* value, void*) noexcept {
  return set_guarded(value, [&] { tensor_of(self).requires_grad_(to_bool(value)); });
}
int set_grad(PyObject* self, PyObject* value, void*) noexcept {
  return set_guarded(value, [&] {
    if (value != Py_None && !is_tensor(value)) {
      fail_type("a gradient is a tensor or None, not %s", Py_TYPE(value)->tp_name);
    }
    tensor_of(self).set_grad(value == Py_None ? Tensor() : tensor_of(value));
    if (value != Py_None) remember_gradient(self, value);
  });
}
/// `x.data = y`: from now on x has y's elements, and is in its graph what it was.
int set_data(PyObject* self, PyObject* value, void*) noexcept {
  return set_guarded(value, [&] {
    if (!is_tensor(value)) fail_type("data is a tensor, not %s", Py_TYPE(value)->tp_name);
    tensor_of(self).set_data(tensor_of(value));
  });
}

PyObject* get_base(PyObject* self, void*) noexcept {
  return guarded([&] {
    const TensorImpl& tensor = *tensor_of(self).impl();
    return tensor.base ? wrap(Tensor(tensor.base)) : Py_NewRef(Py_None);
  });
}

PyGetSetDef attributes[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {"shape", get_shape, nullptr, "Sizes, as a tuple of ints.", nullptr},
    {"dtype", get_dtype, nullptr, nullptr, nullptr},
    {"device", get_device, nullptr, nullptr, nullptr},
    {"ndim", get_ndim, nullptr, "The number of dims.", nullptr},
    {"itemsize", get_itemsize, nullptr, "Bytes of an element.", nullptr},
    {"nbytes", get_nbytes, nullptr, "Bytes of all elements.", nullptr},
    {"is_leaf", get_is_leaf, nullptr, nullptr, nullptr},
    {"_version", get_version, nullptr, "Counts writes in place.", nullptr},
    {"_base", get_base, nullptr, "Of views the tensor that they are views of; else None.", nullptr},
    {"requires_grad", get_requires_grad, set_requires_grad, nullptr, nullptr},
    {"retains_grad", get_retains_grad, nullptr, "Whether retain_grad() asked for it.", nullptr},
    {"output_nr", get_output_nr, nullptr, "Which result of its grad_fn it is.", nullptr},
    {"grad", get_grad, set_grad, "The gradient that backward() added up; None before.", nullptr},
    {"data", get_data, set_data, "The elements without their gradient history.", nullptr},
    {"T", get_transposed, nullptr, "All dims in reverse order.", nullptr},
    {"mT", get_matrix_transposed, nullptr, "The last two dims exchanged.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

// Methods that aren't ops.

/// `x.size()`, `x.size(dim)`.
PyObject* size(PyObject* self, PyObject* const* given, Py_ssize_t count) noexcept {
  return guarded([&] {
    if (count == 0) return wrap_sizes(tensor_of(self).sizes());
    if (count > 1) fail_type("size() takes one dim");
    return PyLong_FromLongLong(tensor_of(self).size(to_int(given[0], "dim")));
  });
}
PyObject* stride(PyObject* self, PyObject* const* given, Py_ssize_t count) noexcept {
  return guarded([&] {
    if (count == 0) return wrap(tensor_of(self).strides());
    if (count > 1) fail_type("stride() takes one dim");
    return PyLong_FromLongLong(tensor_of(self).stride(to_int(given[0], "dim")));
  });
}
PyObject* dim(PyObject* self, PyObject*) noexcept { return get_ndim(self, nullptr); }
PyObject* numel(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyLong_FromLongLong(tensor_of(self).numel()); });
}
PyObject* storage_offset(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyLong_FromLongLong(tensor_of(self).storage_offset()); });
}
PyObject* data_ptr(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyLong_FromVoidPtr(tensor_of(self).raw_data()); });
}
PyObject* is_contiguous(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyBool_FromLong(tensor_of(self).is_contiguous()); });
}
PyObject* is_floating_point(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyBool_FromLong(tensor_of(self).is_floating_point()); });
}
PyObject* is_complex(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyBool_FromLong(tensor_of(self).is_complex()); });
}
PyObject* is_inference(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyBool_FromLong(tensor_of(self).impl()->inference); });
}
PyObject* is_view(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyBool_FromLong(tensor_of(self).is_view()); });
}
PyObject* item(PyObject* self, PyObject*) noexcept {
  return guarded([&] {
    const ReleaseGil released;
    const Tensor& tensor = tensor_of(self);
    const Scalar value = tensor.item();
    released.take_back();
    return wrap_element(value, tensor.dtype());
  });
}

/// Elements of `tensor` from dim `depth` on, `at` the place of the first.
PyObject* list_of(const std::vector<Scalar>& values, const Tensor& tensor, size_t depth,
                  size_t& at) {
  if (depth == tensor.sizes().size()) return wrap_element(values[at++], tensor.dtype());
  const int64_t count = tensor.sizes()[depth];
  PyObject* const list = PyList_New(count);
  if (!list) throw PythonError();
  for (int64_t i = 0; i < count; ++i) {
    PyList_SET_ITEM(list, i, list_of(values, tensor, depth + 1, at));
  }
  return list;
}

template <class T>
std::vector<Scalar> scalars_of(const Tensor& tensor) {
  std::vector<Scalar> scalars;
  for (const T value : tensor.to_vector<T>()) scalars.emplace_back(value);
  return scalars;
}

PyObject* to_list(PyObject* self, PyObject*) noexcept {
  return guarded([&] {
    const Tensor& tensor = tensor_of(self);
    const DType dtype = tensor.dtype();
    size_t at = 0;
    const auto values = dtype == kBool        ? scalars_of<bool>(tensor)
                        : tensor.is_complex() ? scalars_of<std::complex<double>>(tensor)
                        : is_floating(dtype)  ? scalars_of<double>(tensor)
                                              : scalars_of<int64_t>(tensor);
    return list_of(values, tensor, 0, at);
  });
}

/// The same tensor as an object of a class below Tensor, whose `__init__` isn't called.
PyObject* in_class(PyObject* self, PyObject* given) noexcept {
  return guarded([&] {
    auto* const type = reinterpret_cast<PyTypeObject*>(given);
    if (!PyType_Check(given) || !PyType_IsSubtype(type, tensor_type)) {
      fail_type("expected a class below Tensor, not %R", given);
    }
    PyObject* const object = type->tp_alloc(type, 0);
    if (!object) throw PythonError();
    new (&tensor_of(object)) Tensor(tensor_of(self));
    return object;
  });
}

PyObject* requires_grad_(PyObject* self, PyObject* const* given, Py_ssize_t count) noexcept {
  return guarded([&] {
    tensor_of(self).requires_grad_(count == 0 || to_bool(given[0]));
    return Py_NewRef(self);
  });
}
PyObject* retain_grad(PyObject* self, PyObject*) noexcept {
  return guarded([&] {
    tensor_of(self).retain_grad();
    return Py_NewRef(Py_None);
  });
}

PyObject* backward(PyObject* self, PyObject* given, PyObject* keywords) noexcept {
  return guarded([&] {
    static const char* names[] = {"gradient", "retain_graph", "create_graph", "inputs", nullptr};
    PyObject *gradient = Py_None, *retain = Py_None, *inputs = Py_None;
    int create = 0;
    if (!PyArg_ParseTupleAndKeywords(given, keywords, "|OOpO:backward", const_cast<char**>(names),
                                     &gradient, &retain, &create, &inputs)) {
      throw PythonError();
    }
    if (gradient != Py_None && !is_tensor(gradient)) {
      fail_type("backward(): 'gradient' must be a tensor, not %s", Py_TYPE(gradient)->tp_name);
    }
    if (inputs != Py_None) {
      PyObject* const module = PyImport_ImportModule("tenon.autograd");
      if (!module) throw PythonError();
      PyObject* const done = PyObject_CallMethod(module, "backward", "OOOOO", self, gradient,
                                                 retain, create ? Py_True : Py_False, inputs);
      Py_DECREF(module);
      if (!done) throw PythonError();
      return done;
    }
    std::optional<bool> keeps;
    if (retain != Py_None) keeps = to_bool(retain);
    const Tensor start = gradient == Py_None ? Tensor() : tensor_of(gradient);
    {
      const ReleaseGil released;
      tensor_of(self).backward(start, keeps, create != 0);
    }
    return Py_NewRef(Py_None);
  });
}

template <class F>
PyCFunction method(F* function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(function));
}

PyMethodDef methods[] = {
    {"size", method(size), METH_FASTCALL, "size() or size(dim)"},
    {"stride", method(stride), METH_FASTCALL, "stride() or stride(dim), in elements"},
    {"dim", dim, METH_NOARGS, "The number of dims."},
    {"numel", numel, METH_NOARGS, "The number of elements."},
    {"nelement", numel, METH_NOARGS, "The number of elements."},
    {"storage_offset", storage_offset, METH_NOARGS, "In elements."},
    {"data_ptr", data_ptr, METH_NOARGS, "The address of the first element."},
    {"is_contiguous", is_contiguous, METH_NOARGS, "Whether elements lie row-major, without gaps."},
    {"is_floating_point", is_floating_point, METH_NOARGS, nullptr},
    {"is_complex", is_complex, METH_NOARGS, nullptr},
    {"is_inference", is_inference, METH_NOARGS, "Whether it was made in inference mode."},
    {"_is_view", is_view, METH_NOARGS, "Whether it reads another tensor's memory."},
    {"item", item, METH_NOARGS, "The only element, as a Python number."},
    {"tolist", to_list, METH_NOARGS, "Nested lists of Python numbers."},
    {"_in_class", in_class, METH_O, "The same tensor as an object of a class below Tensor."},
    {"requires_grad_", method(requires_grad_), METH_FASTCALL, "Asks for a gradient, or not."},
    {"retain_grad", retain_grad, METH_NOARGS, "Keeps the gradient of a result, too."},
    {"backward", method(backward), METH_VARARGS | METH_KEYWORDS,
     "backward(gradient=None, retain_graph=None, create_graph=False)\n\nAdds the gradients of this "
     "tensor to the `grad` of all leaves that it depends on."},
    {nullptr, nullptr, 0, nullptr}};

PyMemberDef members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(TensorObject, attributes), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(TensorObject, weak_references), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

template <class F>
void* slot(F* function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

bool add_tensor_type(PyObject* module) {
  std::vector<PyType_Slot> slots = number_slots();
  const PyType_Slot own[] = {
      {Py_tp_new, slot(make)},
      {Py_tp_init, slot(ignore_arguments)},
      {Py_tp_dealloc, slot(destroy)},
      {Py_tp_traverse, slot(traverse)},
      {Py_tp_clear, slot(clear)},
      {Py_tp_repr, slot(represent)},
      {Py_tp_hash, slot(hash)},
      {Py_tp_getset, attributes},
      {Py_tp_methods, methods},
      {Py_tp_members, members},
      {Py_mp_length, slot(tensor_length)},
      {Py_mp_subscript, slot(tensor_get_item)},
      {Py_mp_ass_subscript, slot(tensor_set_item)},
      {Py_bf_getbuffer, slot(tensor_get_buffer)},
      {Py_bf_releasebuffer, slot(tensor_release_buffer)},
      {Py_tp_doc, const_cast<char*>("An n-dimensional array.")},
      {0, nullptr},
  };
  slots.insert(slots.end(), std::begin(own), std::end(own));
  PyType_Spec spec = {"tenon.Tensor", sizeof(TensorObject), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  tensor_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return tensor_type &&
         PyModule_AddObjectRef(module, "Tensor", reinterpret_cast<PyObject*>(tensor_type)) == 0;
}

}  // namespace tenon::python
