#include "python/bindings/op_function.h"

#include <nanobind/nanobind.h>
#include <structmember.h>

#include <cstddef>
#include <deque>
#include <string>

#include "python/bindings/arguments.h"
#include "python/bindings/errors.h"
#include "python/bindings/gil.h"
#include "python/bindings/out.h"
#include "python/bindings/overrides.h"
#include "python/bindings/tensor_object.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/ops/shape/view_dtype.h"

namespace tenon::python {
namespace {

/// A callable that is an op: called as a function, and as a method where it is a class attribute.
struct OpFunction {
  PyObject_HEAD vectorcallfunc call;
  const Signature* signature;  ///< lives as long as the process
  PyObject* name;
  PyObject* documentation;
  PyTypeObject* results_type;  ///< where it has several; null elsewhere
  /// Called in its place where an argument is named `extra_keyword`: PyTorch has some that the op
  /// doesn't, such as `alpha` of `add`. Both null where it has none.
  PyObject* extra_keyword;
  PyObject* keyword_form;
  bool takes_out;  ///< whether results go where `out=` says: of functions, not of methods
};

PyTypeObject* function_type = nullptr;

/// The names of an op's results, from its signature: `-> (Tensor values, Tensor indices)`.
std::vector<std::string> result_names(const OpDef& op) {
  std::vector<std::string> names;
  std::string text(op.signature.substr(op.signature.rfind('(') + 1));
  for (size_t at = 0; (at = text.find("Tensor ", at)) != std::string::npos;) {
    at += 7;
    names.push_back(text.substr(at, text.find_first_of(",)", at) - at));
  }
  return names;
}

/// The type of an op's several results: a tuple with names. Null where it can't be made.
PyTypeObject* make_results_type(const OpDef& op) {
  static std::deque<std::string> texts;  // the type keeps their addresses
  std::vector<PyStructSequence_Field> fields;
  for (std::string& name : result_names(op)) {
    fields.push_back({texts.emplace_back(std::move(name)).c_str(), nullptr});
  }
  fields.push_back({nullptr, nullptr});
  std::string name(op.name);
  if (name.ends_with("_dim")) name.resize(name.size() - 4);  // `max_dim` is a form of `max`
  PyStructSequence_Desc description = {texts.emplace_back("tenon.return_types." + name).c_str(),
                                       nullptr, fields.data(), static_cast<int>(op.result_count)};
  return PyStructSequence_NewType(&description);
}

PyObject* wrap_results(PyTypeObject* type, std::vector<Tensor> results) {
  PyObject* const made = PyStructSequence_New(type);
  if (!made) throw PythonError();
  for (size_t i = 0; i < results.size(); ++i) {
    PyStructSequence_SET_ITEM(made, static_cast<Py_ssize_t>(i), wrap(std::move(results[i])));
  }
  return made;
}

PyObject* wrap_list(std::vector<Tensor> tensors) {
  PyObject* const tuple = PyTuple_New(static_cast<Py_ssize_t>(tensors.size()));
  if (!tuple) throw PythonError();
  for (size_t i = 0; i < tensors.size(); ++i) {
    PyTuple_SET_ITEM(tuple, static_cast<Py_ssize_t>(i), wrap(std::move(tensors[i])));
  }
  return tuple;
}

/// The place of a keyword among those of a call, -1 where it isn't there.
Py_ssize_t place_of(PyObject* keyword, PyObject* names) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
    PyObject* const name = PyTuple_GET_ITEM(names, i);
    if (name == keyword || PyUnicode_Compare(name, keyword) == 0) return i;
  }
  return -1;
}

bool has_extra_keyword(PyObject* self, PyObject* names) {
  const auto* const function = reinterpret_cast<OpFunction*>(self);
  return function->extra_keyword && function->keyword_form &&
         place_of(function->extra_keyword, names) >= 0;
}

PyObject* call_function(PyObject* self, PyObject* const* arguments, size_t flags,
                        PyObject* names) noexcept;

