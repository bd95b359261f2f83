// compile(): calls of a Python function whose ops are deferred, matched and run as plans.

#include <nanobind/stl/tuple.h>

#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "tenon/graph/compile.h"
#include "tenon/graph/ir/graph.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

/// The tensors of a pure function's arguments or results: one, or those of lists and tuples.
class TensorsOf {
 public:
  explicit TensorsOf(nb::handle object) {
    if (!object.is_none()) collect(object.ptr());
    for (const Tensor& tensor : tensors_) pointers_.push_back(&tensor);
  }
  std::span<const Tensor* const> pointers() const { return pointers_; }

 private:
  void collect(PyObject* object) {
    if (is_tensor(object)) {
      tensors_.push_back(tensor_of(object));
    } else if (PyTuple_Check(object) || PyList_Check(object)) {
      const Items items(object);
      for (PyObject* const item : items.all()) collect(item);
    } else {
      fail_type(
          "a pure function takes and returns tensors, and tuples and lists of them, not %s; leave "
          "`pure` out for other functions",
          Py_TYPE(object)->tp_name);
    }
  }

  std::vector<Tensor> tensors_;
  std::vector<const Tensor*> pointers_;
};

/// What a pure function returns, so that a call that doesn't run its code can: None, a tensor, or a
/// tuple or list of tensors.
class ReturnedKind {
 public:
  void learn(nb::handle result) {
    const Kind kind = result.is_none()              ? kNone
                      : is_tensor(result.ptr())     ? kTensor
                      : PyTuple_Check(result.ptr()) ? kTuple
                                                    : kList;
    if (kind >= kTuple) {
      const Items items(result.ptr());
      for (PyObject* const item : items.all()) {
        if (!is_tensor(item)) {
          fail_type("a pure function returns tensors in one tuple or list, with no %s in it",
                    Py_TYPE(item)->tp_name);
        }
      }
    }
    if (kind_ != kUnknown && kind_ != kind) {
      fail_type("a pure function returns the same kind of thing in all calls");
    }
    kind_ = kind;
  }

  nb::object rebuild(std::vector<Tensor> results) const {
    if (kind_ == kNone) return nb::none();
    if (kind_ == kTensor) return nb::cast(results[0]);
    nb::list list;
    for (const Tensor& tensor : results) list.append(nb::cast(tensor));
    return kind_ == kTuple ? nb::object(nb::tuple(list)) : nb::object(list);
  }

 private:
  enum Kind { kUnknown, kNone, kTensor, kTuple, kList };
  Kind kind_ = kUnknown;
};

/// "train.py:12", of the innermost Python code outside of this package.
std::string place_of_frame() try {
  const nb::gil_scoped_acquire gil;
  if (PyErr_Occurred()) return {};
  nb::object frame = nb::borrow(reinterpret_cast<PyObject*>(PyEval_GetFrame()));
  while (frame.is_valid() && !frame.is_none()) {
    const nb::object module = frame.attr("f_globals").attr("get")("__name__", "");
    const std::string name = nb::isinstance<nb::str>(module) ? nb::cast<std::string>(module) : "";
    if (name != "tenon" && name.rfind("tenon.", 0) != 0) {
      const auto file = nb::cast<std::string>(frame.attr("f_code").attr("co_filename"));
      return file.substr(file.rfind('/') + 1) + ":" +
             std::to_string(nb::cast<int>(frame.attr("f_lineno")));
    }
    frame = frame.attr("f_back");
  }
  return {};
} catch (const nb::python_error&) {
  return {};
}

/// The frame that called the outermost compiled function on this thread; borrowed.
thread_local PyFrameObject* calling_frame = nullptr;

/// Notes down who calls a compiled function, while the call lasts.
class CallingFrame {
 public:
  CallingFrame() : is_outermost_(!calling_frame) {
    if (is_outermost_) calling_frame = PyEval_GetFrame();
  }
  ~CallingFrame() {
    if (is_outermost_) calling_frame = nullptr;
  }
  CallingFrame(const CallingFrame&) = delete;

 private:
  const bool is_outermost_;
};

