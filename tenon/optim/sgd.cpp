#include "tenon/optim/sgd.h"

#include "tenon/optim/checks_internal.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/launch.h"

namespace tenon::optim {
namespace {

using Names = std::span<const std::string_view>;

class SGDFormula final : public Formula {
 public:
  explicit SGDFormula(const SGDOptions& options) : options_(options) {
    check_not_negative("SGD", "momentum", options.momentum);
    check_not_negative("SGD", "weight_decay", options.weight_decay);
    if (options.nesterov && (options.momentum <= 0 || options.dampening != 0)) {
      fail<ValueError>("SGD", "nesterov needs momentum above 0 and dampening 0");
    }
  }

  int variant() const override {
    return (options_.momentum != 0) | options_.nesterov << 1 | options_.capturable << 2;
  }
  bool counts_steps() const override { return options_.capturable && options_.momentum != 0; }
  bool is_capturable() const override { return options_.capturable; }

  Names state_names() const override {
    static constexpr std::string_view kNames[] = {"momentum_buffer"};
    return options_.momentum != 0 ? Names(kNames) : Names();
  }

  void write_program(tile::TileBuilder& t) const override {
    enum { kStep, kSign, kDecay, kMomentum, kFresh };
    const tile::Value p = t.load(0);
    const bool capturable = is_capturable();
    const tile::Value rate = capturable ? t.load(rate_input()) : t.scalar(kStep);
    const tile::Value gradient = t.mul(t.load(1), t.scalar(kSign));
    tile::Value direction = t.multiply_add(p, t.scalar(kDecay), gradient);
    if (options_.momentum != 0) {
      tile::Value fresh = t.scalar(kFresh);
      if (capturable) {  // the first step takes the gradient whole
        const tile::Value one = t.constant(1);
        fresh = t.select(t.eq(t.load(step_input()), one), one, fresh);
      }
      const tile::Value buffer =
          t.multiply_add(t.load(2), t.scalar(kMomentum), t.mul(direction, fresh));
      t.store(1, buffer);
      direction =
          options_.nesterov ? t.multiply_add(buffer, t.scalar(kMomentum), direction) : buffer;
    }
    t.store(0, t.sub(p, t.mul(rate, direction)));
  }

  int write_scalars(const UpdateNumbers& numbers, tile::Scalar64* scalars) const override {
    scalars[0] = numbers.learning_rate;
    scalars[1] = options_.maximize ? -1.0 : 1.0;
    scalars[2] = options_.weight_decay;
    if (options_.momentum == 0) return 3;
    // The buffer is zeros before the first step, which takes the gradient whole. Nesterov has no
    // dampening, so the momentum stays for its look ahead.
    scalars[3] = options_.momentum;
    scalars[4] = numbers.step == 1 && !options_.capturable ? 1.0 : 1 - options_.dampening;
    return 5;
  }

 private:
  SGDOptions options_;
};

}  // namespace

std::unique_ptr<const Formula> formula_of(const SGDOptions& options) {
  return std::make_unique<SGDFormula>(options);
}

SGD::SGD(std::vector<Tensor> parameters, SGDOptions options)
    : SGD(std::vector<ParameterGroup<SGDOptions>>{{std::move(parameters), options}}) {}

SGD::SGD(std::vector<ParameterGroup<SGDOptions>> groups) { add_groups("SGD", std::move(groups)); }

}  // namespace tenon::optim
