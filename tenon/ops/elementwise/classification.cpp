#include <limits>

#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

std::vector<Sample> special_samples() {
  std::vector<Sample> samples = unary_samples();
  for (Sample& sample : samples) {
    const Tensor& x = sample.inputs[0];
    x.data<double>()[0] = std::numeric_limits<double>::quiet_NaN();
    if (x.numel() > 2) {
      x.data<double>()[1] = std::numeric_limits<double>::infinity();
      x.data<double>()[2] = -std::numeric_limits<double>::infinity();
    }
  }
  return not_differentiable(std::move(samples));
}

}  // namespace

void define_isnan(OpDef& op) {
  op.doc("Whether the element, or a part of a complex one, is not a number, as bool.")
      .accepts(kAnySet)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, t.isnan(t.load(0))); })
      .not_differentiable()
      .samples([] { return special_samples(); });
}

void define_isinf(OpDef& op) {
  op.doc("Whether the element, or a part of a complex one, is inf or -inf, as bool.")
      .accepts(kAnySet)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, t.isinf(t.load(0))); })
      .not_differentiable()
      .samples([] { return special_samples(); });
}

void define_isfinite(OpDef& op) {
  op.doc("Whether the element, both parts of a complex one, is neither NaN nor infinite, as bool.")
      .accepts(kAnySet)
      .returns(ResultDType::kBool)
      .tile([](TileBuilder& t) { t.store(0, t.isfinite(t.load(0))); })
      .not_differentiable()
      .samples([] { return special_samples(); });
}

void define_isposinf(OpDef& op) {
  op.doc("Whether the element is inf, as bool.")
      .compose([](const Tensor& x) -> Tensor { return isinf(x) & (x > 0); })
      .not_differentiable()
      .samples([] { return special_samples(); });
}

void define_isneginf(OpDef& op) {
  op.doc("Whether the element is -inf, as bool.")
      .compose([](const Tensor& x) -> Tensor { return isinf(x) & (x < 0); })
      .not_differentiable()
      .samples([] { return special_samples(); });
}

namespace {

/// The largest finite number of a floating dtype.
double largest_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return 65504;
    case DType::kBFloat16:
      return 0x1.fep127;
    case DType::kFloat32:
      return std::numeric_limits<float>::max();
    default:
      return std::numeric_limits<double>::max();
  }
}

}  // namespace

void define_nan_to_num(OpDef& op) {
  op.doc(
        "`x` with NaN made `nan`, inf made `posinf` and -inf `neginf`; these are the dtype's "
        "largest and smallest finite numbers unless given. The gradient is 0 there. Integers stay; "
        "of complex numbers the real and the imaginary part are treated each by itself.")
      .compose([](const Tensor& x, double nan, std::optional<double> posinf,
                  std::optional<double> neginf) -> Tensor {
        if (x.is_complex()) {
          return complex(nan_to_num(real(x), nan, posinf, neginf),
                         nan_to_num(imag(x), nan, posinf, neginf));
        }
        if (!x.is_floating_point()) return clone(x);
        const double largest = largest_of(x.dtype());
        const Tensor infinite = isinf(x);
        const Tensor numbers = where(isnan(x), nan, x);
        const Tensor below = where(infinite & (x > 0), posinf.value_or(largest), numbers);
        return where(infinite & (x < 0), neginf.value_or(-largest), below);
      })
      .samples([] {
        std::vector<Sample> samples;
        for (Sample& sample : special_samples()) {
          sample.attributes = {Attribute(0.5), Attribute(7.0), Attribute(-6.0)};
          samples.push_back(sample);
        }
        const Tensor whole = sample_tensor({3, 4}), special = special_samples()[0].inputs[0];
        samples.push_back({{whole}, {Attribute(0.0), Attribute(), Attribute()}});
        samples.push_back({{complex(special, flip(special, {0}))},
                           {Attribute(0.5), Attribute(7.0), Attribute(-6.0)},
                           false});
        return samples;
      });
}

}  // namespace tenon::ops
