// Vector forms of the transcendental functions; compiled once per instruction set.
#if defined(TENON_TILE_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_TILE_MATH_INL_H_
#undef TENON_TILE_MATH_INL_H_
#else
#define TENON_TILE_MATH_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Horner's scheme; the coefficient of the highest power first.
template <class D, class V, class... C>
HWY_INLINE V polynomial(D d, V x, double highest, C... rest) {
  using T = hn::TFromD<D>;
  V sum = hn::Set(d, static_cast<T>(highest));
  ((sum = hn::MulAdd(sum, x, hn::Set(d, static_cast<T>(rest)))), ...);
  return sum;
}

template <class T>
struct FloatLayout;
template <>
struct FloatLayout<float> {
  using Int = int32_t;
  static constexpr int kMantissa = 23, kBias = 127;
  static constexpr float kLeast = 0x1p-126f;
};
template <>
struct FloatLayout<double> {
  using Int = int64_t;
  static constexpr int kMantissa = 52, kBias = 1023;
  static constexpr double kLeast = 0x1p-1022;
};

/// 1.5 * 2^mantissa. Added to a number of magnitude below 2^20, it rounds that number to a whole
/// one, which then is in the low bits; no instruction set lacks that.
template <class D>
HWY_INLINE hn::Vec<D> rounder(D d) {
  using T = hn::TFromD<D>;
  return hn::Set(d, static_cast<T>(int64_t{3} << (FloatLayout<T>::kMantissa - 1)));
}

/// Whole number in a float to integer lanes.
template <class D, class V>
HWY_INLINE auto whole_to_bits(D d, V whole) {
  const hn::Rebind<typename FloatLayout<hn::TFromD<D>>::Int, D> di;
  return hn::Sub(hn::BitCast(di, hn::Add(whole, rounder(d))), hn::BitCast(di, rounder(d)));
}

/// x 2^n, where n is whole and given as n + rounder; x and the result are normal.
template <class D, class V>
HWY_INLINE V scale_by_power(D d, V x, V n_rounder) {
  using Layout = FloatLayout<hn::TFromD<D>>;
  const hn::Rebind<typename Layout::Int, D> di;
  // What the rounder has in the low bits is all zeros, so that the shift leaves n alone.
  const auto exponent = hn::ShiftLeft<Layout::kMantissa>(hn::BitCast(di, n_rounder));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, x), exponent));
}

/// e^x - 1 - x over |x| <= ln(2)/2, divided by x^2.
template <class D, class V>
HWY_INLINE V exp_tail(D d, V r) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {  // minimax of e^x - 1: 0.11 of its last place
    return polynomial(d, r, 1.3946499621e-3, 8.3666107213e-3, 4.1666281361e-2, 1.6666542793e-1,
                      0.50000000621);
  } else {  // Taylor: the first term left out is 2^-60 of the result
    return polynomial(d, r, 1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800,
                      1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                      1.0 / 24, 1.0 / 6, 0.5);
  }
}

/// x = n ln(2) + r with whole n and |r| <= ln(2)/2, rounding aside.
template <class D, class V>
HWY_INLINE V reduce_by_ln2(D d, V x, V& n) {
  using T = hn::TFromD<D>;
  const V log2_e = hn::Set(d, static_cast<T>(1.44269504088896340736));
  n = hn::Sub(hn::MulAdd(x, log2_e, rounder(d)), rounder(d));
  constexpr T kHigh = sizeof(T) == 4 ? T(0.693359375) : T(6.93147180369123816490e-01);
  constexpr T kLow = sizeof(T) == 4 ? T(-2.12194440e-4) : T(1.90821492927058770002e-10);
  return hn::NegMulAdd(n, hn::Set(d, kLow), hn::NegMulAdd(n, hn::Set(d, kHigh), x));
}