/// A call with `out=`, the keyword at `place`: the call without it, whose result is written there.
PyObject* call_into(PyObject* self, PyObject* const* arguments, size_t flags, PyObject* names,
                    Py_ssize_t place) {
  const Py_ssize_t count = PyVectorcall_NARGS(flags), named = PyTuple_GET_SIZE(names);
  PyObject* const out = arguments[count + place];
  std::vector<PyObject*> others(arguments, arguments + count + named);
  others.erase(others.begin() + count + place);
  const auto other_names = nanobind::steal(PyTuple_New(named - 1));
  if (!other_names.is_valid()) throw PythonError();
  for (Py_ssize_t i = 0, to = 0; i < named; ++i) {
    if (i == place) continue;
    PyTuple_SET_ITEM(other_names.ptr(), to++, Py_NewRef(PyTuple_GET_ITEM(names, i)));
  }
  auto result = nanobind::steal(call_function(self, others.data(), static_cast<size_t>(count),
                                              named > 1 ? other_names.ptr() : nullptr));
  if (!result.is_valid()) throw PythonError();
  if (out == Py_None) return result.release().ptr();
  write_out(PyUnicode_AsUTF8(reinterpret_cast<OpFunction*>(self)->name), result.ptr(), out);
  return Py_NewRef(out);
}

/// Runs `body`, a call of an op, as `guarded` does; what an argument's class overrides is that
/// class's.
template <class Body>
PyObject* guarded_op(PyObject* self, PyObject* const* arguments, size_t flags, PyObject* names,
                     Body body) noexcept {
  return guarded([&]() -> PyObject* {
    try {
      return body();
    } catch (const OverriddenCall& call) {
      return call_override(call.object, self, arguments, flags, names);
    }
  });
}

PyObject* call_function(PyObject* self, PyObject* const* arguments, size_t flags,
                        PyObject* names) noexcept {
  if (names && reinterpret_cast<OpFunction*>(self)->takes_out) {
    static PyObject* const keyword = PyUnicode_InternFromString("out");
    const Py_ssize_t place = place_of(keyword, names);
    if (place >= 0) return guarded([&] { return call_into(self, arguments, flags, names, place); });
  }
  if (names && has_extra_keyword(self, names)) {
    return PyObject_Vectorcall(reinterpret_cast<OpFunction*>(self)->keyword_form, arguments, flags,
                               names);
  }
  return guarded_op(self, arguments, flags, names, [&]() -> PyObject* {
    const Signature& signature = *reinterpret_cast<OpFunction*>(self)->signature;
    const Signature::Bound bound(signature, arguments,
                                 static_cast<size_t>(PyVectorcall_NARGS(flags)), names);
    const Call call = bound.call();
    const OpDef& op = signature.op();
    if (op.result_count == 1 && !op.returns_list) {
      const ReleaseGil released(call);
      Tensor result = dispatch(call);
      released.take_back();
      // One that had nothing to do, such as contiguous(): the object, too, is the same.
      const bool is_first = PyVectorcall_NARGS(flags) > 0 && is_tensor(arguments[0]) &&
                            result.is_same(tensor_of(arguments[0]));
      return is_first ? Py_NewRef(arguments[0]) : wrap(std::move(result));
    }
    std::vector<Tensor> results(op.returns_list ? 0 : op.result_count);
    {
      const ReleaseGil released(call);
      if (op.returns_list) {
        results = dispatch_list(call);
      } else {
        dispatch(call, results);
      }
    }
    PyTypeObject* const type = reinterpret_cast<OpFunction*>(self)->results_type;
    return type ? wrap_results(type, std::move(results)) : wrap_list(std::move(results));
  });
}

/// `x.view(...)`: of sizes the op; of a dtype the same bytes as elements of it.
PyObject* call_view(PyObject* self, PyObject* const* arguments, size_t flags,
                    PyObject* names) noexcept {
  static PyObject* const keyword = PyUnicode_InternFromString("dtype");
  const bool is_named = names && PyTuple_GET_SIZE(names) == 1 && place_of(keyword, names) == 0;
  const bool is_alone = PyVectorcall_NARGS(flags) == (is_named ? 1 : 2) && (is_named || !names);
  if (!is_alone || !is_dtype(arguments[1])) return call_function(self, arguments, flags, names);
  return guarded_op(self, arguments, flags, names, [&]() -> PyObject* {
    if (!is_tensor(arguments[0])) fail_type("view() is a method of tensors");
    check_overridden_tensor(arguments[0]);
    return wrap(view_dtype(tensor_of(arguments[0]), to_dtype(arguments[1], "dtype")));
  });
}

/// Into the first argument, which is returned.
PyObject* call_inplace(PyObject* self, PyObject* const* arguments, size_t flags,
                       PyObject* names) noexcept {
  if (names && has_extra_keyword(self, names)) {
    return PyObject_Vectorcall(reinterpret_cast<OpFunction*>(self)->keyword_form, arguments, flags,
                               names);
  }
  return guarded_op(self, arguments, flags, names, [&]() -> PyObject* {
    const Signature& signature = *reinterpret_cast<OpFunction*>(self)->signature;
    const Signature::Bound bound(signature, arguments,
                                 static_cast<size_t>(PyVectorcall_NARGS(flags)), names);
    const Call call = bound.call();
    {
      const ReleaseGil released(call);
      dispatch_inplace(call, bound.input(0));
    }
    return Py_NewRef(arguments[0]);
  });
}