/// Whether Python code between the compiled function and here stands in a `try`.
bool caller_catches() try {
  const nb::gil_scoped_acquire gil;
  if (PyErr_Occurred() || !calling_frame) return false;
  const nb::handle outside(reinterpret_cast<PyObject*>(calling_frame));
  return nb::cast<bool>(nb::module_::import_("tenon._catching").attr("catches")(outside));
} catch (const nb::python_error&) {
  return false;
}

/// What calls of one compiled function share, and the function.
class CompiledFunction {
 public:
  CompiledFunction(nb::callable function, CompileOptions options)
      : function_(std::move(function)), state_(std::move(options)) {}

  nb::object call(nb::args arguments, nb::kwargs keywords) {
    graph::CompiledCall call(state_);
    if (call.is_pure()) return call_pure(call, arguments, keywords);
    const CallingFrame caller;
    call.begin();
    nb::object result = function_(*arguments, **keywords);
    call.finish();
    return result;
  }
  const nb::object& function() const { return function_; }
  void forget() { function_.reset(); }
  std::string explain() const { return state_.explain(); }
  std::vector<std::string> graphs(bool drawn) const {
    std::vector<std::string> texts;
    for (const graph::Graph& graph : state_.graphs()) {
      texts.push_back(drawn ? graph.to_dot() : graph.to_text());
    }
    return texts;
  }
  nb::dict counters() const {
    const CompileCounters c = state_.counters();
    nb::dict all;
    all["calls"] = c.calls;
    all["flushes"] = c.flushes;
    all["records"] = c.records;
    all["new_records"] = c.new_records;
    all["typed"] = c.typed;
    all["plans"] = c.plans;
    all["compile_ms"] = c.compile_ms;
    all["eager_calls"] = c.eager_calls;
    all["replays"] = c.replays;
    return all;
  }

 private:
  nb::object call_pure(graph::CompiledCall& call, const nb::args& arguments,
                       const nb::kwargs& keywords) {
    if (keywords.size() != 0) fail_type("a pure function takes its arguments by position");
    TensorsOf given(arguments);
    std::vector<Tensor> results;
    if (call.replay(given.pointers(), results)) return returned_.rebuild(std::move(results));
    call.begin();
    nb::object result = function_(*arguments);
    const TensorsOf made(result);
    returned_.learn(result);
    call.keep(given.pointers(), made.pointers());
    call.finish();
    return result;
  }

  nb::object function_;
  graph::CompiledState state_;
  ReturnedKind returned_;
};

// Functions may hold what holds them: Python's collector is shown the way.
int traverse(PyObject* self, visitproc visit, void* arg) noexcept {
  Py_VISIT(Py_TYPE(self));
  if (!nb::inst_ready(self)) return 0;
  Py_VISIT(nb::inst_ptr<CompiledFunction>(self)->function().ptr());
  return 0;
}
int clear(PyObject* self) noexcept {
  if (nb::inst_ready(self)) nb::inst_ptr<CompiledFunction>(self)->forget();
  return 0;
}
PyType_Slot slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {0, nullptr}};

}  // namespace

void add_compile(nb::module_& module) {
  graph::set_caller_place(place_of_frame);
  graph::set_caller_catches(caller_catches);
  module.def("compile_passes", compile_passes);
  nb::class_<CompiledFunction>(module, "CompiledFunction", nb::type_slots(slots))
      .def(
          "__init__",
          [](CompiledFunction* self, nb::callable function, std::vector<std::string> without_passes,
             bool pure, bool validate, size_t memory_limit) {
            CompileOptions options;
            options.pure = pure;
            options.validate = validate;
            options.without_passes = std::move(without_passes);
            options.memory_limit = memory_limit;
            new (self) CompiledFunction(std::move(function), std::move(options));
          },
          nb::arg("function"), nb::arg("without_passes") = std::vector<std::string>(),
          nb::arg("pure") = false, nb::arg("validate") = false, nb::arg("memory_limit") = 0)
      .def("__call__", &CompiledFunction::call)
      .def_prop_ro("function", &CompiledFunction::function)
      .def("explain", &CompiledFunction::explain)
      .def("graphs", &CompiledFunction::graphs, nb::arg("drawn") = false)
      .def("counters", &CompiledFunction::counters);
}

}  // namespace tenon::python
