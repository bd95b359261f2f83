// x[...] and x[...] = y of Python tensors.

#include "tenon/ops/index/indexing.h"

#include "python/bindings/arguments.h"
#include "python/bindings/arrays.h"
#include "python/bindings/errors.h"
#include "python/bindings/overrides.h"
#include "python/bindings/tensor_object.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/ops/functions.h"

namespace tenon::python {
namespace {

std::optional<int64_t> place_of(PyObject* object) {
  if (object == Py_None) return std::nullopt;
  return to_int(object, "slice");
}

TensorIndex index_of(PyObject* object) {
  if (is_tensor(object)) {
    check_overridden_tensor(object);
    return tensor_of(object);
  }
  if (object == Py_None) return None;
  if (object == Py_Ellipsis) return Ellipsis;
  if (PySlice_Check(object)) {
    const auto* const slice = reinterpret_cast<PySliceObject*>(object);
    return Slice(place_of(slice->start), place_of(slice->stop), place_of(slice->step).value_or(1));
  }
  if (PyBool_Check(object)) return tensor_of_scalar(object == Py_True);
  // Arrays have `__index__`, too, whatever they hold; NumPy's numbers have buffers, as arrays do.
  const bool is_number = PyIndex_Check(object) && !PySequence_Check(object);
  if (is_list_like(object) || (PyObject_CheckBuffer(object) && !is_number)) {
    const Tensor places = tensor_from(object, {});
    return is_list_like(object) && places.numel() == 0 ? places.to(kInt64) : places;
  }
  check_overridden(object);
  if (PyIndex_Check(object)) return to_int(object, "index");
  fail_type("a tensor is indexed by ints, slices, ..., None, and tensors, not %s",
            Py_TYPE(object)->tp_name);
}

std::vector<TensorIndex> indices_of(PyObject* object) {
  std::vector<TensorIndex> indices;
  if (PyTuple_Check(object)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
      indices.push_back(index_of(PyTuple_GET_ITEM(object, i)));
    }
  } else {
    indices.push_back(index_of(object));
  }
  return indices;
}

}  // namespace

Py_ssize_t tensor_length(PyObject* self) noexcept {
  try {
    const Tensor& tensor = tensor_of(self);
    if (tensor.dim() == 0) fail_type("a 0-d tensor has no length");
    return static_cast<Py_ssize_t>(tensor.size(0));
  } catch (...) {
    raise_current_exception();
    return -1;
  }
}

PyObject* tensor_get_item(PyObject* self, PyObject* index) noexcept {
  return guarded([&]() -> PyObject* {
    if (is_overridden_tensor(self)) {
      return call_overridden_method(self, "__getitem__", {self, index});
    }
    const Tensor& tensor = tensor_of(self);
    if (PyLong_CheckExact(index)) return wrap(tensor[to_int(index, "index")]);
    try {
      return wrap(tensor.index(indices_of(index)));
    } catch (const OverriddenCall& overridden) {
      return call_overridden_method(overridden.object, "__getitem__", {self, index});
    }
  });
}

int tensor_set_item(PyObject* self, PyObject* index, PyObject* value) noexcept {
  try {
    const Tensor& tensor = tensor_of(self);
    if (!value) fail_type("elements of a tensor can't be deleted");
    check_overridden_tensor(self);
    Tensor given;
    if (is_tensor(value)) {
      check_overridden_tensor(value);
      given = tensor_of(value);
    } else if (const std::optional<Scalar> scalar = to_scalar(value)) {
      given = full({}, *scalar, tensor.dtype(), tensor.device());
    } else {
      check_overridden(value);
      given = tensor_from(value, tensor.dtype());
    }
    tensor.index_put_(indices_of(index), given);
    return 0;
  } catch (const OverriddenCall& overridden) {
    PyObject* const result =
        call_overridden_method(overridden.object, "__setitem__", {self, index, value});
    Py_XDECREF(result);
    return result ? 0 : -1;
  } catch (...) {
    raise_current_exception();
    return -1;
  }
}

}  // namespace tenon::python