PyObject* bind(PyObject* self, PyObject* instance, PyObject*) noexcept {
  return !instance || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

PyObject* describe(PyObject* self) noexcept {
  return PyUnicode_FromFormat("<op %U>", reinterpret_cast<OpFunction*>(self)->name);
}

void destroy(PyObject* self) noexcept {
  auto* const function = reinterpret_cast<OpFunction*>(self);
  Py_DECREF(function->name);
  Py_DECREF(function->documentation);
  Py_XDECREF(function->results_type);
  Py_XDECREF(function->extra_keyword);
  Py_XDECREF(function->keyword_form);
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

/// Copies and pickles are the op itself, found by its name.
PyObject* reduce(PyObject* self, PyObject*) noexcept {
  return Py_NewRef(reinterpret_cast<OpFunction*>(self)->name);
}

PyObject* get_module(PyObject*, void*) noexcept { return PyUnicode_FromString("tenon._core"); }

PyGetSetDef attributes[] = {{"__module__", get_module, nullptr, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr},
                         {nullptr, nullptr, 0, nullptr}};

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(OpFunction, call), READONLY, nullptr},
    {"__name__", T_OBJECT, offsetof(OpFunction, name), READONLY, nullptr},
    {"__qualname__", T_OBJECT, offsetof(OpFunction, name), READONLY, nullptr},
    {"__doc__", T_OBJECT, offsetof(OpFunction, documentation), READONLY, nullptr},
    {"extra_keyword", T_OBJECT, offsetof(OpFunction, extra_keyword), 0, nullptr},
    {"keyword_form", T_OBJECT, offsetof(OpFunction, keyword_form), 0, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

PyType_Slot function_slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                                {Py_tp_descr_get, reinterpret_cast<void*>(bind)},
                                {Py_tp_repr, reinterpret_cast<void*>(describe)},
                                {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                                {Py_tp_members, members},
                                {Py_tp_getset, attributes},
                                {Py_tp_methods, methods},
                                {0, nullptr}};

PyType_Spec function_spec = {"tenon.OpFunction", sizeof(OpFunction), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                                 Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                             function_slots};

PyObject* make_function(const Signature* signature, const std::string& name, vectorcallfunc call,
                        bool takes_out = false) {
  auto* const function = reinterpret_cast<OpFunction*>(function_type->tp_alloc(function_type, 0));
  if (!function) return nullptr;
  const OpDef& op = signature->op();
  const std::string text = std::string(op.signature) + "\n\n" + std::string(op.documentation);
  function->call = call;
  function->signature = signature;
  function->takes_out = takes_out;
  function->name = PyUnicode_InternFromString(name.c_str());
  function->documentation = PyUnicode_FromString(text.c_str());
  if (op.result_count > 1 && !(function->results_type = make_results_type(op))) return nullptr;
  return reinterpret_cast<PyObject*>(function);
}

bool set(PyObject* target, const std::string& name, PyObject* function) {
  if (!function) return false;
  const bool is_set = PyObject_SetAttrString(target, name.c_str(), function) == 0;
  Py_DECREF(function);
  return is_set;
}

}  // namespace

bool add_ops(PyObject* module, PyTypeObject* type) {
  function_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&function_spec));
  if (!function_type) return false;
  auto* const methods = reinterpret_cast<PyObject*>(type);
  for (int i = 0; i < kOpCount; ++i) {
    const OpDef& op = op_definition(static_cast<OpId>(i));
    if (op.internal) continue;
    const auto* const signature = new Signature(op);
    const std::string name(op.name);
    if (!set(module, name, make_function(signature, name, call_function, !op.returns_list))) {
      return false;
    }
    const bool is_method =
        !op.params.empty() && op.params[0].type != ParamType::kTensorList && op.has_method;
    const vectorcallfunc call = op.id == OpId::kView ? call_view : call_function;
    if (is_method && !set(methods, name, make_function(signature, name, call))) {
      return false;
    }
    if (op.has_inplace &&
        !set(methods, name + "_", make_function(signature, name + "_", call_inplace))) {
      return false;
    }
  }
  return true;
}

}  // namespace tenon::python
