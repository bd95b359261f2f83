#include "tenon/optim/asgd.h"

#include <algorithm>
#include <cmath>

#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

class ASGDFormula final : public Formula {
 public:
  explicit ASGDFormula(const ASGDOptions& options) : options_(options) {
    check_not_negative("ASGD", "weight_decay", options.weight_decay);
  }

  int variant() const override { return options_.capturable; }
  bool is_capturable() const override { return options_.capturable; }

  Names state_names() const override {
    static constexpr std::string_view kNames[] = {"ax"};
    return kNames;
  }
  Names number_names() const override {
    static constexpr std::string_view kNames[] = {"eta", "mu"};
    return kNames;
  }
  double initial_number(size_t number, double learning_rate) const override {
    return number == 0 ? learning_rate : 1;
  }

  void write_program(tile::TileBuilder& t) const override {
    enum { kSign, kDecay, kKeep, kEta, kMu };
    const tile::Value p = t.load(0), mean = t.load(2);
    // Of capturable ones, lambd in place of what it keeps.
    tile::Value keep = t.scalar(kKeep), eta, mu;
    if (is_capturable()) {
      eta = t.load(number_input(0));
      mu = t.load(number_input(1));
      keep = t.sub(t.constant(1), t.mul(keep, eta));
    } else {
      eta = t.scalar(kEta);
      mu = t.scalar(kMu);
    }
    const tile::Value g = t.multiply_add(p, t.scalar(kDecay), t.mul(t.load(1), t.scalar(kSign)));
    const tile::Value after = t.sub(t.mul(p, keep), t.mul(eta, g));
    t.store(0, after);
    t.store(1,
            t.select(t.eq(mu, t.constant(1)), after, t.multiply_add(t.sub(after, mean), mu, mean)));
  }

  int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const override {
    double &eta = numbers.numbers[0], &mu = numbers.numbers[1];
    const double rate = numbers.learning_rate;
    const auto t = static_cast<double>(numbers.step);
    scalars[0] = options_.maximize ? -1.0 : 1.0;
    scalars[1] = options_.weight_decay;
    scalars[2] = options_.lambd;
    if (options_.capturable) return 3;
    scalars[2] = 1 - options_.lambd * eta;
    scalars[3] = eta;
    scalars[4] = mu;
    eta = rate / std::pow(1 + options_.lambd * rate * t, options_.alpha);
    mu = 1 / std::max(1.0, t - options_.t0);
    return 5;
  }

  bool starts_from_rate() const override { return true; }
  void move_on(const Tensor& rate, const Tensor& step,
               std::span<const Tensor> numbers) const override {
    Tensor eta = numbers[0], mu = numbers[1];
    eta.copy_(rate / pow(rate * options_.lambd * step + 1, options_.alpha));
    mu.copy_(reciprocal(clamp_min(step - options_.t0, 1)));
  }

 private:
  ASGDOptions options_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const ASGDOptions& options) {
  return std::make_unique<ASGDFormula>(options);
}

ASGD::ASGD(std::vector<Tensor> parameters, ASGDOptions options)
    : ASGD(std::vector<ParameterGroup<ASGDOptions>>{{std::move(parameters), options}}) {}

ASGD::ASGD(std::vector<ParameterGroup<ASGDOptions>> groups) {
  add_groups("ASGD", std::move(groups));
}

}  // namespace tenon::optim
