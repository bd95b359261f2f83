// Functions with a gradient of Python's own; checkpoints; checks by finite differences.

#include <nanobind/stl/pair.h>

#include <memory>

#include "python/bindings/callback.h"
#include "python/bindings/functions.h"
#include "tenon/autograd/autograd.h"
#include "tenon/autograd/custom_function.h"
#include "tenon/autograd/gradcheck.h"
#include "tenon/base/error.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

using Optionals = std::vector<std::optional<Tensor>>;

std::vector<Tensor> given(const Optionals& tensors) {
  std::vector<Tensor> result;
  for (const auto& tensor : tensors) result.push_back(tensor.value_or(Tensor()));
  return result;
}

/// One call of a Function of Python's. Its forward has run already.
class PythonFunction final : public autograd::Function {
 public:
  PythonFunction(nb::callable backward, std::string name)
      : backward_(std::move(backward)), name_(std::move(name)) {}

  std::vector<Tensor> forward(TensorList) override { return {}; }
  std::vector<Tensor> backward(TensorList grads) override { return backward_(grads); }
  std::string_view name() const override { return name_; }

  using Function::all_saved;
  using Function::mark_dirty;
  using Function::mark_non_differentiable;
  using Function::save;
  using Function::set_materialize_grads;

 private:
  Callback backward_;
  std::string name_;
};

/// What the call's context asks for saved tensors. The function holds the context, never the
/// reverse.
struct SavedTensors {
  std::weak_ptr<PythonFunction> function;

  nb::tuple get() const {
    const std::shared_ptr<PythonFunction> alive = function.lock();
    if (!alive) {
      fail<AutogradError>("saved_tensors", "the graph that held them is gone");
    }
    nb::list all;
    for (const Tensor& tensor : alive->all_saved()) all.append(nb::cast(tensor));
    return nb::tuple(all);
  }
};

/// (results, what gives the saved tensors)
std::pair<std::vector<Tensor>, SavedTensors> record_function(
    nb::callable backward, std::string name, const std::vector<Tensor>& inputs,
    std::vector<Tensor> results, const Optionals& saved, const std::vector<Tensor>& dirty,
    const std::vector<Tensor>& non_differentiable, bool materialize) {
  const auto function = std::make_shared<PythonFunction>(std::move(backward), std::move(name));
  function->save(given(saved));
  function->mark_dirty(dirty);
  function->mark_non_differentiable(non_differentiable);
  function->set_materialize_grads(materialize);
  return {autograd::record(function, inputs, std::move(results)), {function}};
}

std::function<std::vector<Tensor>(const std::vector<Tensor>&)> function_of(nb::callable callable) {
  return [callback = Callback(std::move(callable))](const std::vector<Tensor>& arguments) {
    return callback(arguments);
  };
}

}  // namespace

void add_custom_functions(nb::module_& module) {
  nb::class_<SavedTensors>(module, "_SavedTensors").def("get", &SavedTensors::get);
  module.def("_record_function", record_function);
  module.def("_checkpoint", [](nb::callable function, const std::vector<Tensor>& inputs) {
    return checkpoint(function_of(std::move(function)), inputs);
  });
  module.def("_gradcheck", [](nb::callable function, const std::vector<Tensor>& inputs, double step,
                              double absolute, double relative, bool second) {
    const GradcheckOptions options{step, absolute, relative};
    const auto checked = function_of(std::move(function));
    return second ? gradgradcheck(checked, inputs, options) : gradcheck(checked, inputs, options);
  });
}

}  // namespace tenon::python
