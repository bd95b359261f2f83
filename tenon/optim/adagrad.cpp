#include "tenon/optim/adagrad.h"

#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

class AdagradFormula final : public Formula {
 public:
  explicit AdagradFormula(const AdagradOptions& options) : options_(options) {
    check_not_negative("Adagrad", "learning_rate_decay", options.learning_rate_decay);
    check_not_negative("Adagrad", "weight_decay", options.weight_decay);
    check_not_negative("Adagrad", "initial_accumulator_value", options.initial_accumulator_value);
    check_not_negative("Adagrad", "eps", options.eps);
  }

  int variant() const override { return options_.capturable; }
  bool is_capturable() const override { return options_.capturable; }

  Names state_names() const override {
    static constexpr std::string_view kNames[] = {"sum"};
    return kNames;
  }
  double initial_state(size_t, double) const override { return options_.initial_accumulator_value; }

  void write_program(tile::TileBuilder& t) const override {
    enum { kStep, kSign, kDecay, kEps };
    // Of capturable ones, the decay in place of the decayed rate.
    tile::Value rate = t.scalar(kStep);
    if (is_capturable()) {
      const tile::Value one = t.constant(1), past = t.sub(t.load(step_input()), one);
      rate = t.div(t.load(rate_input()), t.multiply_add(past, rate, one));
    }
    const tile::Value p = t.load(0);
    const tile::Value g = t.multiply_add(p, t.scalar(kDecay), t.mul(t.load(1), t.scalar(kSign)));
    const tile::Value sum = t.multiply_add(g, g, t.load(2));
    t.store(1, sum);
    t.store(0, t.sub(p, t.mul(rate, t.div(g, t.add(t.sqrt(sum), t.scalar(kEps))))));
  }

  int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const override {
    const double past = static_cast<double>(numbers.step - 1), decay = options_.learning_rate_decay;
    scalars[0] = options_.capturable ? decay : numbers.learning_rate / (1 + past * decay);
    scalars[1] = options_.maximize ? -1.0 : 1.0;
    scalars[2] = options_.weight_decay;
    scalars[3] = options_.eps;
    return 4;
  }

 private:
  AdagradOptions options_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const AdagradOptions& options) {
  return std::make_unique<AdagradFormula>(options);
}

Adagrad::Adagrad(std::vector<Tensor> parameters, AdagradOptions options)
    : Adagrad(std::vector<ParameterGroup<AdagradOptions>>{{std::move(parameters), options}}) {}

Adagrad::Adagrad(std::vector<ParameterGroup<AdagradOptions>> groups) {
  add_groups("Adagrad", std::move(groups));
}

}  // namespace tenon::optim
