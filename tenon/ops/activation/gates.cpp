// Activations with a weight, a second half or random numbers: prelu, rrelu, glu, softmin,
// gumbel_softmax.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_prelu(const Tensor& x, const Tensor& weight) {
  const int64_t channels = x.dim() > 1 ? x.size(1) : 1;
  if (weight.numel() == 1 || (weight.dim() == 1 && weight.size(0) == channels)) return;
  fail<ShapeError>("prelu", fmt::format("expected a weight of one number, or one for each of the "
                                        "{} channels of x {}, got {}",
                                        channels, to_string(x.sizes()), to_string(weight.sizes())));
}

/// -ln(-ln(u)), of Gumbel's distribution, in the sizes of `like`.
Tensor gumbel_like(const Tensor& like, Generator* generator) {
  const NoGrad no_grad;
  // 1 - u is in (0, 1], so that its logarithm is finite; the outer one's argument is not 0 then.
  const double least = like.dtype() == kFloat64 ? 1e-300 : 1e-30;
  const DType wide = like.dtype() == kFloat64 ? kFloat64 : kFloat32;
  const Tensor exponential = -log1p(-rand_like(like, wide, generator));
  return -log(clamp(exponential, least)).to(like.dtype());
}

}  // namespace

void define_prelu(OpDef& op) {
  op.doc(
        "x where x > 0, else weight x (He et al. 2015). `weight` is one number, or one for each "
        "channel (dim 1 of `x`). ShapeError otherwise.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kPromote)
      .compose([](const Tensor& x, const Tensor& weight) -> Tensor {
        check_prelu(x, weight);
        Shape wide(static_cast<size_t>(x.dim()), 1);
        if (x.dim() > 1) wide[1] = weight.numel();
        return where(x > 0, x, reshape(weight, wide) * x);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor weight = sample_tensor({3}, 0.1, 0.5, 2);
        return {{{sample_tensor({2, 3, 4}), weight}, {}},
                {{sample_tensor({5, 3}, -2.03, 2), weight}, {}},
                {{sample_tensor({4}, -2.03, 2), sample_tensor({1}, 0.2, 0.3)}, {}}};
      });
}

void define_rrelu(OpDef& op) {
  op.doc(
        "x where x > 0, else a x, where `a` is drawn anew from [lower, upper) for each element "
        "when training, and is (lower + upper) / 2 otherwise (Xu et al. 2015). A ValueError where "
        "lower > upper.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double lower, double upper, bool training,
                  Generator* generator) -> Tensor {
        if (!(lower <= upper)) {
          fail<ValueError>("rrelu",
                           fmt::format("expected lower <= upper, got {} and {}", lower, upper));
        }
        if (!training) return leaky_relu(x, (lower + upper) / 2);
        return where(x > 0, x, x * uniform(stop_gradient(x), lower, upper, generator));
      })
      .samples([] {
        return unary_samples(-2.03, 2,
                             {Attribute(0.125), Attribute(0.375), Attribute(false), Attribute()});
      });
}

void define_glu(OpDef& op) {
  op.doc(
        "a sigmoid(b) for the halves a, b of `x` along `dim` (Dauphin et al. 2017). ShapeError "
        "where its size is odd.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, int64_t dim) -> Tensor {
        if (x.dim() == 0) fail<ShapeError>("glu", "expected a tensor of rank 1 or more, got a 0-d");
        const auto along = normalize_dim("glu", dim, x.dim());
        const int64_t half = x.size(along) / 2;
        if (x.size(along) != 2 * half) {
          fail<ShapeError>("glu", fmt::format("expected an even size along dim {}, got {}", dim,
                                              to_string(x.sizes())));
        }
        return narrow(x, along, 0, half) * sigmoid(narrow(x, along, half, half));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4})}, {Attribute(int64_t{-1})}},
                {{sample_tensor({2, 6, 3})}, {Attribute(int64_t{1})}}};
      });
}

void define_softmin(OpDef& op) {
  op.doc("softmax(-x) along `dim`.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, int64_t dim) -> Tensor { return softmax(-x, dim); })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 5})}, {Attribute(int64_t{1})}},
                {{sample_tensor({3, 5})}, {Attribute(int64_t{0})}}};
      });
}

void define_gumbel_softmax(OpDef& op) {
  op.doc(
        "softmax((logits + g) / tau) along `dim`, where g is drawn from Gumbel's distribution: a "
        "sample of the classes with these logits that has a gradient (Jang et al. 2017). With "
        "`hard` the result is 1 at the largest and 0 elsewhere, with the gradient of the soft one. "
        "`eps` is PyTorch's and has no effect. A ValueError where `tau` isn't above 0.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& logits, double tau, bool hard, double, int64_t dim,
                  Generator* generator) -> Tensor {
        if (!(tau > 0)) {
          fail<ValueError>("gumbel_softmax", fmt::format("expected tau above 0, got {}", tau));
        }
        const Tensor soft = softmax((logits + gumbel_like(logits, generator)) * (1 / tau), dim);
        if (!hard) return soft;
        const Tensor fixed = stop_gradient(soft);
        const Tensor place = argmax(fixed, dim, true);
        const Tensor one = scatter(zeros_like(fixed), dim, place, ones_like(fixed));
        return one - fixed + soft;
      })
      .samples([]() -> std::vector<Sample> {
        const auto sample = [](bool hard) {
          return Sample{{sample_tensor({3, 5})},
                        {Attribute(0.7), Attribute(hard), Attribute(1e-10), Attribute(int64_t{-1}),
                         Attribute()},
                        !hard};
        };
        return {sample(false), sample(true)};
      });
}

}  // namespace tenon::ops
