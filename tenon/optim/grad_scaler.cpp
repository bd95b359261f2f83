#include "tenon/optim/grad_scaler.h"

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/checks_internal.h"
#include "tenon/optim/optimizer.h"

namespace tenon::optim {
namespace {

/// A sum is finite where all of its terms are, unless it overflows; then they are looked at.
bool is_finite(const Tensor& tensor) {
  return std::isfinite(sum(tensor).item().to_double()) || all(isfinite(tensor)).item<bool>();
}

}  // namespace

bool unscale(TensorList gradients, double scale) {
  const NoGrad no_grad;
  bool finite = true;
  for (const Tensor& gradient : gradients) {
    if (!gradient.defined()) continue;
    gradient.mul_(1 / scale);
    finite = finite && is_finite(gradient);
  }
  return finite;
}

GradScaler::GradScaler(GradScalerOptions options) : options_(options), scale_(options.init_scale) {
  if (!(options.init_scale > 0) || !(options.growth_factor > 1) ||
      !(options.backoff_factor > 0 && options.backoff_factor < 1) || options.growth_interval < 1) {
    fail<ValueError>("GradScaler",
                     "expected init_scale > 0, growth_factor > 1, 0 < backoff_factor < 1 and "
                     "growth_interval > 0");
  }
}

Tensor GradScaler::scale(const Tensor& loss) const {
  return options_.enabled ? loss * scale_ : loss;
}

void GradScaler::unscale_(const Optimizer& optimizer) {
  if (!options_.enabled) return;
  const auto [at, is_new] = progress_.try_emplace(&optimizer);
  if (!is_new) {
    fail<ValueError>(
        "GradScaler::unscale_",
        at->second.stepped
            ? "the optimizer has stepped since the last update(); unscale before step()"
            : "the gradients were divided already since the last update()");
  }
  std::vector<Tensor> gradients;
  for (const Tensor& parameter : optimizer.parameters()) gradients.push_back(parameter.grad());
  at->second.finite = unscale(gradients, scale_);
}

bool GradScaler::step(Optimizer& optimizer) {
  if (!options_.enabled) {
    optimizer.step();
    return true;
  }
  if (!progress_.contains(&optimizer)) unscale_(optimizer);
  Progress& progress = progress_.at(&optimizer);
  if (progress.stepped) {
    fail<ValueError>("GradScaler::step", "called twice since the last update()");
  }
  progress.stepped = true;
  if (progress.finite) optimizer.step();
  return progress.finite;
}

void GradScaler::update() {
  if (!options_.enabled) return;
  if (progress_.empty()) {
    fail<ValueError>("GradScaler::update", "no optimizer was unscaled or stepped since the last");
  }
  bool finite = true;
  for (const auto& [optimizer, progress] : progress_) finite = finite && progress.finite;
  progress_.clear();
  if (!finite) {
    scale_ *= options_.backoff_factor;
    growth_tracker_ = 0;
  } else if (++growth_tracker_ == options_.growth_interval) {
    scale_ *= options_.growth_factor;
    growth_tracker_ = 0;
  }
}

StateDict GradScaler::state_dict() const {
  StateDict state;
  state.add("scale", full({}, scale_, kFloat64));
  state.add("growth_tracker", full({}, growth_tracker_, kInt64));
  return state;
}

void GradScaler::load_state_dict(const StateDict& state) {
  constexpr std::string_view kCall = "GradScaler::load_state_dict";
  const double scale = number_in(state, kCall, "scale").to_double();
  growth_tracker_ = number_in(state, kCall, "growth_tracker").to_int();
  scale_ = scale;
}

}  // namespace tenon::optim
