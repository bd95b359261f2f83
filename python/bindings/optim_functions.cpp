// Steps of optimizers, whose groups and states are Python's own dicts: users may change them.

#include <algorithm>
#include <array>
#include <deque>
#include <string>

#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "python/bindings/gil.h"
#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
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

/// A 0-d tensor, float64 where that is the default, else float32: what PyTorch keeps numbers of
/// the state as.
Tensor tensor_of_number(double value, Device device = kCpu) {
  const NotDeferred at_once;
  return full({}, value, default_dtype() == kFloat64 ? kFloat64 : kFloat32, device);
}

double number_of(nb::handle object, const char* name) {
  if (!is_tensor(object.ptr())) return to_float(object.ptr(), name);
  return tensor_of(object.ptr()).item().to_double();
}

/// A tensor of one floating number, 0-d.
Tensor as_number(const Tensor& tensor, const char* name) {
  if (tensor.numel() != 1 || !tensor.is_floating_point()) {
    fail_type(
        "a capturable step reads %s from a floating tensor of one element, not from %s of %zd",
        name, std::string(name_of(tensor.dtype())).c_str(),
        static_cast<Py_ssize_t>(tensor.numel()));
  }
  return tensor.dim() == 0 ? tensor.detach() : tensor.detach().reshape({});
}

/// Borrowed; null where there is none, or None.
PyObject* find(PyObject* dict, PyObject* name) {
  PyObject* const found = PyDict_GetItemWithError(dict, name);
  if (!found && PyErr_Occurred()) throw PythonError();
  return found == Py_None ? nullptr : found;
}

nb::object item_of(PyObject* dict, PyObject* name) {
  PyObject* const found = PyDict_GetItemWithError(dict, name);
  if (!found && !PyErr_Occurred()) PyErr_SetObject(PyExc_KeyError, name);
  if (!found) throw PythonError();
  return nb::borrow(found);
}

/// Names of what a formula keeps of each parameter, as Python's.
class Keys {
 public:
  using Names = std::span<const std::string_view>;

  std::vector<nb::object> step, numbers, states;

  bool any() const { return !step.empty() || !numbers.empty() || !states.empty(); }
  /// Makes them anew for formulas of another kind.
  void fit(const Formula& formula) {
    const Names number_names = formula.number_names(), state_names = formula.state_names();
    if (is_fit_ && step.size() == (formula.counts_steps() ? 1u : 0u) &&
        is_same(number_names, number_names_) && is_same(state_names, state_names_)) {
      return;
    }
    is_fit_ = false;
    step = keys_of({&kStepName, formula.counts_steps() ? 1u : 0u});
    numbers = keys_of(number_names_ = number_names);
    states = keys_of(state_names_ = state_names);
    is_fit_ = true;
  }

 private:
  static constexpr std::string_view kStepName = "step";

  static bool is_same(Names a, Names b) { return a.data() == b.data() && a.size() == b.size(); }
  static std::vector<nb::object> keys_of(Names names) {
    std::vector<nb::object> keys;
    for (const std::string_view name : names) {
      PyObject* const key = PyUnicode_InternFromString(std::string(name).c_str());
      if (!key) throw PythonError();
      keys.push_back(nb::steal(key));
    }
    return keys;
  }

  bool is_fit_ = false;
  Names number_names_, state_names_;
};

/// The state of one parameter while it steps.
class Entry {
 public:
  Entry(nb::handle state, nb::handle parameter) : dict_(state[parameter]) {
    if (!PyDict_Check(dict_.ptr())) {
      fail_type("the state of a parameter is a dict, not %s", Py_TYPE(dict_.ptr())->tp_name);
    }
  }

  void read(const Formula& formula, double learning_rate, const Keys& keys, Updated& updated) {
    for (size_t i = 0; i < keys.states.size(); ++i) {
      PyObject* const found = find(dict_.ptr(), keys.states[i].ptr());
      has_state_[i] = found;
      if (!found) continue;
      if (!is_tensor(found)) {
        fail_type("the state '%U' of a parameter is a tensor, not %s", keys.states[i].ptr(),
                  Py_TYPE(found)->tp_name);
      }
      updated.states[i] = tensor_of(found);
      updated.step = 1;  // of formulas that don't count
    }
    if (formula.is_capturable()) return;
    for (const nb::object& key : keys.step) {
      step_ = nb::borrow(find(dict_.ptr(), key.ptr()));
      updated.step = step_ ? static_cast<int64_t>(number_of(step_, "step")) : 0;
    }
    for (size_t i = 0; i < keys.numbers.size(); ++i) {
      numbers_[i] = nb::borrow(find(dict_.ptr(), keys.numbers[i].ptr()));
      updated.numbers[i] = numbers_[i] ? number_of(numbers_[i], "a number of the state")
                                       : formula.initial_number(i, learning_rate);
    }
  }

