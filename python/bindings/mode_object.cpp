#include "python/bindings/mode_object.h"

#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "python/bindings/arguments.h"
#include "tenon/dispatch/modes.h"

namespace tenon::python {
namespace {

/// Which of the thread's modes a type is about.
enum class Kind : uint8_t { kGrad, kInference, kAnomaly, kAutocast };

/// A context, which may be entered within itself. Several threads may share one: what a decorated
/// function enters is a copy of its own.
struct ModeObject {
  PyObject_HEAD Kind kind;
  bool from_call_on;          ///< set when it was made, not when it is entered
  Modes wanted;               ///< within; the fields that `kind` is about
  std::vector<Modes> before;  ///< what was, for each time it is entered
};

PyTypeObject* base_type = nullptr;

/// Its name without that of the module.
const char* name_of(PyTypeObject* type) {
  const char* const dot = std::strrchr(type->tp_name, '.');
  return dot ? dot + 1 : type->tp_name;
}

ModeObject* body(PyObject* self) { return reinterpret_cast<ModeObject*>(self); }

void set(Kind kind, const Modes& wanted) {
  Modes& now = modes();
  switch (kind) {
    case Kind::kInference:
      now.inference = wanted.inference;
      [[fallthrough]];
    case Kind::kGrad:
      now.grad = wanted.grad;
      return;
    case Kind::kAnomaly:
      now.anomaly = wanted.anomaly;
      return;
    case Kind::kAutocast:
      now.autocast = wanted.autocast;
  }
}

void begin(ModeObject* mode) {
  mode->before.push_back(modes());
  set(mode->kind, mode->wanted);
}

PyObject* allocate(PyTypeObject* type, Kind kind, const Modes& wanted) {
  PyObject* const self = type->tp_alloc(type, 0);
  if (!self) return nullptr;
  body(self)->kind = kind;
  body(self)->wanted = wanted;
  new (&body(self)->before) std::vector<Modes>();
  return self;
}

void destroy(PyObject* self) noexcept {
  PyTypeObject* const type = Py_TYPE(self);
  body(self)->before.~vector();
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* enter(PyObject* self, PyObject*) noexcept {
  if (!body(self)->from_call_on) begin(body(self));
  return Py_NewRef(self);
}

PyObject* leave(PyObject* self, PyObject* const*, Py_ssize_t) noexcept {
  ModeObject* const mode = body(self);
  if (mode->before.empty()) {
    return PyErr_Format(PyExc_RuntimeError, "%s: __exit__() without an __enter__() before",
                        name_of(Py_TYPE(self)));
  }
  set(mode->kind, mode->before.back());
  if (!mode->from_call_on) mode->before.pop_back();
  Py_RETURN_FALSE;
}

/// Another one, of no subclass, which nothing has entered.
PyObject* again(PyObject* self, PyObject*) noexcept {
  return allocate(base_type, body(self)->kind, body(self)->wanted);
}

/// `tenon._modes.decorated(self, function)`.
PyObject* decorated(PyObject* self, PyObject* function) {
  PyObject* const module = PyImport_ImportModule("tenon._modes");
  if (!module) return nullptr;
  PyObject* const result = PyObject_CallMethod(module, "decorated", "OO", self, function);
  Py_DECREF(module);
  return result;
}

/// A decorator changes the mode within the function only.
PyObject* call(PyObject* self, PyObject* arguments, PyObject* keywords) noexcept {
  static const char* names[] = {"function", nullptr};
  PyObject* function = nullptr;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O", const_cast<char**>(names),
                                   &function)) {
    return nullptr;
  }
  const ModeObject* const mode = body(self);
  if (mode->from_call_on && !mode->before.empty()) set(mode->kind, mode->before.back());
  return decorated(self, function);
}

/// For copies and pickles: an object of the type, and what it sets.
PyObject* reduce(PyObject* self, PyObject*) noexcept {
  PyObject* const copying = PyImport_ImportModule("copyreg");
  if (!copying) return nullptr;
  PyObject* const make = PyObject_GetAttrString(copying, "__newobj__");
  Py_DECREF(copying);
  if (!make) return nullptr;
  const Modes& wanted = body(self)->wanted;
  PyObject* attributes = PyObject_GetAttrString(self, "__dict__");  // subclasses have one
  if (!attributes) {
    PyErr_Clear();
    attributes = Py_NewRef(Py_None);
  }
  return Py_BuildValue("N(O)(NNNNN)", make, Py_TYPE(self), PyBool_FromLong(wanted.grad),
                       PyBool_FromLong(wanted.inference), PyBool_FromLong(wanted.anomaly),
                       wrap(wanted.autocast), attributes);
}

PyObject* set_state(PyObject* self, PyObject* state) noexcept {
  return guarded([&]() -> PyObject* {
    int grad = 0, inference = 0, anomaly = 0;
    PyObject *autocast = nullptr, *attributes = nullptr;
    if (!PyArg_ParseTuple(state, "pppOO", &grad, &inference, &anomaly, &autocast, &attributes)) {
      return nullptr;
    }
    Modes& wanted = body(self)->wanted;
    wanted.autocast = to_dtype(autocast, "a mode's state");
    wanted.grad = grad != 0;
    wanted.inference = inference != 0;
    wanted.anomaly = anomaly != 0;
    if (attributes != Py_None && PyObject_SetAttrString(self, "__dict__", attributes) != 0) {
      return nullptr;
    }
    Py_RETURN_NONE;
  });
}

template <Kind kind>
PyObject* make(PyTypeObject* type, PyObject*, PyObject*) noexcept {
  return allocate(type, kind, {});
}

/// Of `@no_grad`, without brackets: the decorated function in place of an object.
PyObject* decorated_by_new(PyTypeObject* type, Kind kind, const Modes& wanted, PyObject* function) {
  PyObject* const self = allocate(type, kind, wanted);
  if (!self) return nullptr;
  PyObject* const result = decorated(self, function);
  Py_DECREF(self);
  return result;
}

template <bool grad>
PyObject* make_bare(PyTypeObject* type, PyObject* arguments, PyObject* keywords) noexcept {
  Modes wanted;
  wanted.grad = grad;
  if (PyTuple_GET_SIZE(arguments) == 0 && !keywords) return allocate(type, Kind::kGrad, wanted);
  static const char* names[] = {"function", nullptr};
  PyObject* function = Py_None;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O", const_cast<char**>(names),
                                   &function)) {
    return nullptr;
  }
  if (function == Py_None) return allocate(type, Kind::kGrad, wanted);
  if (!PyCallable_Check(function)) {
    return PyErr_Format(PyExc_TypeError,
                        "%s() takes nothing, or the function that it decorates, not %R",
                        name_of(type), function);
  }
  return decorated_by_new(type, Kind::kGrad, wanted, function);
}

