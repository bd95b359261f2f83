#include "tenon/optim/rmsprop.h"

#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

class RMSpropFormula final : public Formula {
 public:
  explicit RMSpropFormula(const RMSpropOptions& options) : options_(options) {
    check_not_negative("RMSprop", "alpha", options.alpha);
    check_not_negative("RMSprop", "eps", options.eps);
    check_not_negative("RMSprop", "weight_decay", options.weight_decay);
    check_not_negative("RMSprop", "momentum", options.momentum);
  }

  int variant() const override {
    return (options_.momentum != 0) | options_.centered << 1 | options_.capturable << 2;
  }
  bool is_capturable() const override { return options_.capturable; }

  Names state_names() const override {
    static constexpr std::string_view kWithMomentum[] = {"square_avg", "momentum_buffer",
                                                         "grad_avg"};
    static constexpr std::string_view kWithout[] = {"square_avg", "grad_avg"};
    const Names all = options_.momentum != 0 ? Names(kWithMomentum) : Names(kWithout);
    return all.first(all.size() - (options_.centered ? 0 : 1));
  }

  void write_program(tile::TileBuilder& t) const override {
    enum { kStep, kSign, kDecay, kAlpha, kFresh, kEps, kMomentum };
    const bool has_momentum = options_.momentum != 0;
    const tile::Value p = t.load(0);
    const tile::Value g = t.multiply_add(p, t.scalar(kDecay), t.mul(t.load(1), t.scalar(kSign)));
    const tile::Value alpha = t.scalar(kAlpha), fresh = t.scalar(kFresh);
    const tile::Value square = t.multiply_add(t.load(2), alpha, t.mul(t.mul(g, g), fresh));
    t.store(1, square);
    tile::Value variance = square;
    if (options_.centered) {
      const int slot = has_momentum ? 3 : 2;
      const tile::Value old_mean = t.load(slot + 1);
      const tile::Value mean = t.multiply_add(t.sub(g, old_mean), fresh, old_mean);
      t.store(slot, mean);
      variance = t.sub(square, t.mul(mean, mean));
    }
    tile::Value direction = t.div(g, t.add(t.sqrt(variance), t.scalar(kEps)));
    if (has_momentum) {
      direction = t.multiply_add(t.load(3), t.scalar(kMomentum), direction);
      t.store(2, direction);
    }
    const tile::Value rate = is_capturable() ? t.load(rate_input()) : t.scalar(kStep);
    t.store(0, t.sub(p, t.mul(rate, direction)));
  }

  int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const override {
    scalars[0] = numbers.learning_rate;
    scalars[1] = options_.maximize ? -1.0 : 1.0;
    scalars[2] = options_.weight_decay;
    scalars[3] = options_.alpha;
    scalars[4] = 1 - options_.alpha;
    scalars[5] = options_.eps;
    if (options_.momentum == 0) return 6;
    scalars[6] = options_.momentum;
    return 7;
  }

 private:
  RMSpropOptions options_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const RMSpropOptions& options) {
  return std::make_unique<RMSpropFormula>(options);
}

RMSprop::RMSprop(std::vector<Tensor> parameters, RMSpropOptions options)
    : RMSprop(std::vector<ParameterGroup<RMSpropOptions>>{{std::move(parameters), options}}) {}

RMSprop::RMSprop(std::vector<ParameterGroup<RMSpropOptions>> groups) {
  add_groups("RMSprop", std::move(groups));
}

}  // namespace tenon::optim
