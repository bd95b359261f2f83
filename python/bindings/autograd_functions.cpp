// What recording and backward passes need beside the methods of tensors.

#include "tenon/autograd/autograd.h"

#include <nanobind/stl/pair.h>

#include "python/bindings/callback.h"
#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "python/bindings/gil.h"
#include "tenon/autograd/grad_fn.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

/// A hook on gradients.
class Hook {
 public:
  explicit Hook(nb::callable function) : function_(std::move(function)) {}

  Tensor operator()(const Tensor& grad) const {
    const HoldGil held;
    const nb::object result = function_.call(nb::cast(grad));
    if (result.is_none()) return {};
    if (!is_tensor(result.ptr())) {
      fail_type("a hook returns a tensor or None, not %s", Py_TYPE(result.ptr())->tp_name);
    }
    return tensor_of(result.ptr());
  }

 private:
  Callback function_;
};

std::vector<Tensor> given(const std::vector<std::optional<Tensor>>& tensors) {
  std::vector<Tensor> result;
  for (const auto& tensor : tensors) result.push_back(tensor.value_or(Tensor()));
  return result;
}

}  // namespace

void add_grad_fn(nb::module_& module) {
  nb::class_<GradFn>(module, "GradFn", "A place of the backward graph: an op, or a leaf.")
      .def("name", &GradFn::name)
      .def_prop_ro("next_functions",
                   [](const GradFn& self) {
                     nb::list all;
                     for (const auto& [next, result] : self.next_functions()) {
                       const nb::object place = next ? nb::cast(next) : nb::none();
                       all.append(nb::make_tuple(place, result));
                     }
                     return nb::tuple(all);
                   })
      .def_prop_ro("variable", &GradFn::variable)
      .def("__eq__", [](const GradFn& a, const GradFn& b) { return a.id() == b.id(); })
      .def("__hash__", [](const GradFn& self) { return std::hash<const void*>()(self.id()); })
      .def("__repr__", [](const GradFn& self) { return "<" + self.name() + ">"; });
  module.def("grad_fn", [](const Tensor& tensor) {
    const GradFn made = GradFn::of(tensor);
    return made ? nb::cast(made) : nb::none();
  });
}

void add_autograd_functions(nb::module_& module) {
  add_grad_fn(module);
  module.def("is_grad_enabled", [] { return modes().grad; });
  module.def("set_grad_enabled", [](bool enabled) { modes().grad = enabled; });
  module.def("is_inference_mode_enabled", [] { return modes().inference; });
  module.def("set_inference_mode", [](bool enabled) { modes().inference = enabled; });
  module.def("is_anomaly_enabled", [] { return modes().anomaly; });
  module.def("set_anomaly_enabled", [](bool enabled) { modes().anomaly = enabled; });
  module.def("autocast_dtype", [] { return modes().autocast; });
  module.def("set_autocast_dtype", [](DType dtype) { modes().autocast = dtype; });
  module.def(
      "backward",
      [](const std::vector<Tensor>& tensors, const std::vector<std::optional<Tensor>>& grads,
         std::optional<bool> retain_graph, bool create_graph) {
        const std::vector<Tensor> start = given(grads);
        const ReleaseGil released;
        backward(tensors, start, retain_graph, create_graph);
      },
      nb::arg("tensors"), nb::arg("grad_tensors"), nb::arg("retain_graph").none(),
      nb::arg("create_graph"));
  module.def(
      "grad",
      [](const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
         const std::vector<std::optional<Tensor>>& grads, std::optional<bool> retain_graph,
         bool create_graph, bool allow_unused) {
        const std::vector<Tensor> start = given(grads);
        const ReleaseGil released;
        return grad(outputs, inputs, start, {retain_graph, create_graph, allow_unused});
      },
      nb::arg("outputs"), nb::arg("inputs"), nb::arg("grad_outputs"),
      nb::arg("retain_graph").none(), nb::arg("create_graph"), nb::arg("allow_unused"));
  module.def("register_hook", [](const Tensor& tensor, nb::callable hook) {
    return tensor.register_hook(Hook(std::move(hook)));
  });
  module.def("remove_hook",
             [](const Tensor& tensor, int64_t number) { tensor.remove_hook(number); });
}

}  // namespace tenon::python
