// Steps of optimizers, whose groups and states are Python's own dicts: users may change them.

#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "python/bindings/gil.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/deferral.h"
#include "tenon/ops/functions.h"
#include "tenon/optim/optim.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

using namespace tenon::optim;

struct HeldFormula {
  std::unique_ptr<const Formula> formula;
};

/// A 0-d float32 tensor: what PyTorch keeps host numbers of the state as.
Tensor tensor_of_number(double value) {
  const NotDeferred at_once;
  return full({}, value, kFloat32, kCpu);
}

double number_of(nb::handle object, const char* name) {
  if (!is_tensor(object.ptr())) return to_float(object.ptr(), name);
  return tensor_of(object.ptr()).item().to_double();
}

/// The state of one parameter while it steps.
class Entry {
 public:
  Entry(nb::handle state, nb::handle parameter) : dict_(state[parameter]) {
    if (!PyDict_Check(dict_.ptr())) {
      fail_type("the state of a parameter is a dict, not %s", Py_TYPE(dict_.ptr())->tp_name);
    }
  }

  /// Borrowed; null where there is none.
  nb::handle find(PyObject* name) const {
    PyObject* const found = PyDict_GetItemWithError(dict_.ptr(), name);
    if (!found && PyErr_Occurred()) throw PythonError();
    return found == Py_None ? nullptr : found;
  }
  void set(PyObject* name, const Tensor& tensor) const {
    const nb::object value = nb::cast(tensor);
    if (PyDict_SetItem(dict_.ptr(), name, value.ptr()) != 0) throw PythonError();
  }
  /// Into the tensor that is there, or a new one.
  void set_number(PyObject* name, double value) const {
    const nb::handle found = find(name);
    if (!found || !is_tensor(found.ptr())) return set(name, tensor_of_number(value));
    const Tensor& tensor = tensor_of(found.ptr());
    const NotDeferred at_once;
    if (tensor.dtype() == kFloat32 && tensor.numel() == 1) {
      *static_cast<float*>(tensor.raw_data()) = static_cast<float>(value);
      bump_version(tensor);
    } else {
      tensor.detach().fill_(value);
    }
  }

 private:
  nb::object dict_;
};

std::vector<nb::object> keys_of(std::span<const std::string_view> names) {
  std::vector<nb::object> keys;
  for (const std::string_view name : names) {
    PyObject* const key =
        PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size()));
    if (!key) throw PythonError();
    keys.push_back(nb::steal(key));
  }
  return keys;
}

/// Steps of one group of parameters.
class GroupUpdater {
 public:
  /// The learning rate is a number or, of capturable formulas, a 0-d float64 tensor. Gradients are
  /// the parameters' own where none are given.
  void step(const HeldFormula& held, nb::handle rate, nb::handle parameters, nb::handle state,
            nb::handle gradients) {
    const Formula& formula = *held.formula;
    check_rate(formula, rate);
    const double learning_rate = formula.is_capturable() ? 0 : number_of(rate, "a learning rate");
    const Keys keys{keys_of({&kStepName, formula.counts_steps() ? 1u : 0u}),
                    keys_of(formula.number_names()), keys_of(formula.state_names())};
    Collected all = collect(formula, learning_rate, keys, parameters, state, gradients);
    if (all.updated.empty()) return;
    if (formula.is_capturable()) {
      for (Updated& updated : all.updated) updated.rate = &tensor_of(rate.ptr());
    }
    if (running_) fail<ValueError>("Optimizer::step", "another thread is at the same step");
    {
      const Running running(running_);
      const ReleaseGil released;
      updater_.run(formula, learning_rate, all.updated);
    }
    write_back(keys, all);
  }

 private:
  static constexpr std::string_view kStepName = "step";
  /// Names of what is kept, as Python's.
  struct Keys {
    std::vector<nb::object> step, numbers, states;
    bool any() const { return !step.empty() || !numbers.empty() || !states.empty(); }
  };
  /// The parameters that have a gradient.
  struct Collected {
    std::vector<Updated> updated;
    std::vector<Entry> entries;  ///< as many, or none
  };
  struct Running {
    explicit Running(bool& flag) : flag_(flag) { flag = true; }
    ~Running() { flag_ = false; }
    bool& flag_;
  };

