#include "tenon/optim/rprop.h"

#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

class RpropFormula final : public Formula {
 public:
  explicit RpropFormula(const RpropOptions& options) : options_(options) {
    if (!(0 < options.eta_minus && options.eta_minus < 1 && options.eta_plus > 1)) {
      fail<ValueError>("Rprop", "expected 0 < eta_minus < 1 < eta_plus, got " +
                                    std::to_string(options.eta_minus) + " and " +
                                    std::to_string(options.eta_plus));
    }
  }

  int variant() const override { return options_.capturable; }
  bool is_capturable() const override { return options_.capturable; }

  Names state_names() const override {
    static constexpr std::string_view kNames[] = {"prev", "step_size"};
    return kNames;
  }
  bool starts_from_rate() const override { return true; }
  double initial_state(size_t number, double learning_rate) const override {
    return number == 0 ? 0 : learning_rate;
  }

  void write_program(tile::TileBuilder& t) const override {
    enum { kSign, kMinus, kPlus, kSmallest, kLargest };
    const tile::Value p = t.load(0), zero = t.constant(0);
    const tile::Value g = t.mul(t.load(1), t.scalar(kSign));
    const tile::Value agreement = t.mul(g, t.load(2)), turned = t.lt(agreement, zero);
    const tile::Value factor = t.select(t.gt(agreement, zero), t.scalar(kPlus),
                                        t.select(turned, t.scalar(kMinus), t.constant(1)));
    const tile::Value size =
        t.minimum(t.maximum(t.mul(t.load(3), factor), t.scalar(kSmallest)), t.scalar(kLargest));
    const tile::Value followed = t.select(turned, zero, g);
    t.store(1, followed);
    t.store(2, size);
    t.store(0, t.sub(p, t.mul(t.sign(followed), size)));
  }

  int write_scalars(const UpdateNumbers&, tile::Scalar64* scalars) const override {
    scalars[0] = options_.maximize ? -1.0 : 1.0;
    scalars[1] = options_.eta_minus;
    scalars[2] = options_.eta_plus;
    scalars[3] = options_.smallest_step;
    scalars[4] = options_.largest_step;
    return 5;
  }

 private:
  RpropOptions options_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const RpropOptions& options) {
  return std::make_unique<RpropFormula>(options);
}

Rprop::Rprop(std::vector<Tensor> parameters, RpropOptions options)
    : Rprop(std::vector<ParameterGroup<RpropOptions>>{{std::move(parameters), options}}) {}

Rprop::Rprop(std::vector<ParameterGroup<RpropOptions>> groups) {
  add_groups("Rprop", std::move(groups));
}

}  // namespace tenon::optim