  /// A number that is kept as a tensor, which is made of `initial` where there is none.
  Tensor counted(nb::handle name, double initial, Device device) const {
    PyObject* const found = find(dict_.ptr(), name.ptr());
    if (!found || !is_tensor(found)) {
      set(name,
          tensor_of_number(found ? to_float(found, "a number of the state") : initial, device));
    }
    return as_number(tensor_of(find(dict_.ptr(), name.ptr())), "a number of the state");
  }

  void write(const Formula& formula, const Keys& keys, const Updated& updated) const {
    if (!formula.is_capturable()) {
      for (const nb::object& key : keys.step) {
        write_number(key, step_, static_cast<double>(updated.step));
      }
      for (size_t i = 0; i < keys.numbers.size(); ++i) {
        write_number(keys.numbers[i], numbers_[i], updated.numbers[i]);
      }
    }
    for (size_t i = 0; i < keys.states.size(); ++i) {
      if (!has_state_[i]) set(keys.states[i], updated.states[i]);
    }
  }

 private:
  void set(nb::handle name, const Tensor& tensor) const {
    const nb::object value = nb::cast(tensor);
    if (PyDict_SetItem(dict_.ptr(), name.ptr(), value.ptr()) != 0) throw PythonError();
  }
  /// Into the tensor that was there, or a new one.
  void write_number(nb::handle name, nb::handle found, double value) const {
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

  nb::object dict_;
  // What was found in it; null: nothing.
  nb::object step_;
  std::array<nb::object, Formula::kMostNumbers> numbers_;
  std::array<bool, Formula::kMostStates> has_state_ = {};
};

/// Steps of one group of parameters.
class GroupUpdater {
 public:
  /// The learning rate is a number or a tensor of one, and a tensor of capturable formulas.
  /// Gradients are the parameters' own where none are given.
  void step(const HeldFormula& held, nb::handle rate, nb::handle parameters, nb::handle state,
            nb::handle gradients) {
    const Formula& formula = *held.formula;
    const Tensor rate_tensor = formula.is_capturable() ? rate_of(rate) : Tensor();
    const bool needs_number = !formula.is_capturable() || formula.starts_from_rate();
    const double learning_rate = needs_number ? number_of(rate, "a learning rate") : 0;
    if (running_) fail<ValueError>("Optimizer::step", "another thread is at the same step");
    const Running running(running_);
    keys_.fit(formula);
    Collected all = collect(formula, learning_rate, parameters, state, gradients);
    if (all.updated.empty()) return;
    if (formula.is_capturable()) count(formula, learning_rate, rate_tensor, all);
    {
      const ReleaseGil released;
      updater_.run(formula, learning_rate, all.updated);
    }
    for (size_t e = 0; e < all.entries.size(); ++e) {
      all.entries[e].write(formula, keys_, all.updated[e]);
    }
  }

 private:
  /// The parameters that have a gradient.
  struct Collected {
    std::vector<Updated> updated;
    std::vector<Entry> entries;  ///< as many, or none
    std::vector<Tensor> clocks;  ///< of capturable formulas that count: as many
  };
  struct Running {
    explicit Running(bool& flag) : flag_(flag) { flag = true; }
    ~Running() { flag_ = false; }
    bool& flag_;
  };

  static Tensor rate_of(nb::handle rate) {
    if (!is_tensor(rate.ptr())) {
      fail_type("a capturable step takes its learning rate as a tensor, not %s",
                Py_TYPE(rate.ptr())->tp_name);
    }
    return as_number(tensor_of(rate.ptr()), "its learning rate");
  }

  /// Counts the step of each parameter, in the tensors of its state.
  void count(const Formula& formula, double learning_rate, const Tensor& rate,
             Collected& all) const {
    for (const Updated& updated : all.updated) check_update(formula, updated);
    const NoGrad no_grad;
    all.clocks.reserve(all.updated.size());
    for (size_t e = 0; e < all.updated.size(); ++e) {
      Updated& updated = all.updated[e];
      const Device device = updated.parameter.device();
      updated.rate = &rate;
      for (size_t i = 0; i < keys_.numbers.size(); ++i) {
        const double initial = formula.initial_number(i, learning_rate);
        updated.counted[i] = all.entries[e].counted(keys_.numbers[i].ptr(), initial, device);
      }
      for (const nb::object& key : keys_.step) {
        all.clocks.push_back(all.entries[e].counted(key.ptr(), 0, device));
        all.clocks.back().add_(1.0);
        updated.clock = &all.clocks.back();
      }
    }
  }

