// Bessel functions of the first kind (J) and of the second (Y), orders 0 and 1.
//
// Below 8, J is smooth in x^2, and so is what is left of Y without its logarithm and its pole.
// Beyond, J = sqrt(2 / (pi x)) (P cos u - Q sin u) and Y = sqrt(2 / (pi x)) (P sin u + Q cos u)
// with u = x - (2 order + 1) pi / 4 (DLMF 10.17), where P and x Q are smooth in 1 / x^2. Chebyshev
// series of these, whose coefficients are those of their interpolation at 80 of the series' nodes.

#include <limits>
#include <numbers>

#include "tenon/ops/elementwise/bessel_internal.h"
#include "tenon/ops/elementwise/polynomial_internal.h"

namespace tenon::ops {
namespace {

using std::numbers::pi;

constexpr double kBorder = 8;

// In x^2 / 32 - 1: J0(x), J1(x) / x, Y0(x) - 2 / pi ln(x) J0(x) and (Y1(x) - 2 / pi (ln(x) J1(x) -
// 1 / x)) / x.
constexpr double kFirstNear0[] = {
    0.15772797147489012,     -0.0087234423528522211,  0.2651786132033368,
    -0.37009499387264977,    0.15806710233209725,     -0.034893769411408884,
    0.0048191800694676046,   -0.00046062616620627504, 3.2460328821005083e-05,
    -1.7619469077621507e-06, 7.6081635924187821e-08,  -2.6792535305576728e-09,
    7.8486963144794648e-11,  -1.9438346867370164e-12, 4.1253205956343741e-14,
    -7.5885081254475459e-16, 1.2218515873961411e-17};
constexpr double kFirstNear1[] = {
    0.081044846325658115,    -0.14897514506765211,    0.16099926235720971,
    -0.08268049176681791,    0.022213639654966037,    -0.0036469406007692759,
    0.0004050337728354822,   -3.2555548668572587e-05, 1.9858774049915165e-06,
    -9.5219847567504361e-08, 3.6871337590971481e-09,  -1.178026622695885e-10,
    3.1601545803480032e-12,  -7.2217552396517734e-14, 1.4232144003513942e-15,
    -2.4441972916190464e-17};
constexpr double kSecondNear0[] = {
    -0.033146113203284942,   -0.27447430552974528,   0.17903431407718265,
    0.26156734625504663,     -0.17730201278114358,   0.04719668959576339,
    -0.0072879624795520789,  0.0007531135932577742,  -5.6320791410569873e-05,
    3.2065325376548008e-06,  -1.44072332740187e-07,  5.2487947873305158e-09,
    -1.5837552541812015e-10, 4.0263308183061204e-12, -8.7473412033107693e-14,
    1.6434898714919468e-15,  -2.6977881152566837e-17};
constexpr double kSecondNear1[] = {
    0.0025380132357417816,   -0.016087173047668751,   -0.095912045360830742,
    0.084451972596523456,    -0.028328123944594365,   0.0052898975441671133,
    -0.0006414551451326356,  5.5059828733387439e-05,  -3.5380800186893499e-06,
    1.7707804556154404e-07,  -7.1105500498992796e-09, 2.3443379059115162e-10,
    -6.4651518414115946e-12, 1.51429151205002e-13,    -3.0511859694473254e-15,
    5.3466803857286703e-17};

// P and x Q of each order, in 128 / x^2 - 1.
constexpr double kP0[] = {
    0.99946034934751871,     -0.00053652204681321172, 3.0751847875194745e-06,
    -5.1705945376060975e-08, 1.6306464635151382e-09,  -7.8640913772370698e-11,
    5.1682623873491928e-12,  -4.3045788699253914e-13, 4.3265957431549404e-14,
    -5.0690340959352359e-15, 6.7480722157338734e-16,  -1.0011513723467786e-16};
constexpr double kQ0[] = {
    -0.12444683684269607,    0.00054708159540893195,  -5.9315987288485175e-06,
    1.4377965798375193e-07,  -5.8175327494930561e-09, 3.3760975237349908e-10,
    -2.5653979367973079e-11, 2.404916100281365e-12,   -2.6690625482579414e-13,
    3.4041800321963686e-14,  -4.8799441053120397e-15, 7.7297031762426054e-16,
    -1.3348852171502517e-16, 2.4865952389390515e-17,  -4.9528926298865157e-18};
constexpr double kP1[] = {1.0009030408600137,      0.00089898983308594083,  -3.9872843004889084e-06,
                          6.1776339606442988e-08,  -1.8718907491063067e-09, 8.8168986595823391e-11,
                          -5.7048636403956448e-12, 4.699195515230542e-13,   -4.6842237839904895e-14,
                          5.4526748960447171e-15,  -7.2211808422740179e-16, 1.0667689114335412e-16};
constexpr double kQ1[] = {0.37422229655628259,     -0.00077021788393256637, 7.3108922063643636e-06,
                          -1.6767825107266739e-07, 6.5833546621204433e-09,  -3.7490909505415562e-10,
                          2.8121750359748866e-11,  -2.61145253946232e-12,   2.8774212663332235e-13,
                          -3.6490019160618379e-14, 5.2066263662267069e-15,  -8.2153180254585947e-16,
                          1.4141084390211833e-16,  -2.6267615898385291e-17};

/// x^2 / 32 - 1 of |x| limited to kBorder.
Value place_near(TileBuilder& t, Value size) {
  const Value inside = t.minimum(size, t.constant(kBorder));
  return t.sub(t.mul(t.square(inside), t.constant(2 / (kBorder * kBorder))), t.constant(1));
}

/// J or Y of x >= kBorder. The angles' sines and cosines are those of x, turned: so no digit of x
/// is lost in u.
Value bessel_far(TileBuilder& t, Value x, int order, bool second) {
  const Value inverse = t.reciprocal(x);
  const Value place =
      t.sub(t.mul(t.square(inverse), t.constant(2 * kBorder * kBorder)), t.constant(1));
  const Value p = order == 0 ? chebyshev(t, place, kP0) : chebyshev(t, place, kP1);
  const Value q = t.mul(inverse, order == 0 ? chebyshev(t, place, kQ0) : chebyshev(t, place, kQ1));
  // sqrt(2) times the cosine and the sine of u.
  const Value sum = t.add(t.sin(x), t.cos(x)), difference = t.sub(t.sin(x), t.cos(x));
  const Value cosine = order == 0 ? sum : difference;
  const Value sine = order == 0 ? difference : t.neg(sum);
  const Value wave =
      second ? t.add(t.mul(p, sine), t.mul(q, cosine)) : t.sub(t.mul(p, cosine), t.mul(q, sine));
  const Value y = t.mul(wave, t.sqrt(t.mul(inverse, t.constant(1 / pi))));
  return t.select(t.isinf(x), t.constant(0), y);  // of which there is no sine
}

Value first_near(TileBuilder& t, Value x, int order) {
  const Value place = place_near(t, t.abs(x));
  return order == 0 ? chebyshev(t, place, kFirstNear0) : t.mul(chebyshev(t, place, kFirstNear1), x);
}

/// J(x), which is even for order 0, and odd for order 1.
Value first_kind(TileBuilder& t, int order) {
  const Value x = t.load(0), size = t.abs(x), border = t.constant(kBorder);
  Value far = bessel_far(t, t.maximum(size, border), order, false);
  if (order == 1) far = t.mul(far, t.sign(x));
  return t.select(t.le(size, border), first_near(t, x, order), far);
}

/// Y(x): -inf at 0, NaN below.
Value second_kind(TileBuilder& t, int order) {
  const Value x = t.load(0), border = t.constant(kBorder), zero = t.constant(0);
  const Value place = place_near(t, x);
  const Value rest =
      order == 0 ? chebyshev(t, place, kSecondNear0) : t.mul(chebyshev(t, place, kSecondNear1), x);
  Value wave = t.mul(t.log(x), first_near(t, x, order));
  if (order == 1) wave = t.sub(wave, t.reciprocal(x));
  const Value near = t.add(t.mul(wave, t.constant(2 / pi)), rest);
  const Value far = bessel_far(t, t.maximum(x, border), order, true);
  const Value y = t.select(t.gt(x, border), far, near);
  const Value at_zero = t.constant(-std::numeric_limits<double>::infinity());
  return t.select(t.eq(x, zero), at_zero, y);
}

/// The derivative of sin(x) / x. Near 0, where its two terms cancel, the series of DLMF 10.53.1.
Tensor spherical_slope(const Tensor& x) {
  const Tensor is_small = abs(x) < 0.5, squares = square(x);
  Tensor series = ones_like(x);
  for (int k = 6; k > 0; --k) series = 1 - series * squares / (2.0 * k * (2 * k + 3));
  const Tensor safe = where(is_small, 1, x);
  return where(is_small, x * series / -3, (cos(safe) - special_spherical_bessel_j0(safe)) / safe);
}

OpDef& define_waves(OpDef& op, std::string_view documentation) {
  return op.doc(documentation)
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .saves_input(0);
}

std::vector<Sample> waves_samples() {
  return {{{sample_tensor({3, 4}, -7, 7.1)}, {}},
          {{sample_tensor({5}, 8.1, 20)}, {}},
          {{sample_tensor({}, 1, 2)}, {}}};
}

std::vector<Sample> positive_samples() {
  return {{{sample_tensor({3, 4}, 0.4, 7.1)}, {}}, {{sample_tensor({5}, 8.1, 20)}, {}}};
}

}  // namespace

void define_special_bessel_j0(OpDef& op) {
  define_waves(op, "The Bessel function of the first kind of order 0.")
      .tile([](TileBuilder& t) { t.store(0, first_kind(t, 0)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * -special_bessel_j1(saved.input(0))};
      })
      .samples(waves_samples);
}

void define_special_bessel_j1(OpDef& op) {
  define_waves(op, "The Bessel function of the first kind of order 1.")
      .tile([](TileBuilder& t) { t.store(0, first_kind(t, 1)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        return {dy * (special_bessel_j0(x) - over_x(special_bessel_j1(x), x))};
      })
      .samples(waves_samples);
}

void define_special_bessel_y0(OpDef& op) {
  define_waves(op, "The Bessel function of the second kind of order 0: -inf at 0, NaN below.")
      .tile([](TileBuilder& t) { t.store(0, second_kind(t, 0)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * -special_bessel_y1(saved.input(0))};
      })
      .samples(positive_samples);
}

void define_special_bessel_y1(OpDef& op) {
  define_waves(op, "The Bessel function of the second kind of order 1: -inf at 0, NaN below.")
      .tile([](TileBuilder& t) { t.store(0, second_kind(t, 1)); })
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        const Tensor& x = saved.input(0);
        return {dy * (special_bessel_y0(x) - special_bessel_y1(x) / x)};
      })
      .samples(positive_samples);
}

void define_special_spherical_bessel_j0(OpDef& op) {
  op.doc("The spherical Bessel function of the first kind of order 0: sin(x) / x, 1 at 0.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        const Value y = t.select(t.isinf(x), t.constant(0), t.div(t.sin(x), x));
        t.store(0, t.select(t.eq(x, t.constant(0)), t.constant(1), y));
      })
      .saves_input(0)
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy * spherical_slope(saved.input(0))};
      })
      .samples(waves_samples);
}

}  // namespace tenon::ops