  static void check_rate(const Formula& formula, nb::handle rate) {
    const bool is_number = is_tensor(rate.ptr()) && tensor_of(rate.ptr()).dtype() == kFloat64 &&
                           tensor_of(rate.ptr()).dim() == 0;
    if (formula.is_capturable() && (!is_number || formula.counts_steps())) {
      fail_type(
          "a formula that takes its rate as a tensor counts no steps, and the rate is a 0-d "
          "float64 tensor");
    }
  }

  static Collected collect(const Formula& formula, double learning_rate, const Keys& keys,
                           nb::handle parameters, nb::handle state, nb::handle gradients) {
    Collected all;
    const Items items(parameters.ptr());
    const std::vector<Tensor> given =
        gradients.is_none() ? std::vector<Tensor>() : to_tensors(gradients.ptr(), "gradients");
    if (!gradients.is_none() && given.size() != items.all().size()) {
      fail_type("%zu gradients for %zu parameters", given.size(), items.all().size());
    }
    all.updated.reserve(items.all().size());
    for (size_t i = 0; i < items.all().size(); ++i) {
      PyObject* const parameter = items.all()[i];
      if (!is_tensor(parameter)) {
        fail_type("optimizers step tensors, not %s", Py_TYPE(parameter)->tp_name);
      }
      Updated updated{.parameter = tensor_of(parameter)};
      updated.gradient = gradients.is_none() ? updated.parameter.grad() : given[i];
      if (!updated.gradient.defined()) continue;
      if (keys.any()) {
        all.entries.emplace_back(state, parameter);
        read(formula, learning_rate, keys, all.entries.back(), updated);
      }
      all.updated.push_back(std::move(updated));
    }
    return all;
  }

  static void read(const Formula& formula, double learning_rate, const Keys& keys,
                   const Entry& entry, Updated& updated) {
    for (size_t i = 0; i < keys.states.size(); ++i) {
      const nb::handle found = entry.find(keys.states[i].ptr());
      if (!found) continue;
      if (!is_tensor(found.ptr())) {
        fail_type("the state '%U' of a parameter is a tensor, not %s", keys.states[i].ptr(),
                  Py_TYPE(found.ptr())->tp_name);
      }
      updated.states[i] = tensor_of(found.ptr());
      updated.step = 1;  // of formulas that don't count
    }
    for (const nb::object& key : keys.step) {
      const nb::handle found = entry.find(key.ptr());
      updated.step = found ? static_cast<int64_t>(number_of(found, "step")) : 0;
    }
    for (size_t i = 0; i < keys.numbers.size(); ++i) {
      const nb::handle found = entry.find(keys.numbers[i].ptr());
      updated.numbers[i] = found ? number_of(found, "a number of the state")
                                 : formula.initial_number(i, learning_rate);
    }
  }

  static void write_back(const Keys& keys, const Collected& all) {
    for (size_t e = 0; e < all.entries.size(); ++e) {
      const Entry& entry = all.entries[e];
      const Updated& updated = all.updated[e];
      for (const nb::object& key : keys.step) {
        entry.set_number(key.ptr(), static_cast<double>(updated.step));
      }
      for (size_t i = 0; i < keys.numbers.size(); ++i) {
        entry.set_number(keys.numbers[i].ptr(), updated.numbers[i]);
      }
      for (size_t i = 0; i < keys.states.size(); ++i) {
        if (!entry.find(keys.states[i].ptr())) entry.set(keys.states[i].ptr(), updated.states[i]);
      }
    }
  }

  Updater updater_;
  bool running_ = false;
};

template <class Options>
HeldFormula held(const Options& options) {
  return {formula_of(options)};
}

