#include "tenon/optim/adam.h"

#include <cmath>

#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

/// log(beta), of which 1 - beta^t is made with more digits than of beta itself; of 0, one low
/// enough.
double log_of(double beta) { return beta == 0 ? -1e4 : std::log(beta); }

/// 1 - beta^step.
tile::Value one_minus_power(tile::TileBuilder& t, tile::Value log_beta, tile::Value step) {
  return t.neg(t.expm1(t.mul(step, log_beta)));
}

std::vector<ParameterGroup<AdamOptions>> as_adam(std::vector<ParameterGroup<AdamWOptions>> groups) {
  std::vector<ParameterGroup<AdamOptions>> result;
  for (ParameterGroup<AdamWOptions>& group : groups) {
    const AdamWOptions& from = group.options;
    result.push_back({std::move(group.parameters),
                      {.learning_rate = from.learning_rate,
                       .beta1 = from.beta1,
                       .beta2 = from.beta2,
                       .eps = from.eps,
                       .weight_decay = from.weight_decay,
                       .amsgrad = from.amsgrad,
                       .maximize = from.maximize,
                       .capturable = from.capturable}});
  }
  return result;
}

}  // namespace

Adam::Adam(std::vector<Tensor> parameters, AdamOptions options)
    : Adam(std::vector<ParameterGroup<AdamOptions>>{{std::move(parameters), options}}) {}

Adam::Adam(std::vector<ParameterGroup<AdamOptions>> groups)
    : Adam("Adam", std::move(groups), false) {}

Adam::Adam(std::string_view name, std::vector<ParameterGroup<AdamOptions>> groups, bool decoupled)
    : decoupled_(decoupled) {
  for (ParameterGroup<AdamOptions>& group : groups) {
    const AdamOptions& options = group.options;
    check_decay(name, "beta1", options.beta1);
    check_decay(name, "beta2", options.beta2);
    check_not_negative(name, "eps", options.eps);
    check_not_negative(name, "weight_decay", options.weight_decay);
    options_.push_back(options);
    add_group(name, std::move(group.parameters), options.learning_rate);
  }
}

AdamW::AdamW(std::vector<Tensor> parameters, AdamWOptions options)
    : AdamW(std::vector<ParameterGroup<AdamWOptions>>{{std::move(parameters), options}}) {}

AdamW::AdamW(std::vector<ParameterGroup<AdamWOptions>> groups)
    : Adam("AdamW", as_adam(std::move(groups)), true) {}

std::vector<std::string_view> Adam::state_names(size_t group) const {
  if (options_[group].amsgrad) return {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
  return {"exp_avg", "exp_avg_sq"};
}

void Adam::write_program(tile::TileBuilder& t, size_t group) const {
  enum { kSign, kDecay, kFresh1, kBeta2, kFresh2, kRootScale, kEps, kStep };
  // Of capturable ones, where the others have numbers: the decay, and the logarithms of the betas.
  tile::Value decay = t.scalar(kDecay), root_scale = t.scalar(kRootScale), rate = t.scalar(kStep);
  if (is_capturable(group)) {
    const tile::Value given = t.load(rate_input(group)), step = t.load(step_input(group));
    if (decoupled_) decay = t.sub(t.constant(1), t.mul(given, decay));
    root_scale = t.div(t.constant(1), t.sqrt(one_minus_power(t, root_scale, step)));
    rate = t.div(given, one_minus_power(t, rate, step));
  }
  tile::Value p = t.load(0);
  tile::Value g = t.mul(t.load(1), t.scalar(kSign));
  if (decoupled_) {
    p = t.mul(p, decay);
  } else {
    g = t.multiply_add(p, decay, g);
  }
  const tile::Value m = t.load(2);
  const tile::Value first = t.multiply_add(t.sub(g, m), t.scalar(kFresh1), m);
  const tile::Value second =
      t.multiply_add(t.load(3), t.scalar(kBeta2), t.mul(t.mul(g, g), t.scalar(kFresh2)));
  t.store(1, first);
  t.store(2, second);
  tile::Value scale = second;
  if (options_[group].amsgrad) {
    scale = t.maximum(t.load(4), second);
    t.store(3, scale);
  }
  const tile::Value root = t.multiply_add(t.sqrt(scale), root_scale, t.scalar(kEps));
  t.store(0, t.sub(p, t.mul(rate, t.div(first, root))));
}

int Adam::write_scalars(size_t group, int64_t step, tile::Scalar64* scalars) const {
  const AdamOptions& options = options_[group];
  const double rate = learning_rate(group), t = static_cast<double>(step);
  scalars[0] = options.maximize ? -1.0 : 1.0;
  const bool capturable = options.capturable;
  scalars[1] = decoupled_ && !capturable ? 1 - rate * options.weight_decay : options.weight_decay;
  scalars[2] = 1 - options.beta1;
  scalars[3] = options.beta2;
  scalars[4] = 1 - options.beta2;
  scalars[5] = capturable ? log_of(options.beta2) : 1 / std::sqrt(1 - std::pow(options.beta2, t));
  scalars[6] = options.eps;
  scalars[7] = capturable ? log_of(options.beta1) : rate / (1 - std::pow(options.beta1, t));
  return 8;
}

}  // namespace tenon::optim
