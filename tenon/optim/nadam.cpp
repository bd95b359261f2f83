#include "tenon/optim/nadam.h"

#include <cmath>

#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/checks_internal.h"
#include "tenon/optim/powers_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

class NAdamFormula final : public Formula {
 public:
  explicit NAdamFormula(const NAdamOptions& options) : options_(options) {
    check_decay("NAdam", "beta1", options.beta1);
    check_decay("NAdam", "beta2", options.beta2);
    check_not_negative("NAdam", "eps", options.eps);
    check_not_negative("NAdam", "weight_decay", options.weight_decay);
    check_not_negative("NAdam", "momentum_decay", options.momentum_decay);
  }

  int variant() const override { return options_.capturable; }
  bool is_capturable() const override { return options_.capturable; }

  Names state_names() const override {
    static constexpr std::string_view kNames[] = {"exp_avg", "exp_avg_sq"};
    return kNames;
  }
  Names number_names() const override {
    static constexpr std::string_view kNames[] = {"mu_product"};
    return kNames;
  }
  double initial_number(size_t, double) const override { return 1; }

  void write_program(tile::TileBuilder& t) const override {
    const Factors factors = is_capturable() ? counted_factors(t)
                                            : Factors{t.scalar(kKeep), t.scalar(kRootScale),
                                                      t.scalar(kNow), t.scalar(kAhead)};
    const tile::Value p = t.load(0), m = t.load(2);
    const tile::Value g = t.multiply_add(p, t.scalar(kDecay), t.mul(t.load(1), t.scalar(kSign)));
    const tile::Value first = t.multiply_add(t.sub(g, m), t.scalar(kFresh1), m);
    const tile::Value second =
        t.multiply_add(t.load(3), t.scalar(kBeta2), t.mul(t.mul(g, g), t.scalar(kFresh2)));
    t.store(1, first);
    t.store(2, second);
    const tile::Value root = t.multiply_add(t.sqrt(second), factors.root, t.scalar(kEps));
    const tile::Value direction = t.multiply_add(first, factors.ahead, t.mul(g, factors.now));
    t.store(0, t.sub(t.mul(p, factors.keep), t.div(direction, root)));
  }

  int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const override {
    const double rate = numbers.learning_rate, decay = options_.weight_decay;
    const auto t = static_cast<double>(numbers.step);
    const bool decoupled = options_.decoupled_weight_decay;
    scalars[0] = options_.maximize ? -1.0 : 1.0;
    scalars[2] = decoupled ? 0.0 : decay;
    scalars[3] = 1 - options_.beta1;
    scalars[4] = options_.beta2;
    scalars[5] = 1 - options_.beta2;
    scalars[7] = options_.eps;
    if (options_.capturable) {
      scalars[1] = decoupled ? decay : 0.0;
      scalars[6] = log_of(options_.beta2);
      scalars[8] = options_.beta1;
      scalars[9] = log_of_decay();
      return 10;
    }
    const double now = momentum_at(t), next = momentum_at(t + 1);
    const double product = numbers.numbers[0] *= now;
    scalars[1] = decoupled ? 1 - rate * decay : 1.0;
    scalars[6] = 1 / std::sqrt(1 - std::pow(options_.beta2, t));
    scalars[8] = rate * (1 - now) / (1 - product);
    scalars[9] = rate * next / (1 - product * next);
    return 10;
  }

  void move_on(const Tensor&, const Tensor& step, std::span<const Tensor> numbers) const override {
    Tensor product = numbers[0];
    product.mul_((1 - exp(step * log_of_decay()) * 0.5) * options_.beta1);
  }

 private:
  enum { kSign, kKeep, kDecay, kFresh1, kBeta2, kFresh2, kRootScale, kEps, kNow, kAhead };
  struct Factors {
    tile::Value keep, root, now, ahead;
  };

  /// Of capturable ones, which have the decay, the logarithm of beta2, beta1 and `log_of_decay` in
  /// the factors' places.
  Factors counted_factors(tile::TileBuilder& t) const {
    const tile::Value one = t.constant(1), rate = t.load(rate_input()), step = t.load(step_input());
    const tile::Value decay = t.scalar(kKeep), log_beta2 = t.scalar(kRootScale);
    const tile::Value beta1 = t.scalar(kNow), log_decay = t.scalar(kAhead);
    const auto momentum_at = [&](tile::Value at) {
      return t.mul(beta1, t.sub(one, t.mul(t.constant(0.5), t.exp(t.mul(at, log_decay)))));
    };
    const tile::Value now = momentum_at(step), next = momentum_at(t.add(step, one));
    const tile::Value product = t.mul(t.load(number_input(0)), now);
    return {.keep = t.sub(one, t.mul(rate, decay)),
            .root = t.div(one, t.sqrt(one_minus_power(t, log_beta2, step))),
            .now = t.div(t.mul(rate, t.sub(one, now)), t.sub(one, product)),
            .ahead = t.div(t.mul(rate, next), t.sub(one, t.mul(product, next)))};
  }

  double log_of_decay() const { return options_.momentum_decay * std::log(0.96); }
  double momentum_at(double step) const {
    return options_.beta1 * (1 - 0.5 * std::pow(0.96, step * options_.momentum_decay));
  }

  NAdamOptions options_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const NAdamOptions& options) {
  return std::make_unique<NAdamFormula>(options);
}

NAdam::NAdam(std::vector<Tensor> parameters, NAdamOptions options)
    : NAdam(std::vector<ParameterGroup<NAdamOptions>>{{std::move(parameters), options}}) {}

NAdam::NAdam(std::vector<ParameterGroup<NAdamOptions>> groups) {
  add_groups("NAdam", std::move(groups));
}

}  // namespace tenon::optim
