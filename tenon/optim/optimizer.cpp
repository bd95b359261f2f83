#include "tenon/optim/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tenon/base/error.h"
#include "tenon/dispatch/deferral.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/optim/updater.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

Tensor number(double value) { return full({}, value, kFloat64); }
Tensor number(int64_t value) { return full({}, value, kInt64); }

/// A 0-d tensor that a compiled function doesn't make anew in each call.
Tensor lasting(double value, Device device) {
  const NotDeferred at_once;
  return full({}, value, kFloat64, device);
}

}  // namespace

struct Optimizer::Implementation {
  struct Group {
    std::vector<Tensor> parameters;
    double learning_rate;
    double initial_learning_rate;
    std::unique_ptr<const Formula> formula;
    std::vector<Updated> updated;  ///< as many as parameters
    /// Of a capturable formula, one a parameter: the number of its steps, shared with those that
    /// have always stepped together with it; null before the first.
    std::vector<std::shared_ptr<Tensor>> clocks;
    std::unique_ptr<Tensor> rate = {};  ///< of a capturable formula, once it is needed
    Updater updater = {};

    int64_t steps_of(size_t i) const {
      return clocks[i] ? static_cast<int64_t>(clocks[i]->item<double>()) : updated[i].step;
    }
    bool has_clock_that_runs(size_t i) const {
      return formula->is_capturable() && parameters[i].device() != kMeta &&
             parameters[i].grad().defined();
    }
    void set_step(size_t i, int64_t step, std::unordered_map<const Tensor*, int64_t>& set);
    void point_at_clocks();
  };

  std::vector<Group> groups;
  std::vector<tile::Launch> launches;  // of the running step

  void advance();
  void set_rate(size_t group, double rate);
};

Optimizer::Optimizer() : implementation_(std::make_unique<Implementation>()) {}
Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;

void Optimizer::add_group(std::string_view optimizer, std::vector<Tensor> parameters,
                          double learning_rate, std::unique_ptr<const Formula> formula) {
  if (parameters.empty()) {
    fail<ValueError>(optimizer,
                     "expected at least one parameter, got an empty list; "
                     "has the model registered its layers with child()?");
  }
  if (!(learning_rate >= 0)) {
    fail<ValueError>(optimizer,
                     fmt::format("expected a learning rate >= 0, got {}", learning_rate));
  }
  std::unordered_set<const TensorImpl*> seen;
  for (const Tensor& parameter : this->parameters()) seen.insert(parameter.impl());
  for (const Tensor& parameter : parameters) {
    if (!parameter.defined() || !parameter.is_floating_point()) {
      fail<DTypeError>(optimizer,
                       fmt::format("expected floating parameters, got {}",
                                   parameter.defined() ? name_of(parameter.dtype()) : "undefined"));
    }
    if (!parameter.is_leaf()) {
      fail<ValueError>(optimizer,
                       fmt::format("expected tensors that keep a gradient of their own, got the "
                                   "result of an op, of shape {}; detach() it and call "
                                   "requires_grad_() on that",
                                   to_string(parameter.sizes())));
    }
    if (!seen.insert(parameter.impl()).second) {
      fail<ValueError>(optimizer, fmt::format("a parameter of shape {} is in the list twice",
                                              to_string(parameter.sizes())));
    }
  }
  Implementation::Group group{std::move(parameters), learning_rate, learning_rate,
                              std::move(formula)};
  for (const Tensor& parameter : group.parameters)
    group.updated.push_back({.parameter = parameter});
  group.clocks.resize(group.parameters.size());
  implementation_->groups.push_back(std::move(group));
}

void Optimizer::zero_grad() {
  for (Implementation::Group& group : implementation_->groups) {
    for (Tensor& parameter : group.parameters) parameter.set_grad({});
  }
}