struct Exp {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    constexpr T kMost = sizeof(T) == 4 ? T(89) : T(710);      // above: infinity
    constexpr T kLeast = sizeof(T) == 4 ? T(-104) : T(-746);  // below: zero
    const V bounded = hn::Min(hn::Max(x, hn::Set(d, kLeast)), hn::Set(d, kMost));
    V n;
    const V r = reduce_by_ln2(d, bounded, n);
    const V tail = hn::MulAdd(hn::Mul(r, r), exp_tail(d, r), r);
    // Two factors, because 2^n alone may overflow or be subnormal: one that is normal for every n
    // of its sign, and the rest.
    const auto negative = hn::Lt(n, hn::Zero(d));
    const V shift = hn::IfThenElse(negative, hn::Add(rounder(d), hn::Set(d, T(64))),
                                   hn::Sub(rounder(d), hn::Set(d, T(2))));
    // Zero comes from a factor of zero: a product that is too small to be told from it takes the
    // processor as long as ten others, and masked scores of attention are minus infinity.
    const V rest =
        hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, kLeast)),
                           hn::IfThenElse(negative, hn::Set(d, T(0x1p-64)), hn::Set(d, T(4))));
    const V scaled = scale_by_power(d, hn::Add(tail, hn::Set(d, T(1))), hn::Add(n, shift));
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Mul(scaled, rest));
  }
};

/// 1 / (1 + e^-x), without overflow: e^-|x| / (1 + e^-|x|) for negative x.
struct Sigmoid {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1);
    const V e = Exp()(d, hn::Neg(hn::Abs(x)));
    return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
  }
};

/// x = 2^e m with sqrt(1/2) <= m < sqrt(2); positive finite x, subnormals too.
template <class D, class V>
HWY_INLINE V split_exponent(D d, V x, V& e) {
  using T = hn::TFromD<D>;
  using Layout = FloatLayout<T>;
  using Int = typename Layout::Int;
  const hn::Rebind<Int, D> di;
  const auto subnormal = hn::Lt(x, hn::Set(d, Layout::kLeast));
  const T scale = static_cast<T>(int64_t{1} << (Layout::kMantissa + 1));
  x = hn::IfThenElse(subnormal, hn::Mul(x, hn::Set(d, scale)), x);
  // Shifted so that the mantissa's carry at sqrt(1/2) goes into the exponent.
  const Int offset =
      hn::TFromD<decltype(di)>{} + (sizeof(T) == 4 ? static_cast<Int>(0x3f3504f3)
                                                   : static_cast<Int>(int64_t{0x3fe6a09e667f3bcd}));
  const auto shifted = hn::Sub(hn::BitCast(di, x), hn::Set(di, offset));
  const auto exponent_bits = hn::AndNot(hn::Set(di, (Int{1} << Layout::kMantissa) - 1),
                                        shifted);  // the exponent, in its place
  const V m = hn::BitCast(d, hn::Sub(hn::BitCast(di, x), exponent_bits));
  // Exponent bits to a number: biased, it fits the mantissa of 2^mantissa.
  const hn::RebindToUnsigned<decltype(di)> du;
  const auto biased = hn::Add(
      exponent_bits, hn::Set(di, static_cast<Int>(int64_t{Layout::kBias} << Layout::kMantissa)));
  const V two = hn::Set(d, static_cast<T>(int64_t{1} << Layout::kMantissa));
  const V number = hn::Sub(
      hn::BitCast(
          d, hn::Or(hn::BitCast(di, hn::ShiftRight<Layout::kMantissa>(hn::BitCast(du, biased))),
                    hn::BitCast(di, two))),
      two);
  e = hn::Sub(number, hn::Set(d, static_cast<T>(Layout::kBias)));
  e = hn::IfThenElse(subnormal, hn::Sub(e, hn::Set(d, static_cast<T>(Layout::kMantissa + 1))), e);
  return m;
}

/// log(1 + f) - f over the range that split_exponent leaves.
template <class D, class V>
HWY_INLINE V log_tail(D d, V f) {
  const V z = hn::Mul(f, f);
  if constexpr (sizeof(hn::TFromD<D>) == 4) {  // Cephes logf (Moshier, 1992)
    const V p = polynomial(d, f, 7.0376836292E-2, -1.1514610310E-1, 1.1676998740E-1,
                           -1.2420140846E-1, 1.4249322787E-1, -1.6668057665E-1, 2.0000714765E-1,
                           -2.4999993993E-1, 3.3333331174E-1);
    return hn::NegMulAdd(hn::Set(d, 0.5f), z, hn::Mul(hn::Mul(f, z), p));
  } else {  // fdlibm e_log.c (Sun Microsystems, 1993): log(1+f) = f - (h - s (h + R)), s = f/(2+f)
    const V s = hn::Div(f, hn::Add(f, hn::Set(d, 2)));
    const V s2 = hn::Mul(s, s);
    const V r = hn::Mul(
        s2, polynomial(d, s2, 1.479819860511658591e-01, 1.531383769920937332e-01,
                       1.818357216161805012e-01, 2.222219843214978396e-01, 2.857142874366239149e-01,
                       3.999999999940941908e-01, 6.666666666666735130e-01));
    const V h = hn::Mul(hn::Set(d, 0.5), z);
    return hn::Sub(hn::Mul(s, hn::Add(h, r)), h);
  }
}

