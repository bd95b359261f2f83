#include "tenon/optim/optimizer.h"

#include <fmt/format.h>

#include <unordered_set>

#include "tenon/base/error.h"
#include "tenon/dispatch/backend.h"
#include "tenon/dispatch/deferral.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/tile_call.h"
#include "tenon/ops/functions.h"
#include "tenon/tile/builder.h"

namespace tenon::optim {
namespace {

constexpr int kOperands = 6;  // the parameter, the gradient and at most four states

Tensor number(double value) { return full({}, value, kFloat64); }
Tensor number(int64_t value) { return full({}, value, kInt64); }

}  // namespace

struct Optimizer::Implementation {
  /// A parameter, what is kept for it, and the launch that updates it. The launch is set up once;
  /// a step writes its scalars, and its pointers where they changed.
  struct Slot {
    Tensor parameter;
    size_t group = 0;
    int64_t step = 0;
    std::vector<Tensor> states;

    bool ready = false;
    bool gradient_contiguous = false;
    tile::Operand inputs[kOperands];
    tile::Operand outputs[kOperands];
    tile::Scalar64 scalars[kMostScalars];
    tile::Launch launch;
    tile::LaunchPlan plan;  ///< that it keeps
  };
  struct Group {
    std::vector<Tensor> parameters;
    double learning_rate;
    double initial_learning_rate;
    tile::Program program;
  };

  std::vector<Group> groups;
  std::vector<std::unique_ptr<Slot>> slots;  // launches point into them
  std::vector<tile::Launch> launches;        // of the running step