/// Counts the step of all parameters of capturable groups that have a gradient.
void Optimizer::Implementation::advance() {
  std::shared_ptr<Tensor> fresh;
  std::vector<std::pair<std::shared_ptr<Tensor>, std::shared_ptr<Tensor>>> running;
  for (Group& group : groups) {
    for (size_t i = 0; i < group.parameters.size(); ++i) {
      if (!group.has_clock_that_runs(i)) continue;
      std::shared_ptr<Tensor>& clock = group.clocks[i];
      if (!clock) {
        if (!fresh) fresh = std::make_shared<Tensor>(lasting(0, group.parameters[i].device()));
        clock = fresh;
      }
      const bool known = std::any_of(running.begin(), running.end(),
                                     [&](const auto& other) { return other.first == clock; });
      if (!known) running.emplace_back(clock, nullptr);
    }
  }
  for (Group& group : groups) {
    for (size_t i = 0; i < group.parameters.size(); ++i) {
      std::shared_ptr<Tensor>& own = group.clocks[i];
      if (!own || group.has_clock_that_runs(i)) continue;
      for (auto& [clock, behind] : running) {
        if (own != clock) continue;
        if (!behind) behind = std::make_shared<Tensor>(clock->clone());
        own = behind;
        break;
      }
    }
  }
  for (const auto& [clock, behind] : running) clock->add_(1.0);
}

void Optimizer::Implementation::Group::point_at_clocks() {
  if (!formula->is_capturable()) return;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!clocks[i]) continue;
    if (!rate) rate = std::make_unique<Tensor>(lasting(learning_rate, parameters[i].device()));
    updated[i].rate = rate.get();
    updated[i].clock = clocks[i].get();
    make_counted(*formula, learning_rate, updated[i]);
  }
}

void Optimizer::step() {
  Implementation& implementation = *implementation_;
  const NoGrad no_grad;
  for (Implementation::Group& group : implementation.groups) {
    for (Updated& updated : group.updated) {
      updated.gradient = updated.parameter.grad();
      if (updated.gradient.defined()) check_update(*group.formula, updated);
    }
  }
  implementation.advance();
  implementation.launches.clear();
  for (Implementation::Group& group : implementation.groups) {
    group.point_at_clocks();
    group.updater.ready(*group.formula, group.learning_rate, group.updated,
                        implementation.launches);
  }
  Updater::run(implementation.launches, implementation.groups[0].parameters[0].device());
  for (Implementation::Group& group : implementation.groups) {
    Updater::move_on(*group.formula, group.updated);
    for (Updated& updated : group.updated) updated.gradient = {};
  }
}

size_t Optimizer::group_count() const { return implementation_->groups.size(); }

const std::vector<Tensor>& Optimizer::parameters(size_t group) const {
  return implementation_->groups.at(group).parameters;
}

std::vector<Tensor> Optimizer::parameters() const {
  std::vector<Tensor> all;
  for (const Implementation::Group& group : implementation_->groups) {
    all.insert(all.end(), group.parameters.begin(), group.parameters.end());
  }
  return all;
}

double Optimizer::learning_rate(size_t group) const {
  return implementation_->groups.at(group).learning_rate;
}

double Optimizer::initial_learning_rate(size_t group) const {
  return implementation_->groups.at(group).initial_learning_rate;
}

void Optimizer::set_learning_rate(double learning_rate) {
  for (size_t i = 0; i < group_count(); ++i) set_learning_rate(i, learning_rate);
}

void Optimizer::set_learning_rate(size_t group, double learning_rate) {
  if (!(learning_rate >= 0)) {
    fail<ValueError>("set_learning_rate",
                     fmt::format("expected a learning rate >= 0, got {}", learning_rate));
  }
  implementation_->set_rate(group, learning_rate);
}

void Optimizer::Implementation::set_rate(size_t group, double rate) {
  groups.at(group).learning_rate = rate;
  const NoGrad no_grad;
  if (groups[group].rate) groups[group].rate->fill_(rate);
}

/// `set`: what clocks were set to already. They are written in place, as programs of compiled
/// functions may hold them.
void Optimizer::Implementation::Group::set_step(size_t i, int64_t step,
                                                std::unordered_map<const Tensor*, int64_t>& set) {
  updated[i].step = step;
  if (!formula->is_capturable()) return;
  const auto value = static_cast<double>(step);
  std::shared_ptr<Tensor>& clock = clocks[i];
  if (clock && set.emplace(clock.get(), step).second) {
    clock->fill_(value);
  } else if (!clock || set.at(clock.get()) != step) {
    clock = std::make_shared<Tensor>(lasting(value, parameters[i].device()));
  }
}

