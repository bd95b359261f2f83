// How many elements there are of each kind: bincount, histc.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

void define_bincount(OpDef& op) {
  op.doc(
        "How often each whole number from 0 on occurs in the 1-d `x`, as int64; with `weights` "
        "(the "
        "sizes of `x`), the sum of theirs: float32 of float32, else float64. At least `minlength` "
        "numbers. ValueError where one is negative.")
      .accepts(kIntegerSet)
      .accepts_input(1, kRealSet)
      .autocast(CastPolicy::kAsGiven)
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Tensor x = sample_integers({9}, 0, 5);
        return {{{x, Tensor()}, {Attribute(int64_t{0})}, false},
                {{x, sample_tensor({9})}, {Attribute(int64_t{8})}, false}};
      });
}

void define_histc(OpDef& op) {
  op.doc(
        "How many elements lie in each of `bins` equally wide parts of [min, max], in x's dtype. "
        "Where both are 0 the smallest and the largest element take their place. What lies "
        "outside, and NaN, doesn't count. ValueError unless bins > 0 and min <= max.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .shape([](const Tensor& x, int64_t bins, Scalar min, Scalar max) -> Spec {
        if (bins < 1) {
          fail<ValueError>("histc", fmt::format("expected at least 1 bin, got {}", bins));
        }
        if (!(min.to_double() <= max.to_double())) {
          fail<ValueError>("histc", fmt::format("expected min <= max, got {} and {}",
                                                min.to_string(), max.to_string()));
        }
        return {x.dtype(), {bins}};
      })
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const auto of = [](int64_t bins, double min, double max) {
          return std::vector<Attribute>{Attribute(bins), Attribute(Scalar(min)),
                                        Attribute(Scalar(max))};
        };
        return {{{sample_tensor({4, 5})}, of(4, -1.04, 1.52), false},
                {{sample_tensor({7})}, of(3, 0, 0), false}};
      });
}

}  // namespace tenon::ops