  Collected collect(const Formula& formula, double learning_rate, nb::handle parameters,
                    nb::handle state, nb::handle gradients) const {
    Collected all;
    const Items items(parameters.ptr());
    const std::vector<Tensor> given =
        gradients.is_none() ? std::vector<Tensor>() : to_tensors(gradients.ptr(), "gradients");
    if (!gradients.is_none() && given.size() != items.all().size()) {
      fail_type("%zu gradients for %zu parameters", given.size(), items.all().size());
    }
    all.updated.reserve(items.all().size());
    if (keys_.any()) all.entries.reserve(items.all().size());
    for (size_t i = 0; i < items.all().size(); ++i) {
      PyObject* const parameter = items.all()[i];
      if (!is_tensor(parameter)) {
        fail_type("optimizers step tensors, not %s", Py_TYPE(parameter)->tp_name);
      }
      Updated updated{.parameter = tensor_of(parameter)};
      updated.gradient = gradients.is_none() ? updated.parameter.grad() : given[i];
      if (!updated.gradient.defined()) continue;
      if (keys_.any()) {
        all.entries.emplace_back(state, parameter).read(formula, learning_rate, keys_, updated);
      }
      all.updated.push_back(std::move(updated));
    }
    return all;
  }

  Updater updater_;
  Keys keys_;
  bool running_ = false;
};

/// The formula of a group's options, kept until one of them is another object.
class GroupFormula {
 public:
  /// `make(group)` gives the formula, which depends on nothing else.
  nb::object of(PyObject* group, nb::handle make) {
    if (!is_made_of(group)) {
      formula_.reset();
      nb::object made = make(nb::handle(group));
      if (!nb::isinstance<HeldFormula>(made)) {
        fail_type("expected a formula of a group's options, not %s", Py_TYPE(made.ptr())->tp_name);
      }
      keep_options(group);
      formula_ = std::move(made);
    }
    return formula_;
  }

 private:
  /// Nothing can change it, so that the same object is the same value.
  static bool is_constant(PyObject* value) {
    if (PyTuple_CheckExact(value)) {
      for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value); ++i) {
        if (!is_constant(PyTuple_GET_ITEM(value, i))) return false;
      }
      return true;
    }
    return value == Py_None || PyBool_Check(value) || PyFloat_CheckExact(value) ||
           PyLong_CheckExact(value) || PyUnicode_CheckExact(value);
  }
  /// What a group has beside the options of its formula.
  static bool is_option(PyObject* name) {
    static PyObject* const kOthers[] = {PyUnicode_InternFromString("params"),
                                        PyUnicode_InternFromString("param_names"),
                                        PyUnicode_InternFromString("lr")};
    return std::ranges::find(kOthers, name) == std::end(kOthers);
  }

  bool is_made_of(PyObject* group) const {
    if (!formula_ || !are_constant_) return false;
    Py_ssize_t position = 0;
    size_t i = 0;
    for (PyObject *name, *value; PyDict_Next(group, &position, &name, &value);) {
      if (!is_option(name)) continue;
      if (i == options_.size() || options_[i].first.ptr() != name ||
          options_[i].second.ptr() != value) {
        return false;
      }
      ++i;
    }
    return i == options_.size();
  }
  void keep_options(PyObject* group) {
    options_.clear();
    are_constant_ = true;
    Py_ssize_t position = 0;
    for (PyObject *name, *value; PyDict_Next(group, &position, &name, &value);) {
      if (!is_option(name)) continue;
      are_constant_ = are_constant_ && is_constant(value);
      if (are_constant_) options_.emplace_back(nb::borrow(name), nb::borrow(value));
    }
  }

  nb::object formula_;
  std::vector<std::pair<nb::object, nb::object>> options_;  ///< in the group's order
  bool are_constant_ = false;
};

/// The steps of an optimizer, over all of its groups.
class Steps {
 public:
  Steps() = default;
  Steps(const Steps&) = delete;

  /// `groups` are dicts of "params", "lr", and the options that `make_formula(group)` reads.
  /// `rate_of(group)` gives the tensor that capturable formulas read in place of "lr".
  void run(nb::handle make_formula, nb::handle rate_of, nb::handle groups, nb::handle state) {
    static PyObject* const params = PyUnicode_InternFromString("params");
    static PyObject* const lr = PyUnicode_InternFromString("lr");
    const Items items(groups.ptr());
    for (size_t i = 0; i < items.all().size(); ++i) {
      PyObject* const group = items.all()[i];
      if (!PyDict_Check(group)) {
        fail_type("a group of parameters is a dict, not %s", Py_TYPE(group)->tp_name);
      }
      if (i == groups_.size()) groups_.emplace_back();
      Group& own = groups_[i];
      const nb::object formula = own.formula.of(group, make_formula);
      const HeldFormula& held = *nb::inst_ptr<HeldFormula>(formula);
      const nb::object rate = held.formula->is_capturable() ? nb::object(rate_of(nb::handle(group)))
                                                            : item_of(group, lr);
      own.updater.step(held, rate, item_of(group, params), state, nb::none());
    }
  }