StateDict Optimizer::state_dict() const {
  const NoGrad no_grad;
  StateDict state;
  for (size_t i = 0; i < group_count(); ++i) {
    const std::string name = fmt::format("group.{}.", i);
    state.add(name + "learning_rate", number(learning_rate(i)));
    state.add(name + "initial_learning_rate", number(initial_learning_rate(i)));
  }
  size_t place = 0;
  for (const Implementation::Group& group : implementation_->groups) {
    const Formula& formula = *group.formula;
    for (size_t i = 0; i < group.updated.size(); ++i) {
      const std::string name = fmt::format("parameter.{}.", place++);
      Updated updated = group.updated[i];
      make_states(formula, group.initial_learning_rate, updated);
      state.add(name + "step", number(group.steps_of(i)));
      const auto states = formula.state_names(), numbers = formula.number_names();
      for (size_t s = 0; s < states.size(); ++s) {
        const Tensor& kept = updated.states[s];
        const bool is_new = !group.updated[i].states[s].defined();
        state.add(name + std::string(states[s]), is_new ? kept : kept.clone());
      }
      for (size_t n = 0; n < numbers.size(); ++n) {
        const Tensor& counted = updated.counted[n];
        const double kept = counted.defined() ? counted.item<double>() : updated.numbers[n];
        state.add(name + std::string(numbers[n]), number(kept));
      }
    }
  }
  return state;
}

void Optimizer::load_state_dict(const StateDict& state) {
  const NoGrad no_grad;
  const StateDict own = state_dict();
  std::vector<std::string> missing, unexpected, wrong;
  for (const auto& [name, tensor] : own) {
    const Tensor* value = state.find(name);
    if (!value) {
      missing.push_back(name);
    } else if (value->sizes() != tensor.sizes()) {
      wrong.push_back(fmt::format("'{}' is {} here, {} in the state", name,
                                  to_string(tensor.sizes()), to_string(value->sizes())));
    }
  }
  for (const auto& [name, value] : state) {
    if (!own.contains(name)) unexpected.push_back(name);
  }
  if (!missing.empty() || !unexpected.empty()) {
    fail<ValueError>(
        "Optimizer::load_state_dict",
        fmt::format("missing: {}; unexpected: {}; nothing was loaded; is it the state "
                    "of the same optimizer and model?",
                    missing.empty() ? "none" : fmt::format("{}", fmt::join(missing, ", ")),
                    unexpected.empty() ? "none" : fmt::format("{}", fmt::join(unexpected, ", "))));
  }
  if (!wrong.empty()) {
    fail<ShapeError>("Optimizer::load_state_dict",
                     fmt::format("{}; nothing was loaded", fmt::join(wrong, ", ")));
  }
  for (size_t i = 0; i < group_count(); ++i) {
    const std::string name = fmt::format("group.{}.", i);
    Implementation::Group& group = implementation_->groups[i];
    implementation_->set_rate(i, state.at(name + "learning_rate").item<double>());
    group.initial_learning_rate = state.at(name + "initial_learning_rate").item<double>();
  }
  std::unordered_map<const Tensor*, int64_t> set;
  size_t place = 0;
  for (Implementation::Group& group : implementation_->groups) {
    const auto states = group.formula->state_names(), numbers = group.formula->number_names();
    for (size_t i = 0; i < group.updated.size(); ++i) {
      const std::string name = fmt::format("parameter.{}.", place++);
      Updated& updated = group.updated[i];
      make_states(*group.formula, group.learning_rate, updated);
      group.set_step(i, state.at(name + "step").item<int64_t>(), set);
      for (size_t s = 0; s < states.size(); ++s) {
        updated.states[s].copy_(state.at(name + std::string(states[s])));
      }
      for (size_t n = 0; n < numbers.size(); ++n) {
        updated.numbers[n] = state.at(name + std::string(numbers[n])).item<double>();
        make_counted(*group.formula, group.learning_rate, updated);
        if (updated.counted[n].defined()) updated.counted[n].fill_(updated.numbers[n]);
      }
    }
  }
}

}  // namespace tenon::optim
