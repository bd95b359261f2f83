#include "tenon/backends/cpu/tile/jit/functions.h"

#if defined(__x86_64__)

#include <bit>
#include <initializer_list>
#include <limits>

namespace tenon::cpu::jit {
namespace {

constexpr int kMantissa = 23;
constexpr float kRounder = 0x1.8p23f;  // added, it rounds to a whole number in the low bits
constexpr float kLog2E = 1.44269504088896340736f;
constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Horner's scheme; the coefficient of the highest power first.
Vec polynomial(Vectors& v, const Vec& x, std::initializer_list<float> coefficients) {
  auto next = coefficients.begin();
  const float highest = *next++;
  const Vec sum = v.copy(v.held(highest));
  for (; next != coefficients.end(); ++next) v.cc.vfmadd213ps(sum, x, v.constant(*next));
  return sum;
}

/// x = n ln(2) + r.
struct Reduced {
  Vec n, n_rounder, r;
};

Reduced reduce_by_ln2(Vectors& v, const Vec& x) {
  Reduced out;
  out.n_rounder = v.multiply_add(x, v.constant(kLog2E), v.held(kRounder));
  out.n = v.sub(out.n_rounder, v.constant(kRounder));
  out.r = v.negative_multiply_add(out.n, v.constant(kLn2Low),
                                  v.negative_multiply_add(out.n, v.constant(kLn2High), x));
  return out;
}

/// e^r - 1.
Vec exp_less_one(Vectors& v, const Vec& r) {
  const Vec tail = polynomial(
      v, r,
      {1.3946499621e-3f, 8.3666107213e-3f, 4.1666281361e-2f, 1.6666542793e-1f, 0.50000000621f});
  return v.multiply_add(v.mul(r, r), tail, r);
}

Vec scale_by_power(Vectors& v, const Vec& x, const Vec& n_rounder) {
  return v.add_whole(x, v.shift_left(n_rounder, kMantissa));
}

/// 2^n.
Vec power_of_two(Vectors& v, const Vec& n_rounder) {
  const Vec exponent = v.shift_left(n_rounder, kMantissa);
  return v.add_whole(exponent, v.constant(1));
}

struct SplitExponent {
  Vec mantissa, exponent;
};

SplitExponent split_exponent(Vectors& v, const Vec& given) {
  const Mask subnormal = v.compare(given, v.constant(0x1p-126f), Comparison::kLT_OQ);
  const Vec x = v.choose(subnormal, v.mul(given, v.constant(0x1p24f)), given);
  const Vec shifted = v.sub_whole(x, v.bits(0x3f3504f3));
  const Vec exponent_bits = v.bit_and(shifted, v.bits(0xff800000u));
  SplitExponent out;
  out.mantissa = v.sub_whole(x, exponent_bits);
  const Vec biased = v.add_whole(exponent_bits, v.bits(127u << kMantissa));
  const Vec number = v.bit_or(v.shift_right(biased, kMantissa), v.constant(0x1p23f));
  const Vec e = v.sub(v.sub(number, v.constant(0x1p23f)), v.constant(127));
  out.exponent = v.choose(subnormal, v.sub(e, v.constant(24)), e);
  return out;
}

/// log(1 + f) - f.
Vec log_tail(Vectors& v, const Vec& f) {
  const Vec z = v.mul(f, f);
  const Vec p = polynomial(
      v, f,
      {7.0376836292E-2f, -1.1514610310E-1f, 1.1676998740E-1f, -1.2420140846E-1f, 1.4249322787E-1f,
       -1.6668057665E-1f, 2.0000714765E-1f, -2.4999993993E-1f, 3.3333331174E-1f});
  return v.negative_multiply_add(z, v.constant(0.5f), v.mul(v.mul(f, z), p));
}

Vec log_special(Vectors& v, const Vec& x, const Vec& plain) {
  Vec result = v.choose(v.compare(x, v.constant(kInfinity), Comparison::kEQ_OQ), x, plain);
  result = v.choose(v.compare(x, v.constant(0), Comparison::kEQ_OQ), v.held(-kInfinity), result);
  return v.choose(v.compare(x, v.constant(0), Comparison::kGE_OQ), result,
                  v.held(std::numeric_limits<float>::quiet_NaN()));
}

}  // namespace

Vec exp(Vectors& v, const Vec& x) {
  constexpr float kMost = 89, kLeast = -104;
  // As in math-inl.h, nothing is computed that is too small to be told from zero.
  const Mask remains = v.compare(x, v.constant(kLeast), Comparison::kNLT_UQ);
  if (v.is_wide()) {
    // Bounds let NaN through, and the scaling instruction takes exponents of any size.
    const Vec bounded = v.min(v.held(kMost), v.max(v.held(kLeast), x));
    const Reduced reduced = reduce_by_ln2(v, bounded);
    const Vec power = v.add(exp_less_one(v, reduced.r), v.constant(1));
    return v.op_where(remains, asmjit::x86::Inst::kIdVscalefps, power, reduced.n);
  }
  const Vec bounded = v.min(v.max(x, v.constant(kLeast)), v.constant(kMost));
  const Reduced reduced = reduce_by_ln2(v, bounded);
  const Vec power = v.add(exp_less_one(v, reduced.r), v.constant(1));
  const Mask negative = v.compare(reduced.n, v.constant(0), Comparison::kLT_OQ);
  const Vec shift = v.choose(negative, v.held(kRounder + 64), v.held(kRounder - 2));
  const Vec rest = v.choose(negative, v.where(remains, 0x1p-64f), v.held(4));
  const Vec scaled = scale_by_power(v, power, v.add(reduced.n, shift));
  return v.choose(v.is_nan(x), x, v.mul(scaled, rest));
}

Vec sigmoid(Vectors& v, const Vec& x) {
  const Vec e = exp(v, v.neg(v.abs(x)));
  const Mask negative = v.compare(x, v.constant(0), Comparison::kLT_OQ);
  return v.div(v.choose(negative, e, v.held(1)), v.add(e, v.constant(1)));
}

Vec expm1(Vectors& v, const Vec& x) {
  constexpr float kMost = 87;
  const Vec bounded = v.min(v.max(x, v.constant(-40)), v.constant(kMost));
  const Reduced reduced = reduce_by_ln2(v, bounded);
  const Vec tail = exp_less_one(v, reduced.r);
  const Vec scale = power_of_two(v, reduced.n_rounder);
  const Vec small = v.multiply_add(scale, tail, v.sub(scale, v.constant(1)));
  const Mask large = v.compare(x, v.constant(kMost), Comparison::kGT_OQ);
  const Vec result = v.choose(large, exp(v, x), small);
  const Mask stays = v.either(v.is_nan(x), v.compare(x, v.constant(0), Comparison::kEQ_OQ));
  return v.choose(stays, x, result);
}

Vec tanh(Vectors& v, const Vec& x) {
  const Vec magnitude = v.min(v.abs(x), v.constant(22));
  const Reduced reduced = reduce_by_ln2(v, v.add(magnitude, magnitude));
  const Vec tail = exp_less_one(v, reduced.r);
  const Vec scale = power_of_two(v, reduced.n_rounder);
  const Vec t = v.multiply_add(scale, tail, v.sub(scale, v.constant(1)));
  const Vec result = v.copy_sign(v.div(t, v.add(t, v.constant(2))), x);
  return v.choose(v.is_nan(x), x, result);
}

Vec log(Vectors& v, const Vec& x) {
  const SplitExponent split = split_exponent(v, x);
  const Vec f = v.sub(split.mantissa, v.constant(1));
  const Vec low = v.multiply_add(split.exponent, v.constant(kLn2Low), log_tail(v, f));
  return log_special(v, x, v.multiply_add(split.exponent, v.constant(kLn2High), v.add(f, low)));
}

Vec log2(Vectors& v, const Vec& x) {
  constexpr float kRest = 0.44269504088896340736f;
  const SplitExponent split = split_exponent(v, x);
  const Vec f = v.sub(split.mantissa, v.constant(1));
  const Vec tail = log_tail(v, f);
  const Vec low = v.add(v.mul(tail, v.constant(kRest)), v.mul(f, v.constant(kRest)));
  return log_special(v, x, v.add(split.exponent, v.add(v.add(low, tail), f)));
}

Vec log1p(Vectors& v, const Vec& x) {
  const Vec u = v.add(x, v.constant(1));
  const Vec log_u = log(v, u);
  const Vec correction = v.div(v.sub(x, v.sub(u, v.constant(1))), u);
  const Mask zero = v.compare(u, v.constant(0), Comparison::kEQ_OQ);
  const Vec result = v.choose(zero, log_u, v.add(log_u, correction));
  const Mask stays = v.either(v.compare(u, v.constant(1), Comparison::kEQ_OQ),
                              v.compare(x, v.constant(kInfinity), Comparison::kEQ_OQ));
  return v.choose(stays, x, result);
}

Vec erf(Vectors& v, const Vec& x) {
  const Vec z = v.mul(x, x);
  const Vec slope = polynomial(v, z,
                               {-6.2032547097e-4f, 5.0321813374e-3f, -2.6791463138e-2f,
                                1.1282455336e-1f, -3.7612550466e-1f, 1.2837915749e-1f});
  const Vec near = v.multiply_add(x, slope, x);
  const Vec magnitude = v.abs(x);
  const Vec minus_log2 =
      polynomial(v, v.min(magnitude, v.constant(4)),
                 {-2.8997498661e-4f, 4.4612229936e-3f, -3.2345494639e-2f, 1.5051269413e-1f,
                  9.1861772564e-1f, 1.6272678138f, 1.9271692851e-4f});
  const Vec n_rounder = v.sub(v.held(kRounder), minus_log2);
  const Vec r = v.add(minus_log2, v.sub(n_rounder, v.constant(kRounder)));
  const Vec power = polynomial(v, r,
                               {-1.3276479620e-3f, 9.6755417875e-3f, -5.5507132537e-2f,
                                2.4022119715e-1f, -6.9314696707e-1f, 1.0000000716564643f});
  const Vec far = v.sub(v.held(1), scale_by_power(v, power, n_rounder));
  const Mask is_far = v.compare(magnitude, v.constant(0.875f), Comparison::kGE_OQ);
  return v.choose(is_far, v.copy_sign(far, x), near);
}

}  // namespace tenon::cpu::jit

#endif
