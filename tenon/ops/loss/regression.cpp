#include <fmt/format.h>

#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/loss/reduction_internal.h"

// Losses of the difference between input and target. Their slopes are the difference clipped to a
// limit, times a scale; the l1 loss's is its sign.

namespace tenon::ops {
namespace {

template <class Loss>
OpDef& define_difference_loss(OpDef& op, std::string_view documentation, Loss) {
  return op.doc(documentation)
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Call& call) -> Spec { return elementwise_loss_spec(call); })
      .rows(elementwise_loss_rows)
      .variant([](const Call& call) -> int {
        return reduction_of(call.op.name, call.get<std::string_view>(0));
      })
      .tile([](TileBuilder& t, int reduction) {
        store_reduced(t, Loss{}(t, t.sub(t.load(0), t.load(1))), reduction);
      })
      .saves_input(0, 1)
      .saves_sizes();
}

Grads of_both(const Saved& saved, const Tensor& d_input) {
  return {d_input, saved.needs(1) ? -d_input : Tensor()};
}

/// d^2 / 2 where |d| < limit, else limit (|d| - limit / 2), which joins it smoothly.
Value huber(TileBuilder& t, Value difference, Value limit) {
  const Value size = t.abs(difference), half = t.constant(0.5);
  const Value inside = t.mul(half, t.square(size));
  const Value outside = t.mul(limit, t.sub(size, t.mul(half, limit)));
  return t.select(t.lt(size, limit), inside, outside);
}

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

}  // namespace

void define_mse_loss(OpDef& op) {
  define_difference_loss(
      op,
      "Squared error: (input - target)^2, then its mean or sum over all elements "
      "(reduction=\"mean\", \"sum\") or itself (\"none\"). Broadcasts.",
      [](TileBuilder& t, Value d) { return t.square(d); })
      .vjp([](const Saved& saved, const Tensor& dy, std::string_view reduction) -> Grads {
        return of_both(saved, clipped_difference(dy, saved.input(0), saved.input(1),
                                                 2 * gradient_scale(saved, reduction), kNoLimit));
      })
      .samples([] { return loss_samples(-2, 2); });
}

void define_l1_loss(OpDef& op) {
  define_difference_loss(op,
                         "Absolute error: |input - target|, then its mean or sum over all elements "
                         "(reduction=\"mean\", \"sum\") or itself (\"none\"). Broadcasts.",
                         [](TileBuilder& t, Value d) { return t.abs(d); })
      .vjp([](const Saved& saved, const Tensor& dy, std::string_view reduction) -> Grads {
        return of_both(saved, sign_of_difference(dy, saved.input(0), saved.input(1),
                                                 gradient_scale(saved, reduction)));
      })
      .of_complex([](const Tensor& input, const Tensor& target, std::string_view reduction) {
        return reduce_loss(abs(input - target), reduction_of("l1_loss", reduction));
      })
      .samples([] { return loss_samples(2.1, 3); });
}

void define_smooth_l1_loss(OpDef& op) {
  define_difference_loss(
      op,
      "With d = input - target: d^2 / (2 beta) where |d| < beta, else |d| - beta / 2 (Girshick "
      "2015); beta = 0 is l1_loss. Then its mean or sum over all elements (reduction=\"mean\", "
      "\"sum\") or itself (\"none\"). Broadcasts.",
      [](TileBuilder& t, Value d) {
        const Value beta = t.scalar(0), none = t.eq(beta, t.constant(0));
        const Value divisor = t.select(none, t.constant(1), beta);
        return t.select(none, t.abs(d), t.div(huber(t, d, beta), divisor));
      })
      .shape([](const Call& call) -> Spec {
        const double beta = call.get<double>(1);
        if (!(beta >= 0)) {
          fail<ValueError>("smooth_l1_loss", fmt::format("expected beta >= 0, got {}", beta));
        }
        return elementwise_loss_spec(call);
      })
      .vjp([](const Saved& saved, const Tensor& dy, std::string_view reduction,
              double beta) -> Grads {
        const double scale = gradient_scale(saved, reduction);
        const Tensor &input = saved.input(0), &target = saved.input(1);
        return of_both(saved, beta == 0
                                  ? sign_of_difference(dy, input, target, scale)
                                  : clipped_difference(dy, input, target, scale / beta, beta));
      })
      .samples([] { return loss_samples(-2, 2, {Attribute(0.77)}); });
}

void define_huber_loss(OpDef& op) {
  define_difference_loss(
      op,
      "With d = input - target: d^2 / 2 where |d| < delta, else delta (|d| - delta / 2) (Huber "
      "1964). Then its mean or sum over all elements (reduction=\"mean\", \"sum\") or itself "
      "(\"none\"). Broadcasts.",
      [](TileBuilder& t, Value d) { return huber(t, d, t.scalar(0)); })
      .shape([](const Call& call) -> Spec {
        const double delta = call.get<double>(1);
        if (!(delta > 0)) {
          fail<ValueError>("huber_loss", fmt::format("expected delta > 0, got {}", delta));
        }
        return elementwise_loss_spec(call);
      })
      .vjp([](const Saved& saved, const Tensor& dy, std::string_view reduction,
              double delta) -> Grads {
        return of_both(saved, clipped_difference(dy, saved.input(0), saved.input(1),
                                                 gradient_scale(saved, reduction), delta));
      })
      .samples([] { return loss_samples(-2, 2, {Attribute(0.77)}); });
}

void define_clipped_difference(OpDef& op) {
  op.doc("The gradient of mse_loss and its kin: dy scale clamp(input - target, -limit, limit).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value limit = t.scalar(1);
        const Value d = t.sub(t.load(1), t.load(2));
        const Value clipped = t.minimum(t.maximum(d, t.neg(limit)), limit);
        t.store(0, t.mul(t.mul(t.load(0), t.scalar(0)), clipped));
      })
      .saves_input(0, 1, 2)
      .vjp([](const Saved& saved, const Tensor& v, double scale, double limit) -> Grads {
        const Tensor &input = saved.input(1), &target = saved.input(2);
        const Tensor slope = v * saved.input(0) * scale;
        const Tensor d_input =
            limit == kNoLimit ? slope : where(abs(input - target) < limit, slope, 0);
        return {clipped_difference(v, input, target, scale, limit), d_input, -d_input};
      })
      .samples([] {
        const Tensor dy = sample_tensor({}), a = sample_tensor({3, 4}, -2, 2, 2);
        const Tensor b = sample_tensor({3, 4}, -2, 2, 3);
        return std::vector<Sample>{{{dy, a, b}, {Attribute(0.5), Attribute(kNoLimit)}},
                                   {{dy, a, b}, {Attribute(2.0), Attribute(0.77)}}};
      });
}

void define_sign_of_difference(OpDef& op) {
  op.doc("The gradient of l1_loss: dy scale sign(input - target).")
      .accepts(kFloatSet)
      .tile([](TileBuilder& t) {
        const Value sign = t.sign(t.sub(t.load(1), t.load(2)));
        t.store(0, t.mul(t.mul(t.load(0), t.scalar(0)), sign));
      })
      .saves_input(1, 2)
      .vjp([](const Saved& saved, const Tensor& v, double scale) -> Grads {
        return {sign_of_difference(v, saved.input(1), saved.input(2), scale), Tensor(), Tensor()};
      })
      .samples([] {
        return std::vector<Sample>{{{sample_tensor({3, 4}), sample_tensor({3, 4}, 0, 1, 2),
                                     sample_tensor({3, 4}, 2, 3, 3)},
                                    {Attribute(0.5)}}};
      });
}

}  // namespace tenon::ops
