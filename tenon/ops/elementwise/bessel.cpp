// Modified Bessel functions of orders 0 and 1, of the first kind (I) and of the second (K).
//
// e^-|x| I(x) is smooth on [0, 8], and so is sqrt(x) e^-x I(x) over 1/x beyond, as sqrt(x) e^x K(x)
// is from 2 on: Chebyshev series of these, whose coefficients are those of their interpolation at
// many of the series' nodes. Below 2, K is summed as its power series (DLMF 10.31), whose terms
// fall like 1 / k!^2.

#include <array>
#include <limits>
#include <numbers>

#include "tenon/ops/elementwise/bessel_internal.h"
#include "tenon/ops/elementwise/polynomial_internal.h"

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

constexpr double kSecondBorder = 2;

// sqrt(x) e^x K(x), in 4 / x - 1 for x > 2.
constexpr double kSecondFar0[] = {
    1.2201515410329777,      -0.031448101311964502,   0.0015698838857300533,
    -0.00012849549581627802, 1.39498137188765e-05,    -1.8317555227191195e-06,
    2.7668136394450149e-07,  -4.6604898976879478e-08, 8.5740340174142253e-09,
    -1.6975345093890614e-09, 3.5773972814003283e-10,  -7.9574892444773965e-11,
    1.8559491149549264e-11,  -4.5145978833745193e-12, 1.1403405882073441e-12,
    -2.9800969231481784e-13, 8.0328907750683746e-14,  -2.2275133267462965e-14,
    6.3400764762766461e-15,  -1.8485933779209071e-15, 5.5120559994043335e-16,
    -1.6782311257549006e-16, 5.2103917776435543e-17};
constexpr double kSecondFar1[] = {
    1.3603130952422213,      0.10392373657681724,     -0.0028578168596227792,
    0.00019521551847135162,  -1.936197974166083e-05,  2.406484947837217e-06,
    -3.5019606030878126e-07, 5.7410841254500495e-08,  -1.0345762465678097e-08,
    2.0150497551970347e-09,  -4.1903547593419254e-10, 9.2183151876053146e-11,
    -2.1299678384277909e-11, 5.1396396734823432e-12,  -1.2891739609498229e-12,
    3.3484196660522431e-13,  -8.9767051820101463e-14, 2.4771544242195988e-14,
    -7.0198370892147685e-15, 2.038703166239861e-15,   -6.0570472706430177e-16,
    1.8380935752430455e-16,  -5.6894628491936484e-17};

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

// Powers of x^2 / 4 below kSecondBorder; the next one is 1e-17 of the sum.
constexpr int kSecondTerms = 12;
using Powers = std::array<double, kSecondTerms>;

/// 1 / (k! (k + order)!), times what digamma(k + 1) and, for order 1, digamma(k + 2) add up to
/// where `with_digamma`.
constexpr Powers powers_of(int order, bool with_digamma) {
  Powers powers{};
  double term = 1, digamma = -std::numbers::egamma;
  for (int k = 0; k < kSecondTerms; ++k) {
    if (k > 0) {
      term /= k * (k + order);
      digamma += 1.0 / k;
    }
    const double both = order == 0 ? digamma : 2 * digamma + 1.0 / (k + 1);
    powers[static_cast<size_t>(k)] = with_digamma ? term * both : term;
  }
  return powers;
}

constexpr Powers kFirst0 = powers_of(0, false), kFirst1 = powers_of(1, false);
constexpr Powers kDigamma0 = powers_of(0, true), kDigamma1 = powers_of(1, true);

/// K(x) of 0 < x <= 2. Order 0: the sum of (x^2 / 4)^k / k!^2 (digamma(k + 1) - ln(x / 2)).
Value second_near(TileBuilder& t, Value x, int order) {
  const Value half = t.mul(x, t.constant(0.5)), square = t.square(half), log = t.log(half);
  if (order == 0) {
    return t.sub(polynomial(t, square, kDigamma0), t.mul(log, polynomial(t, square, kFirst0)));
  }
  const Value sum = t.sub(t.mul(log, polynomial(t, square, kFirst1)),
                          t.mul(polynomial(t, square, kDigamma1), t.constant(0.5)));
  return t.add(t.reciprocal(x), t.mul(sum, half));
}

