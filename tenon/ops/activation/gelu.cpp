#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr double kInverseSqrt2 = 0.70710678118654752440;
constexpr double kInverseSqrt2Pi = 0.39894228040143267794;  // 1 / sqrt(2 pi)
constexpr double kSqrt2OverPi = 0.79788456080286535588;
constexpr double kCubic = 0.044715;

/// 0: exact, 1: by tanh.
int form(std::string_view approximate) {
  if (approximate == "none") return 0;
  if (approximate == "tanh") return 1;
  fail<ValueError>(
      "gelu", fmt::format("expected approximate=\"none\" or \"tanh\", got \"{}\"", approximate));
}

/// The normal distribution function at x, exact or by tanh.
Value distribution(TileBuilder& t, Value x, int variant) {
  Value s;
  if (variant == 0) {
    s = t.erf(t.mul(x, t.constant(kInverseSqrt2)));
  } else {
    const Value slope =
        t.multiply_add(t.square(x), t.constant(kSqrt2OverPi * kCubic), t.constant(kSqrt2OverPi));
    s = t.tanh(t.mul(x, slope));
  }
  return t.multiply_add(s, t.constant(0.5), t.constant(0.5));
}

/// Its derivative, given its value.
Value density(TileBuilder& t, Value x, Value phi, int variant) {
  const Value xx = t.square(x);
  if (variant == 0) {
    return t.mul(t.exp(t.mul(xx, t.constant(-0.5))), t.constant(kInverseSqrt2Pi));
  }
  // d/dx of (1 + tanh u) / 2 = 2 phi (1 - phi) du/dx.
  const Value du =
      t.multiply_add(xx, t.constant(6 * kSqrt2OverPi * kCubic), t.constant(2 * kSqrt2OverPi));
  return t.mul(t.mul(phi, t.sub(t.constant(1), phi)), du);
}

/// The second derivative of gelu.
Tensor curvature(const Tensor& x, int variant) {
  const Tensor xx = square(x);
  if (variant == 0) return exp(xx * -0.5) * kInverseSqrt2Pi * (2 - xx);
  const Tensor u = x * (xx * (kSqrt2OverPi * kCubic) + kSqrt2OverPi);
  const Tensor du = xx * (3 * kSqrt2OverPi * kCubic) + kSqrt2OverPi;
  const Tensor y = tanh(u);
  const Tensor dy = 1 - square(y);
  return dy * du + x * 0.5 * dy * (x * (6 * kSqrt2OverPi * kCubic) - y * square(du) * 2);
}

}  // namespace

void define_gelu(OpDef& op) {
  op.doc(
        "Gaussian error linear unit (Hendrycks and Gimpel 2016): y = x (1 + erf(x / sqrt(2))) / 2; "
        "with approximate=\"tanh\": y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. Any "
        "other text is a ValueError.")
      .accepts(kFloatSet)
      .variant([](const Tensor&, std::string_view approximate) { return form(approximate); })
      .tile([](TileBuilder& t, int variant) {
        const Value x = t.load(0);
        t.store(0, t.mul(x, distribution(t, x, variant)));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy, std::string_view approximate) -> Grads {
        return {gelu_backward(dy, saved.input(0), approximate)};
      })
      .samples([] {
        std::vector<Sample> samples = unary_samples(-3, 3, {Attribute("none")});
        for (const Sample& sample : unary_samples(-3, 3, {Attribute("tanh")})) {
          samples.push_back(sample);
        }
        return samples;
      });
}

void define_gelu_backward(OpDef& op) {
  op.doc("The gradient of gelu: dy (P(x) + x P'(x)), where gelu(x) = x P(x).")
      .accepts(kFloatSet)
      .variant([](const Tensor&, const Tensor&, std::string_view approximate) {
        return form(approximate);
      })
      .tile([](TileBuilder& t, int variant) {
        const Value x = t.load(1);
        const Value phi = distribution(t, x, variant);
        t.store(0, t.mul(t.load(0), t.multiply_add(x, density(t, x, phi, variant), phi)));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v, std::string_view approximate) -> Grads {
        const Tensor& x = saved.input(1);
        return {gelu_backward(v, x, approximate),
                v * saved.input(0) * curvature(x, form(approximate))};
      })
      .samples([] {
        std::vector<Sample> samples;
        for (const char* approximate : {"none", "tanh"}) {
          samples.push_back(
              {{sample_tensor({3, 5}), sample_tensor({3, 5}, -3, 3, 2)}, {Attribute(approximate)}});
        }
        return samples;
      });
}

}  // namespace tenon::ops
