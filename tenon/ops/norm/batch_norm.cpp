#include <fmt/format.h>
#include <algorithm>
#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// All dims but the channel's, which is dim 1.
Shape dims_but_channel(const Tensor& x) {
  Shape dims;
  for (int64_t i = 0; i < x.dim(); ++i) {
    if (i != 1) dims.push_back(i);
  }
  return dims;
}

void check_channel_tensor(const Tensor& tensor, std::string_view name, int64_t channels) {
  if (!tensor.defined() || (tensor.dim() == 1 && tensor.size(0) == channels)) return;
  fail<ShapeError>("batch_norm", fmt::format("expected a {} of sizes [{}], one number a channel, "
                                             "got {}",
                                             name, channels, to_string(tensor.sizes())));
}

/// A tensor of [C] viewed as [1, C, 1, ...]; writes through the view reach the tensor.
Tensor along_channels(const Tensor& tensor, const Shape& like, const Shape& dims) {
  if (!tensor.defined()) return {};
  Shape sizes(like.size(), 1);
  sizes[1] = like[1];
  return spread(tensor, sizes, dims, false);
}

void update_running_statistics(const Tensor& running_mean, const Tensor& running_var,
                               const Tensor& mean, const Tensor& rstd, double momentum, double eps,
                               int64_t count) {
  const NoGrad no_grad;
  if (running_mean.defined()) running_mean.lerp_(mean, momentum);
  if (!running_var.defined()) return;
  const Tensor* const inputs[] = {&running_var, &rstd};
  const Attribute attributes[] = {Attribute(momentum), Attribute(eps),
                                  Attribute(static_cast<double>(count))};
  dispatch_inplace(Call{op_definition(OpId::kUpdatedRunningVar), inputs, attributes}, running_var);
}

Tensor train(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
             const Tensor& weight, const Tensor& bias, const Shape& dims, double momentum,
             double eps) {
  const int64_t count = x.numel() / std::max<int64_t>(x.size(1), 1);
  if (count < 2) {
    fail<ValueError>("batch_norm", fmt::format("expected more than one value per channel when "
                                               "training, got sizes {}; use a larger batch or "
                                               "eval()",
                                               to_string(x.sizes())));
  }
  auto [y, mean, rstd] = standardize(x, weight, bias, dims, eps);
  update_running_statistics(running_mean, running_var, mean, rstd, momentum, eps, count);
  return y;
}

}  // namespace

void define_batch_norm(OpDef& op) {
  op.doc(
        "Batch normalisation (Ioffe and Szegedy 2015) of [N, C] or [N, C, ...]: y = (x - mean) / "
        "sqrt(variance + eps) weight + bias, per channel. Training uses mean and population "
        "variance of this batch and moves `running_mean` and `running_var` (where given, in place) "
        "towards its mean and unbiased variance by `momentum`; otherwise those two are used. All "
        "four are [C]. A ShapeError where sizes don't match, a ValueError where a channel has one "
        "value only when training, or where there are no running statistics when not.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight, const Tensor& bias, bool training, double momentum,
                  double eps) -> Tensor {
        if (x.dim() < 2) {
          fail<ShapeError>("batch_norm", fmt::format("expected an input of [N, C, ...], got {}",
                                                     to_string(x.sizes())));
        }
        check_channel_tensor(running_mean, "running_mean", x.size(1));
        check_channel_tensor(running_var, "running_var", x.size(1));
        check_channel_tensor(weight, "weight", x.size(1));
        check_channel_tensor(bias, "bias", x.size(1));
        const Shape dims = dims_but_channel(x);
        const auto wide = [&](const Tensor& tensor) {
          return along_channels(tensor, x.sizes(), dims);
        };
        if (training) {
          return train(x, wide(running_mean), wide(running_var), wide(weight), wide(bias), dims,
                       momentum, eps);
        }
        if (!running_mean.defined() || !running_var.defined()) {
          fail<ValueError>("batch_norm",
                           "expected running_mean and running_var when not training; pass both, or "
                           "training=true");
        }
        return batch_norm_inference(x, wide(running_mean), wide(running_var), wide(weight),
                                    wide(bias), eps);
      })
      .samples([] {
        const auto statistics = [](double low, double high) {
          return sample_tensor({3}, low, high, 4);
        };
        const auto attributes = [](bool training) -> std::vector<Attribute> {
          return {Attribute(training), Attribute(0.1), Attribute(1e-5)};
        };
        const Tensor weight = sample_tensor({3}, 0.5, 1.5, 2), bias = sample_tensor({3}, -1, 1, 3);
        return std::vector<Sample>{
            {{sample_tensor({4, 3}), Tensor(), Tensor(), weight, bias}, attributes(true)},
            {{sample_tensor({2, 3, 2, 2}), Tensor(), Tensor(), weight, bias}, attributes(true)},
            {{sample_tensor({2, 3, 4}), statistics(-1, 1), statistics(0.5, 2), weight, bias},
             attributes(false)},
            {{sample_tensor({4, 3}), statistics(-1, 1), statistics(0.5, 2), Tensor(), Tensor()},
             attributes(false)}};
      });
}