/// K(x), or e^x K(x): inf at 0, NaN below.
Value second_bessel(TileBuilder& t, Value x, int order, bool scaled) {
  const Value border = t.constant(kSecondBorder), zero = t.constant(0);
  Value near = second_near(t, t.minimum(x, border), order);
  const Value above = t.maximum(x, border);
  const Value place = t.sub(t.div(t.constant(2 * kSecondBorder), above), t.constant(1));
  const Value series =
      order == 0 ? chebyshev(t, place, kSecondFar0) : chebyshev(t, place, kSecondFar1);
  Value far = t.div(series, t.sqrt(above));
  if (scaled) {
    near = t.mul(near, t.exp(t.minimum(x, border)));
  } else {
    far = t.mul(far, t.exp(t.neg(above)));
  }
  const Value y = t.select(t.gt(x, border), far, near);
  const Value at_zero = t.constant(std::numeric_limits<double>::infinity());
  return t.select(t.eq(x, zero), at_zero, y);
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

/// Those of the second kind, of positive numbers.
OpDef& define_second(OpDef& op, std::string_view documentation) {
  return define_bessel(op, documentation).samples([]() -> std::vector<Sample> {
    return {{{sample_tensor({3, 4}, 0.3, 6.1)}, {}}, {{sample_tensor({}, 1, 1.9)}, {}}};
  });
}

}  // namespace

Tensor is_tiny(const Tensor& x) { return square(x) <= (x.dtype() == kFloat64 ? 0x1p-52 : 0x1p-23); }

Tensor over_x(const Tensor& bessel, const Tensor& x) {
  const Tensor tiny = is_tiny(x);
  return where(tiny, 0.5, bessel / where(tiny, 1, x));
}

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
        const Tensor y = special_i1e(x), tiny = is_tiny(x);
        const Tensor ratio = where(tiny, 0.5 - 0.5 * abs(x), y / where(tiny, 1, x));
        return {dy * (special_i0e(x) - ratio - sgn(x) * y)};
      });
}

void define_special_modified_bessel_k0(OpDef& op) {
  define_second(op,
                "The modified Bessel function of the second kind of order 0: inf at 0, NaN below.")
      .tile([](TileBuilder& t) { t.store(0, second_bessel(t, t.load(0), 0, false)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * -special_modified_bessel_k1(saved.input(0))};
      });
}

void define_special_modified_bessel_k1(OpDef& op) {
  define_second(op,
                "The modified Bessel function of the second kind of order 1: inf at 0, NaN below.")
      .tile([](TileBuilder& t) { t.store(0, second_bessel(t, t.load(0), 1, false)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        return {-dy * (special_modified_bessel_k0(x) + special_modified_bessel_k1(x) / x)};
      });
}

void define_special_scaled_modified_bessel_k0(OpDef& op) {
  define_second(op, "e^x special_modified_bessel_k0(x), which doesn't underflow.")
      .tile([](TileBuilder& t) { t.store(0, second_bessel(t, t.load(0), 0, true)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        return {dy * (special_scaled_modified_bessel_k0(x) - special_scaled_modified_bessel_k1(x))};
      });
}

void define_special_scaled_modified_bessel_k1(OpDef& op) {
  define_second(op, "e^x special_modified_bessel_k1(x), which doesn't underflow.")
      .tile([](TileBuilder& t) { t.store(0, second_bessel(t, t.load(0), 1, true)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        const Tensor y = special_scaled_modified_bessel_k1(x);
        return {dy * (y - special_scaled_modified_bessel_k0(x) - y / x)};
      });
}

}  // namespace tenon::ops