PyObject* make_inference(PyTypeObject* type, PyObject* arguments, PyObject* keywords) noexcept {
  static const char* names[] = {"mode", nullptr};
  PyObject* mode = Py_True;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O", const_cast<char**>(names), &mode)) {
    return nullptr;
  }
  Modes wanted;
  const bool is_function = PyCallable_Check(mode) != 0;
  const int truth = is_function ? 1 : PyObject_IsTrue(mode);
  if (truth < 0) return nullptr;
  wanted.inference = truth != 0;
  wanted.grad = !wanted.inference;
  return is_function ? decorated_by_new(type, Kind::kInference, wanted, mode)
                     : allocate(type, Kind::kInference, wanted);
}

int init_from_call_on(PyObject* self) {
  body(self)->from_call_on = true;
  begin(body(self));
  return 0;
}

int init_set_grad(PyObject* self, PyObject* arguments, PyObject* keywords) noexcept {
  static const char* names[] = {"mode", nullptr};
  int mode = 0;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "p:set_grad_enabled",
                                   const_cast<char**>(names), &mode)) {
    return -1;
  }
  body(self)->wanted.grad = mode != 0;
  return init_from_call_on(self);
}

int init_detect(PyObject* self, PyObject* arguments, PyObject* keywords) noexcept {
  static const char* names[] = {"check_nan", nullptr};
  int check = 1;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|p:detect_anomaly",
                                   const_cast<char**>(names), &check)) {
    return -1;
  }
  body(self)->wanted.anomaly = check != 0;
  return 0;
}

int init_set_detect(PyObject* self, PyObject* arguments, PyObject* keywords) noexcept {
  static const char* names[] = {"mode", "check_nan", nullptr};
  int mode = 0, check = 1;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "p|p:set_detect_anomaly",
                                   const_cast<char**>(names), &mode, &check)) {
    return -1;
  }
  body(self)->wanted.anomaly = mode != 0 && check != 0;
  return init_from_call_on(self);
}

/// Whether it is the name of a GPU, or stands for one.
bool is_cuda(PyObject* device) {
  PyObject* const text = PyObject_Str(device);
  const char* const name = text ? PyUnicode_AsUTF8(text) : nullptr;
  const bool result = name && std::string_view(name).starts_with("cuda");
  Py_XDECREF(text);
  if (!name) throw PythonError();
  return result;
}

