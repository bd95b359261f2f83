#include "tenon/optim/radam.h"

#include <cmath>

#include "tenon/optim/checks_internal.h"
#include "tenon/optim/powers_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

class RAdamFormula final : public Formula {
 public:
  explicit RAdamFormula(const RAdamOptions& options) : options_(options) {
    check_decay("RAdam", "beta1", options.beta1);
    check_decay("RAdam", "beta2", options.beta2);
    check_not_negative("RAdam", "eps", options.eps);
    check_not_negative("RAdam", "weight_decay", options.weight_decay);
  }

  int variant() const override { return options_.capturable; }
  bool is_capturable() const override { return options_.capturable; }

  Names state_names() const override {
    static constexpr std::string_view kNames[] = {"exp_avg", "exp_avg_sq"};
    return kNames;
  }

  void write_program(tile::TileBuilder& t) const override {
    enum { kSign, kKeep, kDecay, kFresh1, kBeta2, kFresh2, kRectified, kEps, kStep, kOffset };
    const tile::Value p = t.load(0), m = t.load(2);
    const tile::Value g = t.multiply_add(p, t.scalar(kDecay), t.mul(t.load(1), t.scalar(kSign)));
    const tile::Value first = t.multiply_add(t.sub(g, m), t.scalar(kFresh1), m);
    const tile::Value second =
        t.multiply_add(t.load(3), t.scalar(kBeta2), t.mul(t.mul(g, g), t.scalar(kFresh2)));
    t.store(1, first);
    t.store(2, second);
    tile::Value keep = t.scalar(kKeep), rectified = t.scalar(kRectified);  // 0: not yet
    tile::Value size = t.scalar(kStep);
    if (is_capturable()) {
      const tile::Value one = t.constant(1), rate = t.load(rate_input());
      const tile::Value step = t.load(step_input());
      keep = t.sub(one, t.mul(rate, keep));
      rectified = counted_rectification(t, t.neg(rectified), t.scalar(kOffset), step);
      size = t.div(rate, one_minus_power(t, size, step));
    }
    const tile::Value factor =
        t.select(rectified, t.div(rectified, t.add(t.sqrt(second), t.scalar(kEps))), t.constant(1));
    t.store(0, t.sub(t.mul(p, keep), t.mul(size, t.mul(first, factor))));
  }

  int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const override {
    const double rate = numbers.learning_rate, decay = options_.weight_decay;
    const auto t = static_cast<double>(numbers.step);
    const bool decoupled = options_.decoupled_weight_decay;
    const double power = std::pow(options_.beta2, t), most = 2 / (1 - options_.beta2) - 1;
    const double length = most - 2 * t * power / (1 - power);
    scalars[0] = options_.maximize ? -1.0 : 1.0;
    scalars[2] = decoupled ? 0.0 : decay;
    scalars[3] = 1 - options_.beta1;
    scalars[4] = options_.beta2;
    scalars[5] = 1 - options_.beta2;
    scalars[7] = options_.eps;
    if (options_.capturable) {
      scalars[1] = decoupled ? decay : 0.0;
      scalars[6] = log_of(options_.beta2);
      scalars[8] = log_of(options_.beta1);
      scalars[9] = most + 2 / log_of(options_.beta2);
      return 10;
    }
    scalars[1] = decoupled ? 1 - rate * decay : 1.0;
    scalars[6] = length > 5 ? std::sqrt((1 - power) * (length - 4) * (length - 2) * most /
                                        ((most - 4) * (most - 2) * length))
                            : 0.0;
    scalars[8] = rate / (1 - std::pow(options_.beta1, t));
    return 9;
  }

 private:
  /// The factor of a capturable step once the variance is known, else 0. With a = -log(beta2) and
  /// x = a * step, the average's length is offset + 2 / a * (1 - x / (e^x - 1)): what is left of
  /// the most after nearly all of it was taken away, which small x have as a series.
  static tile::Value counted_rectification(tile::TileBuilder& t, tile::Value a, tile::Value offset,
                                           tile::Value step) {
    const tile::Value one = t.constant(1), two = t.constant(2), four = t.constant(4);
    const tile::Value x = t.mul(a, step), y = t.mul(x, x), scale = t.div(two, a);
    tile::Value series = t.constant(-1.0 / 47900160);
    for (const double next : {1.0 / 1209600, -1.0 / 30240, 1.0 / 720, -1.0 / 12}) {
      series = t.multiply_add(series, y, t.constant(next));
    }
    series = t.multiply_add(series, y, t.mul(x, t.constant(0.5)));
    const tile::Value part =
        t.select(t.lt(x, t.constant(0.5)), series, t.sub(one, t.div(x, t.expm1(x))));
    const tile::Value most = t.add(scale, offset), length = t.multiply_add(scale, part, offset);
    const tile::Value above = t.mul(t.mul(t.sub(length, four), t.sub(length, two)), most);
    const tile::Value below = t.mul(t.mul(t.sub(most, four), t.sub(most, two)), length);
    const tile::Value factor =
        t.sqrt(t.mul(one_minus_power(t, t.neg(a), step), t.div(above, below)));
    return t.select(t.gt(length, t.constant(5)), factor, t.constant(0));
  }

  RAdamOptions options_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const RAdamOptions& options) {
  return std::make_unique<RAdamFormula>(options);
}

RAdam::RAdam(std::vector<Tensor> parameters, RAdamOptions options)
    : RAdam(std::vector<ParameterGroup<RAdamOptions>>{{std::move(parameters), options}}) {}

RAdam::RAdam(std::vector<ParameterGroup<RAdamOptions>> groups) {
  add_groups("RAdam", std::move(groups));
}

}  // namespace tenon::optim
