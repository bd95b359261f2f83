// What recording and backward passes need beside the methods of tensors.

#include "tenon/autograd/autograd.h"

#include <nanobind/stl/pair.h>

#include "python/bindings/callback.h"
#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "python/bindings/gil.h"
#include "python/bindings/tensor_object.h"
#include "tenon/autograd/grad_fn.h"
#include "tenon/autograd/leaf.h"
#include "tenon/autograd/saved_tensors_hooks.h"

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

  PyObject* function() const { return function_.function(); }

 private:
  Callback function_;
};

/// A hook on a leaf whose gradient was added up: called with the very object that it was registered
/// on, by which optimizers find their state, while that is there.
class PostHook {
 public:
  PostHook(nb::handle tensor, nb::callable function)
      : tensor_(nb::steal(PyWeakref_NewRef(tensor.ptr(), nullptr))),
        function_(std::move(function)) {}

  void operator()(const Tensor& leaf) const {
    const HoldGil held;
    const nb::object same = nb::borrow(PyWeakref_GetObject(tensor_.get()));
    function_.call(same.is_none() ? nb::cast(leaf) : same);
  }

  PyObject* function() const { return function_.function(); }

 private:
  HeldObject tensor_;
  Callback function_;
};

nb::tuple tuple_of(std::span<const Tensor> tensors) {
  nb::list all;
  for (const Tensor& tensor : tensors) all.append(nb::cast(tensor));
  return nb::tuple(all);
}

/// A hook on a place of the backward graph: called with the gradients of the results alone, or with
/// those of the inputs before them.
GradFn::Hook node_hook(nb::callable function, bool before) {
  return [kept = Callback(std::move(function)), before](
             std::span<const Tensor> inputs,
             std::span<const Tensor> results) -> std::optional<std::vector<Tensor>> {
    const HoldGil held;
    const nb::handle hook = kept.function();
    const nb::object given =
        before ? hook(tuple_of(results)) : hook(tuple_of(inputs), tuple_of(results));
    if (given.is_none()) return std::nullopt;
    if (!PyTuple_Check(given.ptr())) {
      fail_type("a hook of grad_fn returns a tuple of gradients or None, not %s",
                Py_TYPE(given.ptr())->tp_name);
    }
    std::vector<Tensor> replaced;
    for (const nb::handle grad : given) {
      if (!grad.is_none() && !is_tensor(grad.ptr())) {
        fail_type("a hook of grad_fn returns tensors or None, not %s",
                  Py_TYPE(grad.ptr())->tp_name);
      }
      replaced.push_back(grad.is_none() ? Tensor() : tensor_of(grad.ptr()));
    }
    return replaced;
  };
}

/// What a function of Python's makes of a saved tensor, and the function that takes it back.
autograd::PackSaved packing(nb::callable pack, nb::callable unpack) {
  return [pack = Callback(std::move(pack)),
          unpack = Callback(std::move(unpack))](const Tensor& tensor) -> autograd::UnpackSaved {
    const HoldGil held;
    return [kept = HeldObject(pack.call(nb::cast(tensor))), unpack]() -> Tensor {
      const HoldGil held;
      const nb::object result = unpack.call(kept.get());
      if (!is_tensor(result.ptr())) {
        fail_type(
            "Output of saved tensor unpack_hook expected to be a Tensor but got result of "
            "type %s",
            Py_TYPE(result.ptr())->tp_name);
      }
      return tensor_of(result.ptr());
    };
  };
}

std::vector<Tensor> given(const std::vector<std::optional<Tensor>>& tensors) {
  std::vector<Tensor> result;
  for (const auto& tensor : tensors) result.push_back(tensor.value_or(Tensor()));
  return result;
}

/// The extras of a leaf that nobody but its Python object holds; null elsewhere.
autograd::LeafExtras* own_extras(const Tensor& tensor) {
  const TensorImpl* const impl = tensor.impl();
  if (!impl || impl->references.value() != 1) return nullptr;
  return autograd::find_extras(impl);
}

}  // namespace

int traverse_hooks(const Tensor& tensor, visitproc visit, void* arg) {
  const autograd::LeafExtras* const extras = own_extras(tensor);
  if (!extras) return 0;
  for (const auto& entry : extras->hooks) {
    if (const Hook* const hook = entry.hook.target<Hook>()) Py_VISIT(hook->function());
  }
  for (const auto& entry : extras->post_hooks) {
    if (const PostHook* const hook = entry.hook.target<PostHook>()) Py_VISIT(hook->function());
  }
  return 0;
}

void clear_hooks(const Tensor& tensor) {
  autograd::LeafExtras* const extras = own_extras(tensor);
  if (!extras) return;
  // Out of the tensor first: what goes may run code that looks at it.
  const auto hooks = std::move(extras->hooks);
  const auto post_hooks = std::move(extras->post_hooks);
}

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
      .def("_register_hook",
           [](const GradFn& self, nb::callable hook) {
             return self.register_hook(node_hook(std::move(hook), false));
           })
      .def("_register_prehook",
           [](const GradFn& self, nb::callable hook) {
             return self.register_prehook(node_hook(std::move(hook), true));
           })
      .def("_remove_hook", &GradFn::remove_hook)
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
  module.def("register_post_accumulate_grad_hook", [](nb::handle tensor, nb::callable hook) {
    if (!is_tensor(tensor.ptr())) fail_type("hooks are registered on tensors");
    return tensor_of(tensor.ptr())
        .register_post_accumulate_grad_hook(PostHook(tensor, std::move(hook)));
  });
  module.def("run_post_accumulate_grad_hooks", autograd::run_post_hooks);
  module.def("_push_saved_tensors_hooks", [](nb::callable pack, nb::callable unpack) {
    autograd::push_saved_tensors_hooks(packing(std::move(pack), std::move(unpack)));
  });
  module.def("_pop_saved_tensors_hooks", autograd::pop_saved_tensors_hooks);
  module.def("_disable_saved_tensors_hooks", autograd::disable_saved_tensors_hooks,
             nb::arg("message").none());
  module.def("remove_hook",
             [](const Tensor& tensor, int64_t number) { tensor.remove_hook(number); });
}

}  // namespace tenon::python