/// Options in the order of the arguments.
void add_formulas(nb::module_& module) {
  module.def("sgd", [](double momentum, double dampening, double weight_decay, bool nesterov,
                       bool maximize) {
    return held(SGDOptions{.momentum = momentum,
                           .dampening = dampening,
                           .weight_decay = weight_decay,
                           .nesterov = nesterov,
                           .maximize = maximize});
  });
  module.def(
      "adam",
      [](double beta1, double beta2, double eps, double weight_decay, bool amsgrad, bool maximize,
         bool decoupled, bool bias_correction, bool capturable) {
        if (decoupled) {
          return held(AdamWOptions{.beta1 = beta1,
                                   .beta2 = beta2,
                                   .eps = eps,
                                   .weight_decay = weight_decay,
                                   .amsgrad = amsgrad,
                                   .maximize = maximize});
        }
        return held(AdamOptions{.beta1 = beta1,
                                .beta2 = beta2,
                                .eps = eps,
                                .weight_decay = weight_decay,
                                .amsgrad = amsgrad,
                                .maximize = maximize,
                                .bias_correction = bias_correction,
                                .capturable = capturable});
      },
      nb::arg("beta1"), nb::arg("beta2"), nb::arg("eps"), nb::arg("weight_decay"),
      nb::arg("amsgrad"), nb::arg("maximize"), nb::arg("decoupled"),
      nb::arg("bias_correction") = true, nb::arg("capturable") = false);
  module.def("rmsprop", [](double alpha, double eps, double weight_decay, double momentum,
                           bool centered, bool maximize) {
    return held(RMSpropOptions{.alpha = alpha,
                               .eps = eps,
                               .weight_decay = weight_decay,
                               .momentum = momentum,
                               .centered = centered,
                               .maximize = maximize});
  });
  module.def("adagrad",
             [](double decay, double weight_decay, double initial, double eps, bool maximize) {
               return held(AdagradOptions{.learning_rate_decay = decay,
                                          .weight_decay = weight_decay,
                                          .initial_accumulator_value = initial,
                                          .eps = eps,
                                          .maximize = maximize});
             });
  module.def("adadelta", [](double rho, double eps, double weight_decay, bool maximize) {
    return held(AdadeltaOptions{
        .rho = rho, .eps = eps, .weight_decay = weight_decay, .maximize = maximize});
  });
  module.def("adamax",
             [](double beta1, double beta2, double eps, double weight_decay, bool maximize) {
               return held(AdamaxOptions{.beta1 = beta1,
                                         .beta2 = beta2,
                                         .eps = eps,
                                         .weight_decay = weight_decay,
                                         .maximize = maximize});
             });
}

void add_more_formulas(nb::module_& module) {
  module.def("nadam", [](double beta1, double beta2, double eps, double weight_decay,
                         double momentum_decay, bool decoupled, bool maximize) {
    return held(NAdamOptions{.beta1 = beta1,
                             .beta2 = beta2,
                             .eps = eps,
                             .weight_decay = weight_decay,
                             .momentum_decay = momentum_decay,
                             .decoupled_weight_decay = decoupled,
                             .maximize = maximize});
  });
  module.def("radam", [](double beta1, double beta2, double eps, double weight_decay,
                         bool decoupled, bool maximize) {
    return held(RAdamOptions{.beta1 = beta1,
                             .beta2 = beta2,
                             .eps = eps,
                             .weight_decay = weight_decay,
                             .decoupled_weight_decay = decoupled,
                             .maximize = maximize});
  });
  module.def("rprop",
             [](double minus, double plus, double smallest, double largest, bool maximize) {
               return held(RpropOptions{.eta_minus = minus,
                                        .eta_plus = plus,
                                        .smallest_step = smallest,
                                        .largest_step = largest,
                                        .maximize = maximize});
             });
  module.def("asgd", [](double lambd, double alpha, double t0, double weight_decay, bool maximize) {
    return held(ASGDOptions{.lambd = lambd,
                            .alpha = alpha,
                            .t0 = t0,
                            .weight_decay = weight_decay,
                            .maximize = maximize});
  });
}

}  // namespace

void add_optim_functions(nb::module_& module) {
  nb::module_ optim = module.def_submodule("_optim");
  nb::class_<HeldFormula>(optim, "Formula");
  nb::class_<GroupUpdater>(optim, "Updater")
      .def(nb::init<>())
      .def("step", &GroupUpdater::step, nb::arg("formula"), nb::arg("learning_rate"),
           nb::arg("parameters"), nb::arg("state"), nb::arg("gradients") = nb::none());
  optim.def(
      "unscale",
      [](const std::vector<Tensor>& parameters, double scale) {
        std::vector<Tensor> gradients;
        for (const Tensor& parameter : parameters) gradients.push_back(parameter.grad());
        return unscale(gradients, scale);
      },
      nb::arg("parameters"), nb::arg("scale"));
  add_formulas(optim);
  add_more_formulas(optim);
}

}  // namespace tenon::python