 private:
  struct Group {
    GroupFormula formula;
    GroupUpdater updater;
  };
  std::deque<Group> groups_;  ///< which stay where they are when there come more
};

template <class Options>
HeldFormula held(const Options& options) {
  return {formula_of(options)};
}

/// Options in the order of the arguments.
void add_formulas(nb::module_& module) {
  module.def("sgd", [](double momentum, double dampening, double weight_decay, bool nesterov,
                       bool maximize, bool capturable) {
    return held(SGDOptions{.momentum = momentum,
                           .dampening = dampening,
                           .weight_decay = weight_decay,
                           .nesterov = nesterov,
                           .maximize = maximize,
                           .capturable = capturable});
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
                                   .maximize = maximize,
                                   .capturable = capturable});
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
                           bool centered, bool maximize, bool capturable) {
    return held(RMSpropOptions{.alpha = alpha,
                               .eps = eps,
                               .weight_decay = weight_decay,
                               .momentum = momentum,
                               .centered = centered,
                               .maximize = maximize,
                               .capturable = capturable});
  });
  module.def("adagrad", [](double decay, double weight_decay, double initial, double eps,
                           bool maximize, bool capturable) {
    return held(AdagradOptions{.learning_rate_decay = decay,
                               .weight_decay = weight_decay,
                               .initial_accumulator_value = initial,
                               .eps = eps,
                               .maximize = maximize,
                               .capturable = capturable});
  });
  module.def("adadelta",
             [](double rho, double eps, double weight_decay, bool maximize, bool capturable) {
               return held(AdadeltaOptions{.rho = rho,
                                           .eps = eps,
                                           .weight_decay = weight_decay,
                                           .maximize = maximize,
                                           .capturable = capturable});
             });
  module.def("adamax", [](double beta1, double beta2, double eps, double weight_decay,
                          bool maximize, bool capturable) {
    return held(AdamaxOptions{.beta1 = beta1,
                              .beta2 = beta2,
                              .eps = eps,
                              .weight_decay = weight_decay,
                              .maximize = maximize,
                              .capturable = capturable});
  });
}

void add_more_formulas(nb::module_& module) {
  module.def("nadam", [](double beta1, double beta2, double eps, double weight_decay,
                         double momentum_decay, bool decoupled, bool maximize, bool capturable) {
    return held(NAdamOptions{.beta1 = beta1,
                             .beta2 = beta2,
                             .eps = eps,
                             .weight_decay = weight_decay,
                             .momentum_decay = momentum_decay,
                             .decoupled_weight_decay = decoupled,
                             .maximize = maximize,
                             .capturable = capturable});
  });
  module.def("radam", [](double beta1, double beta2, double eps, double weight_decay,
                         bool decoupled, bool maximize, bool capturable) {
    return held(RAdamOptions{.beta1 = beta1,
                             .beta2 = beta2,
                             .eps = eps,
                             .weight_decay = weight_decay,
                             .decoupled_weight_decay = decoupled,
                             .maximize = maximize,
                             .capturable = capturable});
  });
  module.def("rprop", [](double minus, double plus, double smallest, double largest, bool maximize,
                         bool capturable) {
    return held(RpropOptions{.eta_minus = minus,
                             .eta_plus = plus,
                             .smallest_step = smallest,
                             .largest_step = largest,
                             .maximize = maximize,
                             .capturable = capturable});
  });
  module.def("asgd", [](double lambd, double alpha, double t0, double weight_decay, bool maximize,
                        bool capturable) {
    return held(ASGDOptions{.lambd = lambd,
                            .alpha = alpha,
                            .t0 = t0,
                            .weight_decay = weight_decay,
                            .maximize = maximize,
                            .capturable = capturable});
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
  nb::class_<Steps>(optim, "Steps").def(nb::init<>()).def("run", &Steps::run);
  optim.def(
      "unscale",
      [](const std::vector<Tensor>& parameters, double scale) {
        std::vector<Tensor> gradients;
        for (const Tensor& parameter : parameters) gradients.push_back(parameter.grad());
        return unscale(gradients, scale);
      },
      nb::arg("parameters"), nb::arg("scale"));
  // The learning rate of these as a tensor that pure compiled functions may keep.
  optim.def(
      "rate",
      [](double value, const std::vector<Tensor>& parameters) {
        const NotDeferred at_once;
        return full({}, value, kFloat64, parameters.empty() ? kCpu : parameters[0].device());
      },
      nb::arg("value"), nb::arg("parameters"));
  add_formulas(optim);
  add_more_formulas(optim);
}

}  // namespace tenon::python
