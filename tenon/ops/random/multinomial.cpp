#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_multinomial(const Tensor& x, int64_t num_samples, bool replacement) {
  if (x.dim() != 1 && x.dim() != 2) {
    fail<ShapeError>("multinomial", fmt::format("expected weights [n] or [rows, n], got sizes {}",
                                                to_string(x.sizes())));
  }
  if (num_samples < 1 || (!replacement && num_samples > x.size(-1))) {
    fail<ValueError>("multinomial",
                     fmt::format("can't draw {} of {} categories{}", num_samples, x.size(-1),
                                 replacement ? "" : " without replacement"));
  }
}

/// Where a number of (0, total] falls among the running sums: never on a weight of 0.
Tensor drawn_with_replacement(const Tensor& weights, int64_t num_samples, Generator* generator) {
  const Tensor sums = cumsum(weights, -1);
  Shape sizes = weights.sizes();
  sizes.back() = num_samples;
  const Tensor uniform = 1 - rand(sizes, weights.dtype(), weights.device(), generator);
  const Tensor places =
      search_rows(sums, uniform * narrow(sums, -1, weights.size(-1) - 1, 1), false);
  return clamp(places, {}, Scalar(weights.size(-1) - 1));
}

}  // namespace

void define_multinomial(OpDef& op) {
  op.doc(
        "`num_samples` numbers of categories, drawn with the probabilities that the weights "
        "`x` ([n] or [rows, n]; they need not add up to 1) are proportional to, as int64. Without "
        "`replacement` all of a row are different: those of the largest x / e, e exponentially "
        "distributed. ValueError for weights below 0, infinite ones and NaN, for rows without one "
        "above 0, and without replacement for more draws than a row has weights above 0.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, int64_t num_samples, bool replacement,
                  Generator* generator) -> Tensor {
        check_multinomial(x, num_samples, replacement);
        const Tensor weights = drawable_weights(x, num_samples, replacement);
        if (replacement) return drawn_with_replacement(weights, num_samples, generator);
        const Tensor race = weights / exponential(weights, 1, generator);
        return std::get<1>(topk(race, num_samples));
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const auto of = [](int64_t count, bool replacement) {
          return std::vector<Attribute>{Attribute(count), Attribute(replacement), Attribute()};
        };
        return {{{sample_tensor({5}, 0, 1)}, of(3, false), false},
                {{sample_tensor({3, 4}, 0.1, 1)}, of(4, false), false},
                {{sample_tensor({3, 4}, 0, 1)}, of(9, true), false},
                {{sample_tensor({2}, 0, 1)}, of(5, true), false}};
      });
}

void define_drawable_weights(OpDef& op) {
  op.doc(
        "The weights of a multinomial that `num_samples` can be drawn of, half types as float32. "
        "ValueError where they can't.")
      .accepts(kFloatSet)
      .shape([](const Tensor& x, int64_t, bool) -> Spec {
        return {x.dtype() == kFloat64 ? kFloat64 : kFloat32, x.sizes()};
      })
      .kernel()
      .fails_on_some_numbers()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({5}, 0, 1)}, {Attribute(int64_t{3}), Attribute(false)}, false},
                {{sample_tensor({3, 4}, 0, 1)}, {Attribute(int64_t{9}), Attribute(true)}, false}};
      });
}

}  // namespace tenon::ops
