#include "tenon/optim/adamax.h"

#include <cmath>

#include "tenon/optim/checks_internal.h"
#include "tenon/optim/powers_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

class AdamaxFormula final : public Formula {
 public:
  explicit AdamaxFormula(const AdamaxOptions& options) : options_(options) {
    check_decay("Adamax", "beta1", options.beta1);
    check_decay("Adamax", "beta2", options.beta2);
    check_not_negative("Adamax", "eps", options.eps);
    check_not_negative("Adamax", "weight_decay", options.weight_decay);
  }

  int variant() const override { return options_.capturable; }
  bool is_capturable() const override { return options_.capturable; }

  Names state_names() const override {
    static constexpr std::string_view kNames[] = {"exp_avg", "exp_inf"};
    return kNames;
  }

  void write_program(tile::TileBuilder& t) const override {
    enum { kStep, kSign, kDecay, kFresh, kBeta2, kEps };
    // Of capturable ones, the logarithm of beta1 in place of the step's size.
    tile::Value size = t.scalar(kStep);
    if (is_capturable()) {
      size = t.div(t.load(rate_input()), one_minus_power(t, size, t.load(step_input())));
    }
    const tile::Value p = t.load(0), m = t.load(2);
    const tile::Value g = t.multiply_add(p, t.scalar(kDecay), t.mul(t.load(1), t.scalar(kSign)));
    const tile::Value first = t.multiply_add(t.sub(g, m), t.scalar(kFresh), m);
    const tile::Value largest =
        t.maximum(t.mul(t.load(3), t.scalar(kBeta2)), t.add(t.abs(g), t.scalar(kEps)));
    t.store(1, first);
    t.store(2, largest);
    t.store(0, t.sub(p, t.mul(size, t.div(first, largest))));
  }

  int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const override {
    const auto t = static_cast<double>(numbers.step);
    scalars[0] = options_.capturable ? log_of(options_.beta1)
                                     : numbers.learning_rate / (1 - std::pow(options_.beta1, t));
    scalars[1] = options_.maximize ? -1.0 : 1.0;
    scalars[2] = options_.weight_decay;
    scalars[3] = 1 - options_.beta1;
    scalars[4] = options_.beta2;
    scalars[5] = options_.eps;
    return 6;
  }

 private:
  AdamaxOptions options_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const AdamaxOptions& options) {
  return std::make_unique<AdamaxFormula>(options);
}

Adamax::Adamax(std::vector<Tensor> parameters, AdamaxOptions options)
    : Adamax(std::vector<ParameterGroup<AdamaxOptions>>{{std::move(parameters), options}}) {}

Adamax::Adamax(std::vector<ParameterGroup<AdamaxOptions>> groups) {
  add_groups("Adamax", std::move(groups));
}

}  // namespace tenon::optim
