#include "tenon/optim/updater.h"

#include <fmt/format.h>

#include <deque>
#include <string>

#include "tenon/base/error.h"
#include "tenon/base/long_work.h"
#include "tenon/dispatch/backend.h"
#include "tenon/dispatch/deferral.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/profile.h"
#include "tenon/dispatch/tile_call.h"
#include "tenon/ops/functions.h"
#include "tenon/tile/builder.h"

namespace tenon::optim {
namespace {

// The parameter, the gradient and the states; of capturable formulas, rate, step and numbers.
constexpr int kOperands = 4 + Formula::kMostStates + Formula::kMostNumbers;

/// A tensor that a compiled function doesn't make anew in each call.
Tensor lasting(IntList sizes, double value, DType dtype, Device device) {
  const NotDeferred at_once;
  return full(sizes, value, dtype, device);
}

void check_like_parameter(std::string_view what, const Tensor& tensor, const Tensor& parameter) {
  if (tensor.sizes() != parameter.sizes()) {
    fail<ShapeError>("Optimizer::step",
                     fmt::format("{} is {}, its parameter {}", what, to_string(tensor.sizes()),
                                 to_string(parameter.sizes())));
  }
  if (!tensor.is_floating_point() || tensor.device() != parameter.device()) {
    fail<DTypeError>("Optimizer::step",
                     fmt::format("{} is {} on '{}', its parameter {} on '{}'", what,
                                 name_of(tensor.dtype()), to_string(tensor.device()),
                                 name_of(parameter.dtype()), to_string(parameter.device())));
  }
}

void check_no_element_repeats(std::string_view what, const Tensor& tensor) {
  if (tensor.is_contiguous()) return;
  for (size_t i = 0; i < tensor.sizes().size(); ++i) {
    if (tensor.strides()[i] == 0 && tensor.sizes()[i] > 1) {
      fail<ValueError>("Optimizer::step",
                       fmt::format("{} of sizes {} repeats its elements along dim {} (expand), so "
                                   "it can't be written; clone() it",
                                   what, to_string(tensor.sizes()), i));
    }
  }
}

/// The launch that updates one parameter: set up once; a step writes its scalars, and its pointers
/// where they changed.
struct UpdateLaunch {
  bool flat = false;  ///< all tensors were contiguous: one dim is left
  tile::Operand inputs[kOperands];
  tile::Operand outputs[kOperands];
  tile::Scalar64 scalars[Formula::kMostScalars];
  tile::Launch launch;
  tile::LaunchPlan plan;  ///< that it keeps

  void point_at(const tile::Program& program, size_t states, const Updated& updated);
  void set_up(const tile::Program& program, std::span<const Tensor* const> tensors, size_t states,
              bool flat);
};

/// What the program reads, in its order.
struct Operands {
  const Tensor* all[kOperands];
  std::span<const Tensor* const> read;

  Operands(const tile::Program& program, size_t states, const Updated& updated)
      : all{&updated.parameter, &updated.gradient},
        read{all, static_cast<size_t>(program.inputs())} {
    for (size_t i = 0; i < states; ++i) all[2 + i] = &updated.states[i];
    all[2 + states] = updated.rate;
    all[3 + states] = updated.clock;
    for (size_t i = 0; i < Formula::kMostNumbers; ++i) all[4 + states + i] = &updated.counted[i];
  }
};

/// Who updates in it counts the version.
void* memory_of(const Tensor& tensor) { return const_cast<void*>(tensor.const_raw_data()); }

void UpdateLaunch::point_at(const tile::Program& program, size_t states, const Updated& updated) {
  const Operands operands(program, states, updated);
  const std::span<const Tensor* const> tensors = operands.read;
  bool is_flat = true, same = flat && launch.program == &program &&
                              launch.sizes[0] == updated.parameter.numel() &&
                              launch.outputs.size() == 1 + states;
  for (size_t i = 0; i < tensors.size(); ++i) {
    is_flat = is_flat && tensors[i]->is_contiguous();
    same = same && inputs[i].dtype == tensors[i]->dtype();
  }
  if (!same || !is_flat) set_up(program, tensors, states, is_flat);
  for (size_t i = 0; i < tensors.size(); ++i) inputs[i].data = memory_of(*tensors[i]);
  outputs[0].data = inputs[0].data;
  for (size_t i = 0; i < states; ++i) outputs[1 + i].data = inputs[2 + i].data;
  // A gradient in the parameter's own memory makes another launch of it.
  launch.kept = inputs[1].data == inputs[0].data ? nullptr : &plan;
}

/// Everything that only changes with layouts and dtypes.
void UpdateLaunch::set_up(const tile::Program& program, std::span<const Tensor* const> tensors,
                          size_t states, bool is_flat) {
  const Tensor& parameter = *tensors[0];
  for (size_t i = 0; i < tensors.size(); ++i) {
    inputs[i].dtype = tensors[i]->dtype();
    inputs[i].strides.clear();
    if (i >= 2 + states) {  // a number for all elements
      inputs[i].strides.resize(inputs[0].strides.size());
    } else if (is_flat) {
      inputs[i].strides.push_back(1);
    } else {
      inputs[i].strides.assign(tensors[i]->strides().data(), tensors[i]->strides().size());
    }
    if (i < 2 + states && i != 1) outputs[i == 0 ? 0 : i - 1] = inputs[i];
  }
  launch.program = &program;
  launch.compute = compute_of(parameter.dtype());
  launch.sizes.clear();
  if (is_flat) {
    launch.sizes.push_back(parameter.numel());
  } else {
    launch.sizes.assign(parameter.sizes().data(), parameter.sizes().size());
  }
  launch.inputs = {inputs, tensors.size()};
  launch.outputs = {outputs, 1 + states};
  plan = {};
  flat = is_flat;
}

/// Scalars of updates, and what they were made of: parameters mostly step together, and the powers
/// in the scalars are dear.
struct Scalars {
  int64_t step = 0;  ///< 0: none yet
  std::array<double, Formula::kMostNumbers> before, after;
  tile::Scalar64 values[Formula::kMostScalars];
  int count = 0;

