// Modified Bessel functions of the first kind, orders 0 and 1.
//
// e^-|x| I(x) is smooth on [0, 8], and so is sqrt(x) e^-x I(x) over 1/x beyond: Chebyshev series of
// these, whose coefficients are those of their interpolation at 200 of the series' nodes.

#include <span>

#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr double kBorder = 8;

// In |x| / 4 - 1 for |x| < 8, and in 16 / |x| - 1 beyond.
constexpr double kNear0[] = {
    0.33839763720473798,     -0.30468267234319835,    0.17162090152220863,
    -0.094901097048047486,   0.049305284239670545,    -0.023737414805899353,
    0.010546460394594748,    -0.0043243099950505152,  0.0016394756169413171,
    -0.00057637557453855688, 0.00018850288509575486,  -5.7541950100519211e-05,
    1.6448448070499611e-05,  -4.4167383585314022e-06, 1.1173875389114407e-06,
    -2.6707938531211896e-07, 6.0469950047270515e-08,  -1.3000250169148409e-08,
    2.6598237035102559e-09,  -5.1897932284994396e-10, 9.6758033807375911e-11,
    -1.7268263485803459e-11, 2.9547908564353519e-12,  -4.8534620766815802e-13,
    7.6464390375008408e-14,  -1.1679268663300491e-14, 1.5376588891058418e-15,
    -1.0880185641326534e-16};
constexpr double kFar0[] = {
    0.40224520550705434,     0.0033691164782556982,   6.8897583469151874e-05,
    2.8913705208921668e-06,  2.048918588570814e-07,   2.266668996497856e-08,
    3.396231893493251e-09,   4.9406028157505948e-10,  1.1889156326105876e-11,
    -3.1499158836822973e-11, -1.3215872840532938e-11, -1.7940782193193173e-12,
    7.1793682110410377e-13,  3.8527847578961885e-13,  1.5307755063531658e-14,
    -4.1466829969749597e-14, -9.6589403142388619e-15, 3.7336800318144017e-15,
    1.8118839761882555e-15,  -2.3092638912203257e-16, -3.4638958368304885e-16,
    5.88418203051333e-17};
// Of I1(x) / x near 0.
constexpr double kNear1[] = {
    0.1262935932218168,      -0.17641651835783401,    0.10264365868984704,
    -0.052945981208094912,   0.02472644903062644,     -0.010564084894626142,
    0.0041564229443127711,   -0.0015135724506312276,  0.00051228595616855635,
    -0.00016176081582588043, 4.7815651075454741e-05,  -1.3273163655881659e-05,
    3.470251308021477e-06,   -8.5687202650314155e-07, 2.0032947525422396e-07,
    -4.4450591245304154e-08, 9.3815372967376301e-09,  -1.887249776177935e-09,
    3.625590050404526e-10,   -6.6634782136532068e-11, 1.1736166483089506e-11,
    -1.9839861697956705e-12, 3.2226415980218806e-13,  -5.0289633568567638e-14,
    7.4573680564071767e-15,  -1.1096332186433244e-15, 7.4940054162198071e-17};
constexpr double kFar1[] = {
    0.38928811750914011,     -0.0097610974913614253,  -0.00011058893876265907,
    -3.8825648088014475e-06, -2.5122362388163568e-07, -2.631468840164075e-08,
    -3.8353805176249977e-09, -5.5897431128215658e-10, -1.8974946058847308e-11,
    3.2526044080327665e-11,  1.4125753899918436e-11,  2.035722701521081e-12,
    -7.1993966344052755e-13, -4.0836001247157586e-13, -2.1116441928370479e-14,
    4.2756909124364029e-14,  1.0311751452718453e-14,  -3.884670363163423e-15,
    -1.8407497748285097e-15, 4.4408920985006262e-16,  2.4202861936828414e-16,
    -9.9920072216264085e-18};

/// The sum of coefficient k times T_k(x), by Clenshaw's recurrence.
Value chebyshev(TileBuilder& t, Value x, std::span<const double> coefficients) {
  const Value twice = t.add(x, x);
  Value next = t.constant(0), after = next;
  for (size_t k = coefficients.size() - 1; k > 0; --k) {
    const Value now = t.add(t.sub(t.mul(twice, next), after), t.constant(coefficients[k]));
    after = next;
    next = now;
  }
  return t.add(t.sub(t.mul(x, next), after), t.constant(coefficients[0]));
}

/// e^-|x| I(x).
Value scaled_bessel(TileBuilder& t, Value x, int order) {
  const Value size = t.abs(x), border = t.constant(kBorder), one = t.constant(1);
  const Value is_near = t.lt(size, border);
  const Value inside = t.sub(t.mul(t.minimum(size, border), t.constant(2 / kBorder)), one);
  const Value outside = t.sub(t.div(t.constant(2 * kBorder), t.maximum(size, border)), one);
  Value near = order == 0 ? chebyshev(t, inside, kNear0) : chebyshev(t, inside, kNear1);
  Value far = order == 0 ? chebyshev(t, outside, kFar0) : chebyshev(t, outside, kFar1);
  far = t.div(far, t.sqrt(t.maximum(size, border)));
  if (order == 1) {
    near = t.mul(near, x);
    far = t.mul(far, t.sign(x));
  }
  return t.select(is_near, near, far);
}

/// i0, i1 and their scaled kin share all but their gradients.
OpDef& define_bessel(OpDef& op, std::string_view documentation) {
  return op.doc(documentation)
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .saves_input(0)
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4}, -7, 7.1)}, {}},
                {{sample_tensor({3}, 8.1, 9)}, {}},
                {{sample_tensor({}, 1, 2)}, {}}};
      });
}

/// I1(x) / x, scaled by e^-|x| or not: 1/2 at 0.
Tensor over_x(const Tensor& bessel, const Tensor& x) {
  const Tensor is_zero = x == 0;
  return where(is_zero, 0.5, bessel / where(is_zero, 1, x));
}

}  // namespace

void define_i0(OpDef& op) {
  define_bessel(op, "The modified Bessel function of the first kind of order 0.")
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        t.store(0, t.mul(scaled_bessel(t, x, 0), t.exp(t.abs(x))));
      })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * special_i1(saved.input(0))};
      });
}

void define_special_i0e(OpDef& op) {
  define_bessel(op, "e^-|x| i0(x), which doesn't overflow.")
      .tile([](TileBuilder& t) { t.store(0, scaled_bessel(t, t.load(0), 0)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        return {dy * (special_i1e(x) - sgn(x) * special_i0e(x))};
      });
}

void define_special_i1(OpDef& op) {
  define_bessel(op, "The modified Bessel function of the first kind of order 1.")
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        t.store(0, t.mul(scaled_bessel(t, x, 1), t.exp(t.abs(x))));
      })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        return {dy * (i0(x) - over_x(special_i1(x), x))};
      });
}

void define_special_i1e(OpDef& op) {
  define_bessel(op, "e^-|x| times special_i1(x), which doesn't overflow.")
      .tile([](TileBuilder& t) { t.store(0, scaled_bessel(t, t.load(0), 1)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        const Tensor y = special_i1e(x);
        return {dy * (special_i0e(x) - over_x(y, x) - sgn(x) * y)};
      });
}

}  // namespace tenon::ops