void define_batch_norm_inference(OpDef& op) {
  op.doc("y = (x - mean) / sqrt(variance + eps) weight + bias, all broadcast.")
      .accepts(kFloatSet)
      .shape([](const Call& call) -> Spec {
        return {call.input(0).dtype(), call.input(0).sizes()};
      })
      .variant([](const Call& call) { return (call.has(3) ? 1 : 0) | (call.has(4) ? 2 : 0); })
      .tile([](TileBuilder& t, int variant) {
        Value y = t.sub(t.load(0), t.load(1));
        y = t.mul(y, t.rsqrt(t.add(t.load(2), t.scalar(0))));
        if (variant & 1) y = t.mul(y, t.load(3));
        if (variant & 2) y = t.add(y, t.load(4));
        t.store(0, y);
      })
      .saves_input(0, 1, 2, 3)
      .vjp([](const Saved& saved, const Tensor& dy, double eps) -> Grads {
        const Tensor &x = saved.input(0), &mean = saved.input(1), &w = saved.input(3);
        const Tensor rstd = rsqrt(saved.input(2) + eps);
        const Tensor g = w.defined() ? dy * (rstd * w) : dy * rstd;
        Tensor d_variance, d_weight;
        if (saved.needs(2)) d_variance = g * (x - mean) * (square(rstd) * -0.5);
        if (w.defined() && saved.needs(3)) d_weight = dy * ((x - mean) * rstd);
        return {g, saved.needs(1) ? -g : Tensor(), d_variance, d_weight, dy};
      })
      .samples([] {
        return std::vector<Sample>{
            {{sample_tensor({4, 3}), sample_tensor({1, 3}, -1, 1, 2),
              sample_tensor({1, 3}, 0.5, 2, 3), sample_tensor({1, 3}, 0.5, 1.5, 4),
              sample_tensor({1, 3}, -1, 1, 5)},
             {Attribute(1e-5)}}};
      });
}

void define_updated_running_var(OpDef& op) {
  op.doc(
        "running_var moved by `momentum` towards the unbiased variance of `count` values whose "
        "population variance is 1 / rstd^2 - eps.")
      .accepts(kFloatSet)
      .shape([](const Call& call) -> Spec {
        return {call.input(0).dtype(), call.input(0).sizes()};
      })
      .tile([](TileBuilder& t) {
        const Value running = t.load(0), count = t.scalar(2);
        const Value variance = t.sub(t.reciprocal(t.square(t.load(1))), t.scalar(1));
        const Value correction = t.div(count, t.sub(count, t.constant(1)));
        const Value unbiased = t.mul(t.maximum(variance, t.constant(0)), correction);
        t.store(0, t.multiply_add(t.scalar(0), t.sub(unbiased, running), running));
      })
      .not_differentiable()
      .samples([] {
        return std::vector<Sample>{{{sample_tensor({3}, 0.5, 2), sample_tensor({3}, 0.5, 1)},
                                    {Attribute(0.1), Attribute(1e-5), Attribute(8.0)},
                                    false}};
      });
}

}  // namespace tenon::ops