/// The dtype that `autocast(device, dtype, enabled)` casts to; float32 for none.
DType autocast_dtype(PyObject* device, PyObject* dtype, bool enabled) {
  if (device && is_cuda(device)) {
    if (enabled && PyErr_WarnEx(PyExc_UserWarning,
                                "autocast: device_type 'cuda' is not available: disabled", 1) < 0) {
      throw PythonError();
    }
    return kFloat32;
  }
  if (device) to_device(device, "device_type");
  const DType wanted = dtype == Py_None ? kBFloat16 : to_dtype(dtype, "dtype");
  if (!enabled) return kFloat32;
  if (wanted == kBFloat16 || wanted == kFloat16) return wanted;
  PyErr_Format(PyExc_ValueError, "autocast() takes bfloat16 or float16, not %S", dtype);
  throw PythonError();
}

int init_autocast(PyObject* self, PyObject* arguments, PyObject* keywords) noexcept {
  static const char* names[] = {"device_type", "dtype", "enabled", "cache_enabled", nullptr};
  PyObject *device = nullptr, *dtype = Py_None;
  int enabled = 1, cache_enabled = 1;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|OOpp:autocast", const_cast<char**>(names),
                                   &device, &dtype, &enabled, &cache_enabled)) {
    return -1;
  }
  PyObject* const done = guarded([&] {
    body(self)->wanted.autocast = autocast_dtype(device, dtype, enabled != 0);
    return Py_NewRef(Py_None);
  });
  Py_XDECREF(done);
  return done ? 0 : -1;
}

template <class F>
void* slot(F* function) {
  return reinterpret_cast<void*>(function);
}

PyMethodDef methods[] = {
    {"__enter__", enter, METH_NOARGS, nullptr},
    {"__exit__", reinterpret_cast<PyCFunction>(slot(leave)), METH_FASTCALL, nullptr},
    {"__reduce__", reduce, METH_NOARGS, nullptr},
    {"__setstate__", set_state, METH_O, nullptr},
    {"_again", again, METH_NOARGS, "The same for one call of a decorated function."},
    {nullptr, nullptr, 0, nullptr}};

/// A type of `base`, made by `make` and, unless it is null, `init`; false with an error set.
bool add_type(PyObject* module, const char* full_name, const char* name, const char* doc,
              newfunc make, initproc init) {
  PyType_Slot slots[] = {{Py_tp_new, slot(make)},
                         {Py_tp_dealloc, slot(destroy)},
                         {Py_tp_doc, const_cast<char*>(doc)},
                         {init ? Py_tp_init : 0, slot(init)},
                         {0, nullptr}};
  PyType_Spec spec = {full_name, sizeof(ModeObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                      slots};
  PyObject* const type = PyType_FromSpecWithBases(&spec, reinterpret_cast<PyObject*>(base_type));
  const bool added = type && PyModule_AddObjectRef(module, name, type) == 0;
  Py_XDECREF(type);
  return added;
}

}  // namespace

bool add_mode_types(PyObject* module) {
  PyType_Slot slots[] = {{Py_tp_dealloc, slot(destroy)},
                         {Py_tp_call, slot(call)},
                         {Py_tp_methods, methods},
                         {Py_tp_doc, const_cast<char*>("What a thread's ops do beside computing.")},
                         {0, nullptr}};
  PyType_Spec spec = {"tenon._core._Mode", sizeof(ModeObject), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                      slots};
  base_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return base_type &&
         PyModule_AddObjectRef(module, "_Mode", reinterpret_cast<PyObject*>(base_type)) == 0 &&
         add_type(module, "tenon.no_grad", "no_grad", "Nothing is recorded for backward.",
                  make_bare<false>, nullptr) &&
         add_type(module, "tenon.enable_grad", "enable_grad",
                  "Recording is on again within no_grad.", make_bare<true>, nullptr) &&
         add_type(module, "tenon.set_grad_enabled", "set_grad_enabled",
                  "Recording is on or off: from the call on, or within `with`.", make<Kind::kGrad>,
                  init_set_grad) &&
         add_type(module, "tenon.inference_mode", "inference_mode",
                  "As no_grad, and results can't be part of a graph later.", make_inference,
                  nullptr) &&
         add_type(module, "tenon.autocast", "autocast",
                  "Ops that gain by it compute in `dtype`, float16 or bfloat16; those that need it "
                  "stay in float32.",
                  make<Kind::kAutocast>, init_autocast) &&
         add_type(module, "tenon.autograd.detect_anomaly", "_detect_anomaly",
                  "Gradients that hold NaN are an error, which names the forward call they come "
                  "from.",
                  make<Kind::kAnomaly>, init_detect) &&
         add_type(module, "tenon.autograd.set_detect_anomaly", "_set_detect_anomaly",
                  "The same from the call on, or within `with`.", make<Kind::kAnomaly>,
                  init_set_detect);
}

}  // namespace tenon::python
