#include "tenon/optim/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenon/ops/functions.h"
#include "tenon/optim/checks_internal.h"

namespace tenon::optim {
namespace {

void check_positive(std::string_view call, std::string_view name, int64_t value) {
  if (value < 1) fail<ValueError>(call, fmt::format("expected {} >= 1, got {}", name, value));
}

}  // namespace

Schedule::~Schedule() = default;

void Schedule::step() {
  ++step_;
  apply();
}

void Schedule::apply() {
  for (size_t group = 0; group < optimizer_->group_count(); ++group) {
    optimizer_->set_learning_rate(
        group, learning_rate_at(step_, optimizer_->initial_learning_rate(group)));
  }
}

StateDict Schedule::state_dict() const {
  StateDict state;
  state.add("step", full({}, step_, kInt64));
  return state;
}

void Schedule::load_state_dict(const StateDict& state) {
  step_ = number_in(state, "Schedule::load_state_dict", "step").to_int();
  apply();
}

StepLR::StepLR(Optimizer& optimizer, StepLROptions options)
    : Schedule(optimizer), options_(options) {
  check_positive("StepLR", "step_size", options.step_size);
  apply();
}
double StepLR::learning_rate_at(int64_t step, double initial) const {
  return initial * std::pow(options_.gamma, static_cast<double>(step / options_.step_size));
}

MultiStepLR::MultiStepLR(Optimizer& optimizer, MultiStepLROptions options)
    : Schedule(optimizer), options_(std::move(options)) {
  if (!std::is_sorted(options_.milestones.begin(), options_.milestones.end())) {
    fail<ValueError>("MultiStepLR", "expected ascending milestones");
  }
  apply();
}
double MultiStepLR::learning_rate_at(int64_t step, double initial) const {
  const auto& milestones = options_.milestones;
  const auto reached = std::upper_bound(milestones.begin(), milestones.end(), step);
  return initial * std::pow(options_.gamma, static_cast<double>(reached - milestones.begin()));
}

ExponentialLR::ExponentialLR(Optimizer& optimizer, ExponentialLROptions options)
    : Schedule(optimizer), options_(options) {
  apply();
}
double ExponentialLR::learning_rate_at(int64_t step, double initial) const {
  return initial * std::pow(options_.gamma, static_cast<double>(step));
}

CosineAnnealingLR::CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLROptions options)
    : Schedule(optimizer), options_(options) {
  check_positive("CosineAnnealingLR", "steps", options.steps);
  apply();
}
double CosineAnnealingLR::learning_rate_at(int64_t step, double initial) const {
  const double low = options_.min_learning_rate;
  const double turn = M_PI * static_cast<double>(step) / static_cast<double>(options_.steps);
  return low + (initial - low) * (1 + std::cos(turn)) / 2;
}

LinearWarmup::LinearWarmup(Optimizer& optimizer, LinearWarmupOptions options)
    : Schedule(optimizer), options_(options) {
  check_positive("LinearWarmup", "steps", options.steps);
  check_not_negative("LinearWarmup", "start_factor", options.start_factor);
  apply();
}
double LinearWarmup::learning_rate_at(int64_t step, double initial) const {
  const double done =
      std::min(1.0, static_cast<double>(step) / static_cast<double>(options_.steps));
  return initial * (options_.start_factor + (1 - options_.start_factor) * done);
}

SequentialLR::SequentialLR(Optimizer& optimizer, std::vector<int64_t> milestones,
                           std::vector<std::shared_ptr<const Schedule>> schedules)
    : Schedule(optimizer), milestones_(std::move(milestones)), schedules_(std::move(schedules)) {
  if (milestones_.size() + 1 != schedules_.size() ||
      !std::is_sorted(milestones_.begin(), milestones_.end())) {
    fail<ValueError>("SequentialLR",
                     fmt::format("expected {} ascending milestones for {} schedules, got {}",
                                 schedules_.size() - 1, schedules_.size(), milestones_.size()));
  }
  apply();
}
double SequentialLR::learning_rate_at(int64_t step, double initial) const {
  const auto next = std::upper_bound(milestones_.begin(), milestones_.end(), step);
  const auto which = static_cast<size_t>(next - milestones_.begin());
  const int64_t begin = which == 0 ? 0 : milestones_[which - 1];
  return schedules_[which]->learning_rate_at(step - begin, initial);
}

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options)
    : optimizer_(&optimizer),
      options_(options),
      best_(options.larger_is_better ? -std::numeric_limits<double>::infinity()
                                     : std::numeric_limits<double>::infinity()) {
  if (!(options.factor > 0 && options.factor < 1)) {
    fail<ValueError>("ReduceLROnPlateau",
                     fmt::format("expected a factor in (0, 1), got {}", options.factor));
  }
}

bool ReduceLROnPlateau::improves(double metric) const {
  if (std::isinf(best_)) return !std::isnan(metric);
  const double margin = std::abs(best_) * options_.threshold;
  return options_.larger_is_better ? metric > best_ + margin : metric < best_ - margin;
}

void ReduceLROnPlateau::step(double metric) {
  if (improves(metric)) {
    best_ = metric;
    bad_steps_ = 0;
  } else {
    ++bad_steps_;
  }
  if (cooldown_left_ > 0) {
    --cooldown_left_;
    bad_steps_ = 0;
  }
  if (bad_steps_ <= options_.patience) return;
  for (size_t group = 0; group < optimizer_->group_count(); ++group) {
    const double reduced = optimizer_->learning_rate(group) * options_.factor;
    optimizer_->set_learning_rate(group, std::max(reduced, options_.min_learning_rate));
  }
  cooldown_left_ = options_.cooldown;
  bad_steps_ = 0;
}

StateDict ReduceLROnPlateau::state_dict() const {
  StateDict state;
  state.add("best", full({}, best_, kFloat64));
  state.add("bad_steps", full({}, bad_steps_, kInt64));
  state.add("cooldown_left", full({}, cooldown_left_, kInt64));
  return state;
}

void ReduceLROnPlateau::load_state_dict(const StateDict& state) {
  constexpr std::string_view kCall = "ReduceLROnPlateau::load_state_dict";
  const double best = number_in(state, kCall, "best").to_double();
  const int64_t bad_steps = number_in(state, kCall, "bad_steps").to_int();
  cooldown_left_ = number_in(state, kCall, "cooldown_left").to_int();
  best_ = best;
  bad_steps_ = bad_steps;
}

}  // namespace tenon::optim
