// dropout of whole channels, and dropout that keeps mean and variance (alpha_dropout).

#include <fmt/format.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_probability(const char* call, double p) {
  if (p >= 0 && p <= 1) return;
  fail<ValueError>(call, fmt::format("expected a probability in [0, 1], got {}", p));
}

/// `x` with dims from `first` on dropped together.
Tensor dropped_together(const Tensor& x, size_t first, double p, Generator* generator) {
  Shape sizes = x.sizes();
  for (size_t i = first; i < sizes.size(); ++i) sizes[i] = 1;
  return x * dropout(ones(sizes, x.dtype(), x.device()), p, true, generator);
}

/// `batched` is the rank with a batch; without one there is a dim less.
Tensor dropped_channels(const char* call, const Tensor& x, int64_t batched, double p, bool training,
                        Generator* generator) {
  check_probability(call, p);
  if (x.dim() != batched && x.dim() != batched - 1) {
    fail<ShapeError>(call, fmt::format("expected {} or {} dims, got {}", batched - 1, batched,
                                       to_string(x.sizes())));
  }
  if (!training || p == 0) return x;
  return dropped_together(x, x.dim() == batched ? 2 : 1, p, generator);
}

std::vector<Sample> dropout_samples(const Shape& sizes) {
  return {{{sample_tensor(sizes)}, {Attribute(0.5), Attribute(false), Attribute()}}};
}

/// x a + b where kept, else the negative saturation of selu a + b, with a and b that restore mean 0
/// and variance 1.
Tensor alpha_dropped(const Tensor& x, const Shape& noise_sizes, double p, Generator* generator) {
  constexpr double kSaturation = 1.0507009873554805 * 1.6732632423543772;
  if (p == 1) return x * 0;
  const double a = 1 / std::sqrt((kSaturation * kSaturation * p + 1) * (1 - p));
  const Tensor kept = bernoulli(empty(noise_sizes, x.dtype(), x.device()), 1 - p, generator);
  const Tensor shift = (kept - (1 - p)) * (kSaturation * a);
  return x * (kept * a) + shift;
}

}  // namespace

void define_dropout1d(OpDef& op) {
  op.doc(
        "dropout of whole channels: each row of [N, C, length] (or [C, length]) is 0 with "
        "probability `p`, else multiplied by 1 / (1 - p), when training (Tompson et al. 2015).")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double p, bool training, Generator* generator) -> Tensor {
        return dropped_channels("dropout1d", x, 3, p, training, generator);
      })
      .samples([] {
        return dropout_samples({2, 3, 4});
      });
}

void define_dropout2d(OpDef& op) {
  op.doc(
        "dropout1d for the channels of [N, C, h, w]; three dims are [N, C, length], as in PyTorch.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double p, bool training, Generator* generator) -> Tensor {
        const int64_t batched = x.dim() == 3 ? 3 : 4;
        return dropped_channels("dropout2d", x, batched, p, training, generator);
      })
      .samples([] {
        return dropout_samples({2, 3, 2, 2});
      });
}

void define_dropout3d(OpDef& op) {
  op.doc("dropout1d for the channels of [N, C, d, h, w] or [C, d, h, w].")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double p, bool training, Generator* generator) -> Tensor {
        return dropped_channels("dropout3d", x, 5, p, training, generator);
      })
      .samples([] {
        return dropout_samples({2, 3, 2, 2, 2});
      });
}

void define_alpha_dropout(OpDef& op) {
  op.doc(
        "dropout for networks of selu, whose mean 0 and variance 1 it keeps (Klambauer et al. "
        "2017): when training, elements are selu's limit -1.758... with probability `p`, then all "
        "are scaled and shifted. With p = 1 the result is 0. A ValueError where `p` is not in "
        "[0, 1].")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double p, bool training, Generator* generator) -> Tensor {
        check_probability("alpha_dropout", p);
        return training && p > 0 ? alpha_dropped(x, x.sizes(), p, generator) : x;
      })
      .samples([] {
        return dropout_samples({2, 3, 4});
      });
}

void define_feature_alpha_dropout(OpDef& op) {
  op.doc("alpha_dropout of whole channels of [N, C, ...]. ShapeError for fewer than 2 dims.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, double p, bool training, Generator* generator) -> Tensor {
        check_probability("feature_alpha_dropout", p);
        if (x.dim() < 2) {
          fail<ShapeError>("feature_alpha_dropout",
                           fmt::format("expected [N, C, ...], got {}", to_string(x.sizes())));
        }
        if (!training || p == 0) return x;
        Shape sizes(static_cast<size_t>(x.dim()), 1);
        sizes[0] = x.size(0);
        sizes[1] = x.size(1);
        return alpha_dropped(x, sizes, p, generator);
      })
      .samples([] {
        return dropout_samples({2, 3, 4});
      });
}

}  // namespace tenon::ops