/// Puts right what the bit tricks of a logarithm make of 0, infinity, negative numbers and NaN.
template <class D, class V>
HWY_INLINE V log_special(D d, V x, V result) {
  using T = hn::TFromD<D>;
  result = hn::IfThenElse(hn::Eq(x, hn::Inf(d)), x, result);
  result = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(hn::Inf(d)), result);
  const V nan = hn::Set(d, std::numeric_limits<T>::quiet_NaN());
  return hn::IfThenElse(hn::Ge(x, hn::Zero(d)), result, nan);
}

struct Log {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    constexpr T kHigh = sizeof(T) == 4 ? T(0.693359375) : T(6.93147180369123816490e-01);
    constexpr T kLow = sizeof(T) == 4 ? T(-2.12194440e-4) : T(1.90821492927058770002e-10);
    V e;
    const V f = hn::Sub(split_exponent(d, x, e), hn::Set(d, T(1)));
    const V low = hn::MulAdd(e, hn::Set(d, kLow), log_tail(d, f));
    return log_special(d, x, hn::MulAdd(e, hn::Set(d, kHigh), hn::Add(f, low)));
  }
};

struct Log2 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    V e;
    const V f = hn::Sub(split_exponent(d, x, e), hn::Set(d, T(1)));
    // log2(e) in two parts; the first has so few bits that its product with f loses little.
    const V tail = log_tail(d, f);
    const V low = hn::Add(hn::Mul(tail, hn::Set(d, T(0.44269504088896340736))),
                          hn::Mul(f, hn::Set(d, T(0.44269504088896340736))));
    return log_special(d, x, hn::Add(e, hn::Add(hn::Add(low, tail), f)));
  }
};

/// log(1 + x) = log(u) + (x - (u - 1)) / u with u = 1 + x rounded.
struct Log1p {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1);
    const V u = hn::Add(x, one);
    const V log_u = Log()(d, u);
    const V correction = hn::Div(hn::Sub(x, hn::Sub(u, one)), u);
    const V result = hn::IfThenElse(hn::Eq(u, hn::Zero(d)), log_u, hn::Add(log_u, correction));
    return hn::IfThenElse(hn::Or(hn::Eq(u, one), hn::Eq(x, hn::Inf(d))), x, result);
  }
};

/// e^x - 1 = 2^n (e^r - 1) + (2^n - 1).
struct Expm1 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V one = hn::Set(d, 1);
    constexpr T kMost = sizeof(T) == 4 ? T(87) : T(708);
    const V bounded = hn::Min(hn::Max(x, hn::Set(d, T(-40))), hn::Set(d, kMost));
    V n;
    const V r = reduce_by_ln2(d, bounded, n);
    const V tail = hn::MulAdd(hn::Mul(r, r), exp_tail(d, r), r);
    const V scale = scale_by_power(d, one, hn::Add(n, rounder(d)));
    const V small = hn::MulAdd(scale, tail, hn::Sub(scale, one));
    const V result = hn::IfThenElse(hn::Gt(x, hn::Set(d, kMost)), Exp()(d, x), small);
    return hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::Eq(x, hn::Zero(d))), x, result);
  }
};

/// t / (t + 2) with t = e^2|x| - 1.
struct Tanh {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V one = hn::Set(d, 1);
    const V magnitude = hn::Min(hn::Abs(x), hn::Set(d, T(22)));  // beyond, tanh is 1
    V n;
    const V doubled = hn::Add(magnitude, magnitude);
    const V r = reduce_by_ln2(d, doubled, n);
    const V tail = hn::MulAdd(hn::Mul(r, r), exp_tail(d, r), r);
    const V scale = scale_by_power(d, one, hn::Add(n, rounder(d)));
    const V t = hn::MulAdd(scale, tail, hn::Sub(scale, one));
    const V result = hn::CopySign(hn::Div(t, hn::Add(t, hn::Set(d, T(2)))), x);
    return hn::IfThenElse(hn::IsNaN(x), x, result);
  }
};

