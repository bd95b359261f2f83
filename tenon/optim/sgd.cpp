#include "tenon/optim/sgd.h"

#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {

SGD::SGD(std::vector<Tensor> parameters, SGDOptions options)
    : SGD(std::vector<ParameterGroup<SGDOptions>>{{std::move(parameters), options}}) {}

SGD::SGD(std::vector<ParameterGroup<SGDOptions>> groups) {
  for (ParameterGroup<SGDOptions>& group : groups) {
    const SGDOptions& options = group.options;
    check_not_negative("SGD", "momentum", options.momentum);
    check_not_negative("SGD", "weight_decay", options.weight_decay);
    if (options.nesterov && (options.momentum <= 0 || options.dampening != 0)) {
      fail<ValueError>("SGD", "nesterov needs momentum above 0 and dampening 0");
    }
    options_.push_back(options);
    add_group("SGD", std::move(group.parameters), options.learning_rate);
  }
}

std::vector<std::string_view> SGD::state_names(size_t group) const {
  if (options_[group].momentum == 0) return {};
  return {"momentum_buffer"};
}

void SGD::write_program(tile::TileBuilder& t, size_t group) const {
  enum { kStep, kSign, kDecay, kMomentum, kFresh };
  const tile::Value p = t.load(0);
  const bool capturable = is_capturable(group);
  const tile::Value rate = capturable ? t.load(rate_input(group)) : t.scalar(kStep);
  const tile::Value gradient = t.mul(t.load(1), t.scalar(kSign));
  tile::Value direction = t.multiply_add(p, t.scalar(kDecay), gradient);
  if (options_[group].momentum != 0) {
    tile::Value fresh = t.scalar(kFresh);
    if (capturable) {  // the first step takes the gradient whole
      const tile::Value one = t.constant(1);
      fresh = t.select(t.eq(t.load(step_input(group)), one), one, fresh);
    }
    const tile::Value buffer =
        t.multiply_add(t.load(2), t.scalar(kMomentum), t.mul(direction, fresh));
    t.store(1, buffer);
    direction =
        options_[group].nesterov ? t.multiply_add(buffer, t.scalar(kMomentum), direction) : buffer;
  }
  t.store(0, t.sub(p, t.mul(rate, direction)));
}

int SGD::write_scalars(size_t group, int64_t step, tile::Scalar64* scalars) const {
  const SGDOptions& options = options_[group];
  scalars[0] = learning_rate(group);
  scalars[1] = options.maximize ? -1.0 : 1.0;
  scalars[2] = options.weight_decay;
  if (options.momentum == 0) return 3;
  // The buffer is zeros before the first step, which takes the gradient whole. Nesterov has no
  // dampening, so the momentum stays for its look ahead.
  scalars[3] = options.momentum;
  scalars[4] = step == 1 && !options.capturable ? 1.0 : 1 - options.dampening;
  return 5;
}

}  // namespace tenon::optim
