#include "tenon/optim/adadelta.h"

#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

class AdadeltaFormula final : public Formula {
 public:
  explicit AdadeltaFormula(const AdadeltaOptions& options) : options_(options) {
    check_not_negative("Adadelta", "eps", options.eps);
    check_not_negative("Adadelta", "weight_decay", options.weight_decay);
    if (!(options.rho >= 0 && options.rho <= 1)) {
      fail<ValueError>("Adadelta", "expected rho in [0, 1], got " + std::to_string(options.rho));
    }
  }

  int variant() const override { return options_.capturable; }
  bool is_capturable() const override { return options_.capturable; }

  Names state_names() const override {
    static constexpr std::string_view kNames[] = {"square_avg", "acc_delta"};
    return kNames;
  }

  void write_program(tile::TileBuilder& t) const override {
    enum { kStep, kSign, kDecay, kRho, kFresh, kEps };
    const tile::Value p = t.load(0), rho = t.scalar(kRho), fresh = t.scalar(kFresh);
    const tile::Value eps = t.scalar(kEps);
    const tile::Value g = t.multiply_add(p, t.scalar(kDecay), t.mul(t.load(1), t.scalar(kSign)));
    const tile::Value squares = t.multiply_add(t.load(2), rho, t.mul(t.mul(g, g), fresh));
    const tile::Value steps = t.load(3);
    const tile::Value size = t.div(t.sqrt(t.add(steps, eps)), t.sqrt(t.add(squares, eps)));
    const tile::Value step = t.mul(size, g);
    const tile::Value rate = is_capturable() ? t.load(rate_input()) : t.scalar(kStep);
    t.store(1, squares);
    t.store(2, t.multiply_add(steps, rho, t.mul(t.mul(step, step), fresh)));
    t.store(0, t.sub(p, t.mul(rate, step)));
  }

  int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const override {
    scalars[0] = numbers.learning_rate;
    scalars[1] = options_.maximize ? -1.0 : 1.0;
    scalars[2] = options_.weight_decay;
    scalars[3] = options_.rho;
    scalars[4] = 1 - options_.rho;
    scalars[5] = options_.eps;
    return 6;
  }

 private:
  AdadeltaOptions options_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const AdadeltaOptions& options) {
  return std::make_unique<AdadeltaFormula>(options);
}

Adadelta::Adadelta(std::vector<Tensor> parameters, AdadeltaOptions options)
    : Adadelta(std::vector<ParameterGroup<AdadeltaOptions>>{{std::move(parameters), options}}) {}

Adadelta::Adadelta(std::vector<ParameterGroup<AdadeltaOptions>> groups) {
  add_groups("Adadelta", std::move(groups));
}

}  // namespace tenon::optim
