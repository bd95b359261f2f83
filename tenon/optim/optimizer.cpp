#include "tenon/optim/optimizer.h"

#include <fmt/format.h>

#include <unordered_map>
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

// The parameter, the gradient and at most four states; of capturable groups, rate and step.
constexpr int kOperands = 8;

Tensor number(double value) { return full({}, value, kFloat64); }
Tensor number(int64_t value) { return full({}, value, kInt64); }

/// A tensor that a compiled function doesn't make anew in each call.
Tensor lasting(IntList sizes, double value, DType dtype, Device device) {
  const NotDeferred at_once;
  return full(sizes, value, dtype, device);
}

}  // namespace

struct Optimizer::Implementation {
  /// A parameter, what is kept for it, and the launch that updates it. The launch is set up once;
  /// a step writes its scalars, and its pointers where they changed.
  struct Slot {
    Tensor parameter;
    size_t group = 0;
    int64_t step = 0;  ///< of groups that aren't capturable
    /// The number of steps of a capturable group's parameter, shared with those that have always
    /// stepped together with it; null before the first.
    std::shared_ptr<Tensor> clock;
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
    Tensor rate = {};  ///< of a capturable one, once it is needed
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
  void advance(const Optimizer& optimizer);
  void set_step(const Optimizer& optimizer, Slot& slot, int64_t step,
                std::unordered_map<const Tensor*, int64_t>& set);
  void set_rate(size_t group, double rate);
  const Tensor& rate_of(const Slot& slot);
  static int64_t steps_of(const Slot& slot);
};

Optimizer::Optimizer() : implementation_(std::make_unique<Implementation>()) {}
Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;

double Optimizer::initial_state(size_t, size_t) const { return 0; }

bool Optimizer::is_capturable(size_t) const { return false; }

int Optimizer::rate_input(size_t group) const {
  return 2 + static_cast<int>(state_names(group).size());
}

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
    slot.states.push_back(lasting(slot.parameter.sizes(), optimizer.initial_state(slot.group, i),
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

const Tensor& Optimizer::Implementation::rate_of(const Slot& slot) {
  Group& group = groups[slot.group];
  if (!group.rate.defined()) {
    group.rate = lasting({}, group.learning_rate, kFloat64, slot.parameter.device());
  }
  return group.rate;
}

int64_t Optimizer::Implementation::steps_of(const Slot& slot) {
  return slot.clock ? static_cast<int64_t>(slot.clock->item<double>()) : slot.step;
}

/// Counts the step of all parameters of capturable groups that have a gradient.
void Optimizer::Implementation::advance(const Optimizer& optimizer) {
  const auto steps = [&](const Slot& slot) {
    return optimizer.is_capturable(slot.group) && slot.parameter.device() != kMeta &&
           slot.parameter.grad().defined();
  };
  std::shared_ptr<Tensor> fresh;
  std::vector<std::pair<std::shared_ptr<Tensor>, std::shared_ptr<Tensor>>> running;
  for (const auto& slot : slots) {
    if (!steps(*slot)) continue;
    if (!slot->clock) {
      if (!fresh) {
        fresh = std::make_shared<Tensor>(lasting({}, 0, kFloat64, slot->parameter.device()));
      }
      slot->clock = fresh;
    }
    const bool known = std::any_of(running.begin(), running.end(),
                                   [&](const auto& other) { return other.first == slot->clock; });
    if (!known) running.emplace_back(slot->clock, nullptr);
  }
  for (const auto& slot : slots) {
    if (!slot->clock || steps(*slot)) continue;
    for (auto& [clock, behind] : running) {
      if (slot->clock != clock) continue;
      if (!behind) behind = std::make_shared<Tensor>(clock->clone());
      slot->clock = behind;
      break;
    }
  }
  for (const auto& [clock, behind] : running) clock->add_(1.0);
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
  const bool capturable = optimizer.is_capturable(slot.group);
  if (!capturable) ++slot.step;
  ready_scalars(optimizer, slot, previous);
  const tile::Program& program = program_of(optimizer, slot.group);
  const Tensor *inputs[kOperands], *outputs[kOperands];
  inputs[0] = outputs[0] = &slot.parameter;
  inputs[1] = &gradient;
  const size_t states = slot.states.size();
  for (size_t i = 0; i < states; ++i) inputs[2 + i] = outputs[1 + i] = &slot.states[i];
  if (capturable) {
    inputs[2 + states] = &rate_of(slot);
    inputs[3 + states] = slot.clock.get();
  }
  deferrer.defer_update({program,
                         slot.parameter.dtype(),
                         {inputs, static_cast<size_t>(program.inputs())},
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
  if (optimizer.is_capturable(slot.group)) {
    const size_t rate = 2 + slot.states.size(), rank = slot.inputs[0].strides.size();
    for (const size_t i : {rate, rate + 1}) {
      slot.inputs[i].dtype = kFloat64;
      slot.inputs[i].strides.clear();
      slot.inputs[i].strides.resize(rank);
    }
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
  launch.inputs = {slot.inputs, static_cast<size_t>(program.inputs())};
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
  if (optimizer.is_capturable(slot.group)) {
    const size_t rate = 2 + slot.states.size();
    slot.inputs[rate].data = rate_of(slot).raw_data();
    slot.inputs[rate + 1].data = slot.clock->raw_data();
  } else {
    ++slot.step;
  }
  bump_version(parameter);
  ready_scalars(optimizer, slot, previous);
  return parameter.numel() != 0;
}

void Optimizer::step() {
  Implementation& implementation = *implementation_;
  const NoGrad no_grad;
  const Implementation::Slot* previous = nullptr;
  implementation.advance(*this);
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
  implementation_->set_rate(group, learning_rate);
}

void Optimizer::Implementation::set_rate(size_t group, double rate) {
  groups.at(group).learning_rate = rate;
  const NoGrad no_grad;
  if (groups[group].rate.defined()) groups[group].rate.fill_(rate);
}

/// `set`: what clocks were set to already. They are written in place, as programs of compiled
/// functions may hold them.
void Optimizer::Implementation::set_step(const Optimizer& optimizer, Slot& slot, int64_t step,
                                         std::unordered_map<const Tensor*, int64_t>& set) {
  if (!optimizer.is_capturable(slot.group)) {
    slot.step = step;
    return;
  }
  const auto value = static_cast<double>(step);
  if (slot.clock && set.emplace(slot.clock.get(), step).second) {
    slot.clock->fill_(value);
  } else if (!slot.clock || set.at(slot.clock.get()) != step) {
    slot.clock = std::make_shared<Tensor>(lasting({}, value, kFloat64, slot.parameter.device()));
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
  for (size_t i = 0; i < implementation_->slots.size(); ++i) {
    const Implementation::Slot& slot = *implementation_->slots[i];
    const std::string name = fmt::format("parameter.{}.", i);
    const std::vector<std::string_view> names = state_names(slot.group);
    state.add(name + "step", number(Implementation::steps_of(slot)));
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
    implementation_->set_rate(i, state.at(name + "learning_rate").item<double>());
    group.initial_learning_rate = state.at(name + "initial_learning_rate").item<double>();
  }
  std::unordered_map<const Tensor*, int64_t> set;
  for (size_t i = 0; i < implementation_->slots.size(); ++i) {
    Implementation::Slot& slot = *implementation_->slots[i];
    const std::string name = fmt::format("parameter.{}.", i);
    implementation_->set_step(*this, slot, state.at(name + "step").item<int64_t>(), set);
    implementation_->make_states(*this, slot);
    const std::vector<std::string_view> names = state_names(slot.group);
    for (size_t s = 0; s < names.size(); ++s) {
      slot.states[s].copy_(state.at(name + std::string(names[s])));
    }
  }
}

}  // namespace tenon::optim
