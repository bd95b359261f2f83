#include "tenon/optim/adam.h"

#include <cmath>

#include "tenon/optim/checks_internal.h"
#include "tenon/optim/powers_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

/// Adam's and, decoupled, AdamW's.
class AdamFormula final : public Formula {
 public:
  AdamFormula(std::string_view name, const AdamOptions& options, bool decoupled)
      : options_(options), decoupled_(decoupled) {
    check_decay(name, "beta1", options.beta1);
    check_decay(name, "beta2", options.beta2);
    check_not_negative(name, "eps", options.eps);
    check_not_negative(name, "weight_decay", options.weight_decay);
  }

  int variant() const override {
    return options_.amsgrad | options_.capturable << 1 | decoupled_ << 2 |
           !options_.bias_correction << 3;
  }
  bool is_capturable() const override { return options_.capturable; }
  bool counts_steps() const override { return options_.bias_correction; }

  Names state_names() const override {
    static constexpr std::string_view kNames[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
    return Names(kNames).first(options_.amsgrad ? 3 : 2);
  }

  void write_program(tile::TileBuilder& t) const override {
    enum { kSign, kDecay, kFresh1, kBeta2, kFresh2, kRootScale, kEps, kStep };
    // Of capturable ones, where the others have numbers: the decay, and the logarithms of the
    // betas.
    tile::Value decay = t.scalar(kDecay), root_scale = t.scalar(kRootScale), rate = t.scalar(kStep);
    if (is_capturable()) {
      const tile::Value given = t.load(rate_input());
      if (decoupled_) decay = t.sub(t.constant(1), t.mul(given, decay));
      if (options_.bias_correction) {
        const tile::Value step = t.load(step_input());
        root_scale = t.div(t.constant(1), t.sqrt(one_minus_power(t, root_scale, step)));
        rate = t.div(given, one_minus_power(t, rate, step));
      } else {
        rate = given;
      }
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
    if (options_.amsgrad) {
      scale = t.maximum(t.load(4), second);
      t.store(3, scale);
    }
    const tile::Value root = options_.bias_correction
                                 ? t.multiply_add(t.sqrt(scale), root_scale, t.scalar(kEps))
                                 : t.add(t.sqrt(scale), t.scalar(kEps));
    t.store(0, t.sub(p, t.mul(rate, t.div(first, root))));
  }

  int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const override {
    const double rate = numbers.learning_rate, t = static_cast<double>(numbers.step);
    const bool capturable = options_.capturable, corrects = options_.bias_correction;
    const double beta1 = options_.beta1, beta2 = options_.beta2, decay = options_.weight_decay;
    scalars[0] = options_.maximize ? -1.0 : 1.0;
    scalars[1] = decoupled_ && !capturable ? 1 - rate * decay : decay;
    scalars[2] = 1 - beta1;
    scalars[3] = beta2;
    scalars[4] = 1 - beta2;
    scalars[5] = capturable || !corrects ? log_of(beta2) : 1 / std::sqrt(1 - std::pow(beta2, t));
    scalars[6] = options_.eps;
    scalars[7] = capturable ? log_of(beta1) : corrects ? rate / (1 - std::pow(beta1, t)) : rate;
    return 8;
  }

 private:
  AdamOptions options_;
  bool decoupled_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const AdamOptions& options) {
  return std::make_unique<AdamFormula>("Adam", options, false);
}

std::unique_ptr<const Formula> formula_of(const AdamWOptions& options) {
  const AdamOptions same{.learning_rate = options.learning_rate,
                         .beta1 = options.beta1,
                         .beta2 = options.beta2,
                         .eps = options.eps,
                         .weight_decay = options.weight_decay,
                         .amsgrad = options.amsgrad,
                         .maximize = options.maximize,
                         .capturable = options.capturable};
  return std::make_unique<AdamFormula>("AdamW", same, true);
}

Adam::Adam(std::vector<Tensor> parameters, AdamOptions options)
    : Adam(std::vector<ParameterGroup<AdamOptions>>{{std::move(parameters), options}}) {}

Adam::Adam(std::vector<ParameterGroup<AdamOptions>> groups) {
  add_groups("Adam", std::move(groups));
}

AdamW::AdamW(std::vector<Tensor> parameters, AdamWOptions options)
    : AdamW(std::vector<ParameterGroup<AdamWOptions>>{{std::move(parameters), options}}) {}

AdamW::AdamW(std::vector<ParameterGroup<AdamWOptions>> groups) {
  add_groups("AdamW", std::move(groups));
}

}  // namespace tenon::optim
