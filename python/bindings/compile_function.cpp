// compile(): calls of a Python function whose ops are deferred, matched and run as plans.

#include <nanobind/stl/tuple.h>

#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "tenon/graph/compile.h"
#include "tenon/graph/ir/graph.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

/// What calls of one compiled function share, and the function.
class CompiledFunction {
 public:
  CompiledFunction(nb::callable function, CompileOptions options)
      : function_(std::move(function)), state_(std::move(options)) {}

  nb::object call(nb::args arguments, nb::kwargs keywords) {
    graph::CompiledCall call(state_);
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
    all["plans"] = c.plans;
    all["eager_calls"] = c.eager_calls;
    return all;
  }

 private:
  nb::object function_;
  graph::CompiledState state_;
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
  module.def("compile_passes", compile_passes);
  nb::class_<CompiledFunction>(module, "CompiledFunction", nb::type_slots(slots))
      .def(
          "__init__",
          [](CompiledFunction* self, nb::callable function,
             std::vector<std::string> without_passes) {
            CompileOptions options;
            options.without_passes = std::move(without_passes);
            new (self) CompiledFunction(std::move(function), std::move(options));
          },
          nb::arg("function"), nb::arg("without_passes") = std::vector<std::string>())
      .def("__call__", &CompiledFunction::call)
      .def_prop_ro("function", &CompiledFunction::function)
      .def("explain", &CompiledFunction::explain)
      .def("graphs", &CompiledFunction::graphs, nb::arg("drawn") = false)
      .def("counters", &CompiledFunction::counters);
}

}  // namespace tenon::python
