#include "tenon/optim/rmsprop.h"

#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {

RMSprop::RMSprop(std::vector<Tensor> parameters, RMSpropOptions options)
    : RMSprop(std::vector<ParameterGroup<RMSpropOptions>>{{std::move(parameters), options}}) {}

RMSprop::RMSprop(std::vector<ParameterGroup<RMSpropOptions>> groups) {
  for (ParameterGroup<RMSpropOptions>& group : groups) {
    const RMSpropOptions& options = group.options;
    check_not_negative("RMSprop", "alpha", options.alpha);
    check_not_negative("RMSprop", "eps", options.eps);
    check_not_negative("RMSprop", "weight_decay", options.weight_decay);
    check_not_negative("RMSprop", "momentum", options.momentum);
    options_.push_back(options);
    add_group("RMSprop", std::move(group.parameters), options.learning_rate);
  }
}

std::vector<std::string_view> RMSprop::state_names(size_t group) const {
  std::vector<std::string_view> names{"square_avg"};
  if (options_[group].momentum != 0) names.push_back("momentum_buffer");
  if (options_[group].centered) names.push_back("grad_avg");
  return names;
}

void RMSprop::write_program(tile::TileBuilder& t, size_t group) const {
  enum { kStep, kDecay, kAlpha, kFresh, kEps, kMomentum };
  const bool has_momentum = options_[group].momentum != 0;
  const tile::Value p = t.load(0);
  const tile::Value g = t.multiply_add(p, t.scalar(kDecay), t.load(1));
  const tile::Value alpha = t.scalar(kAlpha), fresh = t.scalar(kFresh);
  const tile::Value square = t.multiply_add(t.load(2), alpha, t.mul(t.mul(g, g), fresh));
  t.store(1, square);
  tile::Value variance = square;
  if (options_[group].centered) {
    const int slot = has_momentum ? 3 : 2;
    const tile::Value old_mean = t.load(slot + 1);
    const tile::Value mean = t.multiply_add(t.sub(g, old_mean), fresh, old_mean);
    t.store(slot, mean);
    variance = t.sub(square, t.mul(mean, mean));
  }
  tile::Value direction = t.div(g, t.add(t.sqrt(variance), t.scalar(kEps)));
  if (has_momentum) {
    direction = t.multiply_add(t.load(3), t.scalar(kMomentum), direction);
    t.store(2, direction);
  }
  const tile::Value rate = is_capturable(group) ? t.load(rate_input(group)) : t.scalar(kStep);
  t.store(0, t.sub(p, t.mul(rate, direction)));
}

int RMSprop::write_scalars(size_t group, int64_t, tile::Scalar64* scalars) const {
  const RMSpropOptions& options = options_[group];
  scalars[0] = learning_rate(group);
  scalars[1] = options.weight_decay;
  scalars[2] = options.alpha;
  scalars[3] = 1 - options.alpha;
  scalars[4] = options.eps;
  if (options.momentum == 0) return 5;
  scalars[5] = options.momentum;
  return 6;
}

}  // namespace tenon::optim