  void take_step(const Formula& formula, double rate, Updated& updated) {
    ++updated.step;
    if (step != updated.step || before != updated.numbers) {
      step = updated.step;
      before = after = updated.numbers;
      count = formula.write_scalars({rate, step, after.data()}, values);
    }
    updated.numbers = after;
  }
};

void defer(const tile::Program& program, size_t states, const Updated& updated,
           std::span<const tile::Scalar64> scalars, Deferrer& deferrer) {
  const Operands inputs(program, states, updated);
  const Tensor* outputs[kOperands] = {&updated.parameter};
  for (size_t i = 0; i < states; ++i) outputs[1 + i] = &updated.states[i];
  deferrer.defer_update(
      {program, updated.parameter.dtype(), inputs.read, {outputs, 1 + states}, scalars});
}

/// Of a pure function, which would take the same step in each call.
void check_steps_are_alike(const Formula& formula, double rate, const Updated& updated) {
  std::array<double, Formula::kMostNumbers> numbers = updated.numbers;
  for (size_t i = 0; updated.step == 0 && i < formula.number_names().size(); ++i) {
    numbers[i] = formula.initial_number(i, rate);
  }
  tile::Scalar64 first[Formula::kMostScalars], second[Formula::kMostScalars];
  const int count = formula.write_scalars({rate, updated.step + 1, numbers.data()}, first);
  formula.write_scalars({rate, updated.step + 2, numbers.data()}, second);
  const bool same = std::equal(first, first + count, second,
                               [](const auto& a, const auto& b) { return a.real == b.real; });
  if (same) return;
  fail<ValueError>("Optimizer::step",
                   fmt::format("a pure function would take step {} in each call, but this "
                               "optimizer's steps depend on their number; make it with "
                               "capturable=True, which counts steps in tensors",
                               updated.step + 1));
}

}  // namespace

Formula::~Formula() = default;
double Formula::initial_state(size_t, double) const { return 0; }
double Formula::initial_number(size_t, double) const { return 0; }
void Formula::move_on(const Tensor&, const Tensor&, std::span<const Tensor>) const {}

void check_update(const Formula& formula, const Updated& updated) {
  check_like_parameter("a gradient", updated.gradient, updated.parameter);
  check_no_element_repeats("a parameter", updated.parameter);
  const auto names = formula.state_names();
  for (size_t i = 0; i < names.size(); ++i) {
    if (!updated.states[i].defined()) continue;
    check_like_parameter(names[i], updated.states[i], updated.parameter);
    check_no_element_repeats(names[i], updated.states[i]);
  }
}

void make_states(const Formula& formula, double learning_rate, Updated& updated) {
  for (size_t i = 0; i < formula.state_names().size(); ++i) {
    if (updated.states[i].defined()) continue;
    updated.states[i] = lasting(updated.parameter.sizes(), formula.initial_state(i, learning_rate),
                                updated.parameter.dtype(), updated.parameter.device());
  }
  if (updated.step != 0) return;
  for (size_t i = 0; i < formula.number_names().size(); ++i) {
    updated.numbers[i] = formula.initial_number(i, learning_rate);
  }
}

void make_counted(const Formula& formula, double learning_rate, Updated& updated) {
  if (!formula.is_capturable()) return;
  for (size_t i = 0; i < formula.number_names().size(); ++i) {
    if (updated.counted[i].defined()) continue;
    updated.counted[i] =
        lasting({}, formula.initial_number(i, learning_rate), kFloat64, updated.parameter.device());
  }
}

struct Updater::Implementation {
  tile::Program program;
  int variant = -1;
  std::deque<UpdateLaunch> updates;  ///< one a parameter; launches point into them
  std::vector<tile::Launch> launches;

