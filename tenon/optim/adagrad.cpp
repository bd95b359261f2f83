#include "tenon/optim/adagrad.h"

#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {

Adagrad::Adagrad(std::vector<Tensor> parameters, AdagradOptions options)
    : Adagrad(std::vector<ParameterGroup<AdagradOptions>>{{std::move(parameters), options}}) {}

Adagrad::Adagrad(std::vector<ParameterGroup<AdagradOptions>> groups) {
  for (ParameterGroup<AdagradOptions>& group : groups) {
    const AdagradOptions& options = group.options;
    check_not_negative("Adagrad", "learning_rate_decay", options.learning_rate_decay);
    check_not_negative("Adagrad", "weight_decay", options.weight_decay);
    check_not_negative("Adagrad", "initial_accumulator_value", options.initial_accumulator_value);
    check_not_negative("Adagrad", "eps", options.eps);
    options_.push_back(options);
    add_group("Adagrad", std::move(group.parameters), options.learning_rate);
  }
}

std::vector<std::string_view> Adagrad::state_names(size_t) const { return {"sum"}; }

double Adagrad::initial_state(size_t group, size_t) const {
  return options_[group].initial_accumulator_value;
}

void Adagrad::write_program(tile::TileBuilder& t, size_t group) const {
  enum { kStep, kDecay, kEps };
  // Of capturable ones, the decay in place of the decayed rate.
  tile::Value rate = t.scalar(kStep);
  if (is_capturable(group)) {
    const tile::Value one = t.constant(1), past = t.sub(t.load(step_input(group)), one);
    rate = t.div(t.load(rate_input(group)), t.multiply_add(past, rate, one));
  }
  const tile::Value p = t.load(0);
  const tile::Value g = t.multiply_add(p, t.scalar(kDecay), t.load(1));
  const tile::Value sum = t.multiply_add(g, g, t.load(2));
  t.store(1, sum);
  t.store(0, t.sub(p, t.mul(rate, t.div(g, t.add(t.sqrt(sum), t.scalar(kEps))))));
}

int Adagrad::write_scalars(size_t group, int64_t step, tile::Scalar64* scalars) const {
  const AdagradOptions& options = options_[group];
  const double past = static_cast<double>(step - 1);
  scalars[0] = options.capturable ? options.learning_rate_decay
                                  : learning_rate(group) / (1 + past * options.learning_rate_decay);
  scalars[1] = options.weight_decay;
  scalars[2] = options.eps;
  return 3;
}

}  // namespace tenon::optim