  void prepare(const Optimizer& optimizer, Slot& slot, const Tensor& gradient);
  void check(const Slot& slot, const Tensor& gradient) const;
  bool update(const Optimizer& optimizer, Slot& slot, const Slot* previous);
  void make_states(const Optimizer& optimizer, Slot& slot) const;
  tile::Program& program_of(const Optimizer& optimizer, size_t group);
  bool defer(const Optimizer& optimizer, Slot& slot, const Slot* previous, Deferrer& deferrer);
  void ready_scalars(const Optimizer& optimizer, Slot& slot, const Slot* previous) const;
};

Optimizer::Optimizer() : implementation_(std::make_unique<Implementation>()) {}
Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;

double Optimizer::initial_state(size_t, size_t) const { return 0; }

void Optimizer::add_group(std::string_view optimizer, std::vector<Tensor> parameters,
                          double learning_rate) {
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
  for (const auto& slot : implementation_->slots) seen.insert(slot->parameter.impl());
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
  const size_t group = implementation_->groups.size();
  for (const Tensor& parameter : parameters) {
    auto slot = std::make_unique<Implementation::Slot>();
    slot->parameter = parameter;
    slot->group = group;
    implementation_->slots.push_back(std::move(slot));
  }
  implementation_->groups.push_back({std::move(parameters), learning_rate, learning_rate, {}});
}

void Optimizer::zero_grad() {
  for (const auto& slot : implementation_->slots) slot->parameter.set_grad({});
}

void Optimizer::Implementation::check(const Slot& slot, const Tensor& gradient) const {
  if (gradient.sizes() != slot.parameter.sizes()) {
    fail<ShapeError>("Optimizer::step",
                     fmt::format("a gradient is {}, its parameter {}", to_string(gradient.sizes()),
                                 to_string(slot.parameter.sizes())));
  }
  if (!gradient.is_floating_point() || gradient.device() != slot.parameter.device()) {
    fail<DTypeError>(
        "Optimizer::step",
        fmt::format("a gradient is {} on '{}', its parameter {} on '{}'", name_of(gradient.dtype()),
                    to_string(gradient.device()), name_of(slot.parameter.dtype()),
                    to_string(slot.parameter.device())));
  }
}

void Optimizer::Implementation::make_states(const Optimizer& optimizer, Slot& slot) const {
  const size_t count = optimizer.state_names(slot.group).size();
  for (size_t i = slot.states.size(); i < count; ++i) {
    slot.states.push_back(full(slot.parameter.sizes(), optimizer.initial_state(slot.group, i),
                               slot.parameter.dtype(), slot.parameter.device()));
  }
}

tile::Program& Optimizer::Implementation::program_of(const Optimizer& optimizer, size_t group) {
  tile::Program& program = groups[group].program;
  if (program.empty()) {
    tile::TileBuilder builder;
    optimizer.write_program(builder, group);
    program = builder.finish();
  }
  return program;
}

/// In a compiled function: the update is an op of its stream. `previous` is one that is ready for
/// this step, or null. False where there is nothing to update.
bool Optimizer::Implementation::defer(const Optimizer& optimizer, Slot& slot, const Slot* previous,
                                      Deferrer& deferrer) {
  const Tensor gradient = slot.parameter.grad();
  if (!gradient.defined()) return false;
  check(slot, gradient);
  if (slot.parameter.device() == kMeta) return false;
  make_states(optimizer, slot);
  ++slot.step;
  ready_scalars(optimizer, slot, previous);
  const Tensor *inputs[kOperands], *outputs[kOperands];
  inputs[0] = outputs[0] = &slot.parameter;
  inputs[1] = &gradient;
  const size_t states = slot.states.size();
  for (size_t i = 0; i < states; ++i) inputs[2 + i] = outputs[1 + i] = &slot.states[i];
  deferrer.defer_update({program_of(optimizer, slot.group),
                         slot.parameter.dtype(),
                         {inputs, 2 + states},
                         {outputs, 1 + states},
                         slot.launch.scalars});
  bump_version(slot.parameter);
  return true;
}

/// The numbers of the slot's step.
void Optimizer::Implementation::ready_scalars(const Optimizer& optimizer, Slot& slot,
                                              const Slot* previous) const {
  if (previous && previous->group == slot.group && previous->step == slot.step) {
    slot.launch.scalars = previous->launch.scalars;  // the powers in them are dear
    return;
  }
  const int count = optimizer.write_scalars(slot.group, slot.step, slot.scalars);
  slot.launch.scalars = {slot.scalars, static_cast<size_t>(count)};
}

/// Sets everything up that only changes with layouts and dtypes.
void Optimizer::Implementation::prepare(const Optimizer& optimizer, Slot& slot,
                                        const Tensor& gradient) {
  check(slot, gradient);
  make_states(optimizer, slot);
  const tile::Program& program = program_of(optimizer, slot.group);
  bool flat = slot.parameter.is_contiguous() && gradient.is_contiguous();
  for (const Tensor& state : slot.states) flat = flat && state.is_contiguous();
  const auto describe = [&](tile::Operand& operand, const Tensor& tensor) {
    operand.data = tensor.raw_data();
    operand.dtype = tensor.dtype();
    operand.strides.clear();
    if (flat) {
      operand.strides.push_back(1);
    } else {
      operand.strides.assign(tensor.strides().data(), tensor.strides().size());
    }
  };
  describe(slot.inputs[0], slot.parameter);
  describe(slot.inputs[1], gradient);
  describe(slot.outputs[0], slot.parameter);
  for (size_t i = 0; i < slot.states.size(); ++i) {
    describe(slot.inputs[2 + i], slot.states[i]);
    describe(slot.outputs[1 + i], slot.states[i]);
  }
  tile::Launch& launch = slot.launch;
  launch.program = &program;
  launch.compute = compute_of(slot.parameter.dtype());
  launch.sizes.clear();
  if (flat) {
    launch.sizes.push_back(slot.parameter.numel());
  } else {
    launch.sizes.assign(slot.parameter.sizes().data(), slot.parameter.sizes().size());
  }
  slot.plan = {};
  launch.inputs = {slot.inputs, 2 + slot.states.size()};
  launch.outputs = {slot.outputs, 1 + slot.states.size()};
  slot.gradient_contiguous = gradient.is_contiguous();
  slot.ready = true;
}

/// Readies the slot's launch for one step; false where there is nothing to run. `previous` is one
/// that is ready for this step, or null.
bool Optimizer::Implementation::update(const Optimizer& optimizer, Slot& slot,
                                       const Slot* previous) {
  const Tensor gradient = slot.parameter.grad();
  if (!gradient.defined()) return false;
  const Tensor& parameter = slot.parameter;
  if (parameter.device() == kMeta || gradient.device() == kMeta) {
    check(slot, gradient);
    return false;
  }
  const bool same = slot.ready && slot.gradient_contiguous && gradient.is_contiguous() &&
                    parameter.is_contiguous() && gradient.sizes() == parameter.sizes() &&
                    slot.launch.sizes.size() == 1 && slot.launch.sizes[0] == parameter.numel() &&
                    slot.inputs[0].dtype == parameter.dtype() &&
                    slot.inputs[1].dtype == gradient.dtype();
  if (same) {
    slot.inputs[0].data = slot.outputs[0].data = parameter.raw_data();
    slot.inputs[1].data = gradient.raw_data();
  } else {
    prepare(optimizer, slot, gradient);
  }
  // A gradient in the parameter's own memory makes another launch of it.
  slot.launch.kept = slot.inputs[1].data == slot.inputs[0].data ? nullptr : &slot.plan;
  ++slot.step;
  bump_version(parameter);
  ready_scalars(optimizer, slot, previous);
  return parameter.numel() != 0;
}

void Optimizer::step() {
  Implementation& implementation = *implementation_;
  const NoGrad no_grad;
  const Implementation::Slot* previous = nullptr;
  if (Deferrer* const deferrer = modes().deferrer) {
    for (const auto& slot : implementation.slots) {
      if (implementation.defer(*this, *slot, previous, *deferrer)) previous = slot.get();
    }
    return;
  }
  implementation.launches.clear();
  for (const auto& slot : implementation.slots) {
    if (!implementation.update(*this, *slot, previous)) continue;
    implementation.launches.push_back(slot->launch);
    previous = slot.get();
  }
  if (implementation.launches.empty()) return;
  backend_of(implementation.slots[0]->parameter.device()).run_tile_many(implementation.launches);
}

size_t Optimizer::group_count() const { return implementation_->groups.size(); }

const std::vector<Tensor>& Optimizer::parameters(size_t group) const {
  return implementation_->groups.at(group).parameters;
}

std::vector<Tensor> Optimizer::parameters() const {
  std::vector<Tensor> all;
  for (const auto& slot : implementation_->slots) all.push_back(slot->parameter);
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
  implementation_->groups.at(group).learning_rate = learning_rate;
}

StateDict Optimizer::state_dict() const {
  const NoGrad no_grad;
  StateDict state;
  for (size_t i = 0; i < group_count(); ++i) {
    const std::string name = fmt::format("group.{}.", i);
    state.add(name + "learning_rate", number(learning_rate(i)));
    state.add(name + "initial_learning_rate", number(initial_learning_rate(i)));
  }
  for (size_t i = 0; i < implementation_->slots.size(); ++i) {
    const Implementation::Slot& slot = *implementation_->slots[i];
    const std::string name = fmt::format("parameter.{}.", i);
    const std::vector<std::string_view> names = state_names(slot.group);
    state.add(name + "step", number(slot.step));
    for (size_t s = 0; s < names.size(); ++s) {
      state.add(name + std::string(names[s]),
                slot.states.empty() ? full(slot.parameter.sizes(), initial_state(slot.group, s),
                                           slot.parameter.dtype(), slot.parameter.device())
                                    : slot.states[s].clone());
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
    group.learning_rate = state.at(name + "learning_rate").item<double>();
    group.initial_learning_rate = state.at(name + "initial_learning_rate").item<double>();
  }
  for (size_t i = 0; i < implementation_->slots.size(); ++i) {
    Implementation::Slot& slot = *implementation_->slots[i];
    const std::string name = fmt::format("parameter.{}.", i);
    slot.step = state.at(name + "step").item<int64_t>();
    implementation_->make_states(*this, slot);
    const std::vector<std::string_view> names = state_names(slot.group);
    for (size_t s = 0; s < names.size(); ++s) {
      slot.states[s].copy_(state.at(name + std::string(names[s])));
    }
  }
}

}  // namespace tenon::optim