/// Sine (kQuarter 0) or cosine (1) of |x| up to 2^20 or so: fdlibm's kernels (Sun Microsystems,
/// 1993) after taking off whole multiples of pi/2 in three parts.
template <int kQuarter, class D, class V>
HWY_INLINE V circle_function(D d, V x) {
  const hn::Rebind<int64_t, D> di;
  const V n = hn::Round(hn::Mul(x, hn::Set(d, 6.36619772367581382433e-01)));
  V r = hn::NegMulAdd(n, hn::Set(d, 1.57079632673412561417e+00), x);
  r = hn::NegMulAdd(n, hn::Set(d, 6.07710050630396597660e-11), r);
  r = hn::NegMulAdd(n, hn::Set(d, 2.02226624879595063154e-21), r);
  const V z = hn::Mul(r, r);
  const V sine =
      hn::MulAdd(hn::Mul(r, z),
                 polynomial(d, z, 1.58969099521155010221e-10, -2.50507602534068634195e-08,
                            2.75573137070700676789e-06, -1.98412698298579493134e-04,
                            8.33333333332248946124e-03, -1.66666666666666324348e-01),
                 r);
  const V half = hn::Mul(hn::Set(d, 0.5), z);
  const V one = hn::Set(d, 1.0);
  const V above = hn::Sub(one, half);
  const V cosine = hn::Add(
      above, hn::MulAdd(hn::Mul(z, z),
                        polynomial(d, z, -1.13596475577881948265e-11, 2.08757232129817482790e-09,
                                   -2.75573143513906633035e-07, 2.48015872894767294178e-05,
                                   -1.38888888888741095749e-03, 4.16666666666666019037e-02),
                        hn::Sub(hn::Sub(one, above), half)));
  const auto quarter = hn::Add(whole_to_bits(d, n), hn::Set(di, int64_t{kQuarter}));
  // The lowest bit, moved to the sign, picks the cosine.
  const auto odd =
      hn::Lt(hn::BitCast(d, hn::Or(hn::ShiftLeft<63>(quarter), hn::BitCast(di, one))), hn::Zero(d));
  const V value = hn::IfThenElse(odd, cosine, sine);
  const auto sign = hn::ShiftLeft<62>(hn::And(quarter, hn::Set(di, int64_t{2})));
  return hn::Xor(value, hn::BitCast(d, sign));
}

/// Numbers that circle_function takes; others go to the C library.
inline constexpr double kCircleLimit = 1 << 20;

/// erf in float. Minimax polynomials, fitted to the relative error: below 7/8 of erf(x)/x - 1 in
/// x^2; above of the binary logarithm of 1 - erf, down to where erf is 1. Within 2 units of the
/// last place of erf in exact arithmetic.
struct Erf {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V z = hn::Mul(x, x);
    const V slope = polynomial(d, z, -6.2032547097e-4, 5.0321813374e-3, -2.6791463138e-2,
                               1.1282455336e-1, -3.7612550466e-1, 1.2837915749e-1);
    const V near = hn::MulAdd(x, slope, x);
    const V minus_log2 = polynomial(d, hn::Min(hn::Abs(x), hn::Set(d, 4.0f)), -2.8997498661e-4,
                                    4.4612229936e-3, -3.2345494639e-2, 1.5051269413e-1,
                                    9.1861772564e-1, 1.6272678138, 1.9271692851e-4);
    const V n_rounder = hn::Sub(rounder(d), minus_log2);
    const V r = hn::Add(minus_log2, hn::Sub(n_rounder, rounder(d)));
    const V power = polynomial(d, r, -1.3276479620e-3, 9.6755417875e-3, -5.5507132537e-2,
                               2.4022119715e-1, -6.9314696707e-1, 1.0000000716564643);  // 2^-r
    const V far = hn::Sub(hn::Set(d, 1.0f), scale_by_power(d, power, n_rounder));
    const auto is_far = hn::Ge(hn::Abs(x), hn::Set(d, 0.875f));  // no: NaN, which `near` keeps
    return hn::IfThenElse(is_far, hn::CopySign(far, x), near);
  }
};

}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