  void write_program(const Formula& formula) {
    if (variant == formula.variant()) return;
    tile::TileBuilder builder;
    formula.write_program(builder);
    program = builder.finish();
    variant = formula.variant();
    updates.clear();
  }
};

Updater::Updater() : implementation_(std::make_unique<Implementation>()) {}
Updater::~Updater() = default;
Updater::Updater(Updater&&) noexcept = default;
Updater& Updater::operator=(Updater&&) noexcept = default;

void Updater::ready(const Formula& formula, double learning_rate, std::span<Updated> parameters,
                    std::vector<tile::Launch>& launches) {
  Implementation& self = *implementation_;
  Deferrer* const deferrer = modes().deferrer;
  for (const Updated& updated : parameters) {
    if (!updated.gradient.defined()) continue;
    check_update(formula, updated);
    if (deferrer && deferrer->is_pure()) check_steps_are_alike(formula, learning_rate, updated);
  }
  self.write_program(formula);
  if (self.updates.size() < parameters.size()) self.updates.resize(parameters.size());
  const size_t states = formula.state_names().size();
  Scalars scalars;
  for (size_t i = 0; i < parameters.size(); ++i) {
    Updated& updated = parameters[i];
    if (!updated.gradient.defined() || updated.parameter.device() == kMeta) continue;
    make_states(formula, learning_rate, updated);
    scalars.take_step(formula, learning_rate, updated);
    const std::span<const tile::Scalar64> values{scalars.values,
                                                 static_cast<size_t>(scalars.count)};
    if (deferrer) {
      defer(self.program, states, updated, values, *deferrer);
      bump_version(updated.parameter);
      continue;
    }
    bump_version(updated.parameter);
    if (updated.parameter.numel() == 0) continue;
    UpdateLaunch& update = self.updates[i];
    update.point_at(self.program, states, updated);
    std::copy(values.begin(), values.end(), update.scalars);
    update.launch.scalars = {update.scalars, values.size()};
    launches.push_back(update.launch);
  }
}

namespace {

/// What a profile shows of updates that run together: of each, the parameter.
ProfileEvent event_of(std::span<const tile::Launch> launches) {
  ProfileEvent event{.name = "update", .category = "op"};
  for (const tile::Launch& launch : launches) {
    int64_t elements = 1;
    for (const int64_t size : launch.sizes) elements *= size;
    const auto add_bytes = [&](const tile::Operand& operand) {
      const bool is_number = !operand.strides.empty() && operand.strides[0] == 0;
      event.bytes += (is_number ? 1 : elements) * static_cast<int64_t>(size_of(operand.dtype));
    };
    for (const tile::Operand& input : launch.inputs) add_bytes(input);
    for (const tile::Operand& output : launch.outputs) add_bytes(output);
    event.shapes +=
        fmt::format("{}{}[{}]", event.shapes.empty() ? "" : ", ", name_of(launch.outputs[0].dtype),
                    fmt::join(launch.sizes.begin(), launch.sizes.end(), ", "));
  }
  return event;
}

}  // namespace

void Updater::run(std::span<const tile::Launch> launches, Device device) {
  if (launches.empty()) return;
  const Uninterrupted whole;
  if (!is_profiling()) return backend_of(device).run_tile_many(launches);
  ProfileEvent event = event_of(launches);
  event.begin = profile_clock();
  backend_of(device).run_tile_many(launches);
  event.end = profile_clock();
  add_profile_event(std::move(event));
}

void Updater::run(const Formula& formula, double learning_rate, std::span<Updated> parameters) {
  if (parameters.empty()) return;
  const NoGrad no_grad;
  std::vector<tile::Launch>& launches = implementation_->launches;
  launches.clear();
  ready(formula, learning_rate, parameters, launches);
  run(launches, parameters[0].parameter.device());
  move_on(formula, parameters);
}

void Updater::move_on(const Formula& formula, std::span<const Updated> parameters) {
  if (!formula.is_capturable() || formula.number_names().empty()) return;
  for (const Updated& updated : parameters) {
    if (!updated.gradient.defined() || updated.parameter.device() == kMeta) continue;
    formula.move_on(*updated.rate, *updated.clock, updated.counted);
  }
}

}  // namespace tenon::optim
