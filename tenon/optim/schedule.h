#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tenon/optim/optimizer.h"

namespace tenon::optim {

/// Sets an optimizer's learning rates as training goes on. A schedule starts at step 0 when it is
/// made, and `step()` moves it on: once an epoch or once a batch, as its numbers are meant. Rates
/// follow from the step and each group's initial learning rate alone. The optimizer must outlive
/// the schedule.
class TENON_API Schedule {
 public:
  virtual ~Schedule();

  /// Moves on by one step.
  void step();
  int64_t step_count() const { return step_; }
  Optimizer& optimizer() const { return *optimizer_; }
  /// The rate at a step for a group that started with `initial`.
  virtual double learning_rate_at(int64_t step, double initial) const = 0;

  virtual StateDict state_dict() const;
  /// Throws ValueError when the state is of another schedule.
  virtual void load_state_dict(const StateDict& state);

 protected:
  explicit Schedule(Optimizer& optimizer) : optimizer_(&optimizer) {}
  /// Writes the rates of the present step to the optimizer.
  void apply();

 private:
  Optimizer* optimizer_;
  int64_t step_ = 0;
};

struct StepLROptions {
  int64_t step_size = 1;
  double gamma = 0.1;
};
/// initial * gamma^floor(step / step_size)
class TENON_API StepLR : public Schedule {
 public:
  StepLR(Optimizer& optimizer, StepLROptions options);
  double learning_rate_at(int64_t step, double initial) const override;

 private:
  StepLROptions options_;
};

struct MultiStepLROptions {
  std::vector<int64_t> milestones;  ///< ascending
  double gamma = 0.1;
};
/// initial * gamma^(number of milestones reached)
class TENON_API MultiStepLR : public Schedule {
 public:
  MultiStepLR(Optimizer& optimizer, MultiStepLROptions options);
  double learning_rate_at(int64_t step, double initial) const override;

 private:
  MultiStepLROptions options_;
};

struct ExponentialLROptions {
  double gamma = 0.9;
};
/// initial * gamma^step
class TENON_API ExponentialLR : public Schedule {
 public:
  ExponentialLR(Optimizer& optimizer, ExponentialLROptions options);
  double learning_rate_at(int64_t step, double initial) const override;

 private:
  ExponentialLROptions options_;
};

struct CosineAnnealingLROptions {
  int64_t steps = 1;  ///< half a period: from the initial rate to the minimum
  double min_learning_rate = 0;
};
/// min + (initial - min) * (1 + cos(pi * step / steps)) / 2. Loshchilov and Hutter 2016.
class TENON_API CosineAnnealingLR : public Schedule {
 public:
  CosineAnnealingLR(Optimizer& optimizer, CosineAnnealingLROptions options);
  double learning_rate_at(int64_t step, double initial) const override;

 private:
  CosineAnnealingLROptions options_;
};

struct LinearWarmupOptions {
  int64_t steps = 1;
  double start_factor = 1e-3;
};
/// Linearly from start_factor * initial at step 0 to initial at step `steps`, and on.
class TENON_API LinearWarmup : public Schedule {
 public:
  LinearWarmup(Optimizer& optimizer, LinearWarmupOptions options);
  double learning_rate_at(int64_t step, double initial) const override;

 private:
  LinearWarmupOptions options_;
};

/// One schedule after the other: each counts its steps from its milestone.
///
///     optim::SequentialLR schedule({100}, optim::LinearWarmup(optimizer, {.steps = 100}),
///                                  optim::CosineAnnealingLR(optimizer, {.steps = 900}));
class TENON_API SequentialLR : public Schedule {
 public:
  /// `milestones`: the steps at which the second schedule begins, the third, and so on. Throws
  /// ValueError when they aren't ascending or their number doesn't fit.
  template <class First, class... Rest>
  SequentialLR(std::vector<int64_t> milestones, First first, Rest... rest)
      : SequentialLR(first.optimizer(), std::move(milestones),
                     {std::make_shared<First>(std::move(first)),
                      std::make_shared<Rest>(std::move(rest))...}) {}
  double learning_rate_at(int64_t step, double initial) const override;

 private:
  SequentialLR(Optimizer& optimizer, std::vector<int64_t> milestones,
               std::vector<std::shared_ptr<const Schedule>> schedules);

  std::vector<int64_t> milestones_;
  std::vector<std::shared_ptr<const Schedule>> schedules_;
};

struct ReduceLROnPlateauOptions {
  double factor = 0.1;
  int64_t patience = 10;    ///< steps without improvement that are let pass
  double threshold = 1e-4;  ///< relative: what counts as an improvement
  int64_t cooldown = 0;     ///< steps after a reduction in which none are counted
  double min_learning_rate = 0;
  bool larger_is_better = false;
};

/// Multiplies the learning rates by `factor` when a metric has not improved for more than
/// `patience` steps.
class TENON_API ReduceLROnPlateau {
 public:
  ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options = {});
  /// Takes the metric of one epoch.
  void step(double metric);
  StateDict state_dict() const;
  void load_state_dict(const StateDict& state);

 private:
  bool improves(double metric) const;

  Optimizer* optimizer_;
  ReduceLROnPlateauOptions options_;
  double best_;
  int64_t bad_steps_ = 0;
  int64_t cooldown_left_ = 0;
};

}  // namespace tenon::optim
