"""Functions of each element, and of the elements of two tensors."""

import math

from ... import _core
from .._arrays import as_dtype
from ._base import (binary, floats, floats_together, named, names_of, op, promoted, tensor,
                    together, unary)

# Of one tensor.

abs = unary("abs", "The absolute value; of complex numbers their length.")
absolute = abs
negative = unary("negative", "-x.", _core.neg)
sign = unary("sign", "-1, 0 or 1.", _core.sgn)
square = unary("square", "x * x.")
ceil = unary("ceil", "The next whole number that isn't below.", of=floats)
trunc = unary("trunc", "Without what is behind the point.")
exp, exp2 = unary("exp", "e^x.", of=floats), unary("exp2", "2^x.", of=floats)
expm1 = unary("expm1", "e^x - 1.", of=floats)
log, log1p = unary("log", "The natural logarithm.", of=floats), unary(
    "log1p", "log(1 + x).", of=floats)
log2, log10 = unary("log2", "The logarithm of base 2.", of=floats), unary(
    "log10", "The logarithm of base 10.", of=floats)
sqrt = unary("sqrt", "The square root.", of=floats)
rsqrt = unary("rsqrt", "1 / sqrt(x).", of=floats)
reciprocal = unary("reciprocal", "1 / x.", of=floats)
sin, cos, tan = (unary(name, text, of=floats) for name, text in (
    ("sin", "The sine."), ("cos", "The cosine."), ("tan", "The tangent.")))
sinh, cosh, tanh = (unary(name, text, of=floats) for name, text in (
    ("sinh", "The hyperbolic sine."), ("cosh", "The hyperbolic cosine."),
    ("tanh", "The hyperbolic tangent.")))
arcsin, arccos, arctan, arcsinh, arccosh, arctanh = (
    unary(f"arc{name}", f"The inverse of {name}.", getattr(_core, f"a{name}"), floats)
    for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh"))
sinc = unary("sinc", "sin(pi x) / (pi x), 1 at 0.", of=floats)
deg2rad = unary("deg2rad", "Degrees as radians.", of=floats)
rad2deg = unary("rad2deg", "Radians as degrees.", of=floats)
erf, erfc = unary("erf", "The error function.", of=floats), unary("erfc", "1 - erf(x).", of=floats)
erfinv = unary("erfinv", "The inverse of erf.", of=floats)
isfinite = unary("isfinite", "Neither infinite nor NaN?")
isinf, isnan = unary("isinf", "Infinite?"), unary("isnan", "NaN?")
isposinf, isneginf = unary("isposinf", "Infinite and positive?"), unary(
    "isneginf", "Infinite and negative?")
isreal = unary("isreal", "Without an imaginary part?")
signbit = unary("signbit", "Negative, or minus zero?")
logical_not = unary("logical_not", "Zero?")
bitwise_not = unary("bitwise_not", "Each bit turned.")
bitwise_invert = bitwise_not
conj = unary("conj", "The conjugate of complex numbers.")
conjugate = conj
real = unary("real", "The real part.", lambda x: _core.real(x) if x.is_complex() else x)
imag = unary("imag", "The imaginary part.",
             lambda x: _core.imag(x) if x.is_complex() else _core.zeros_like(x))
angle = unary("angle", "The argument of complex numbers.", of=floats)
copy = unary("copy", "The same elements in memory of their own.", _core.clone)
fabs = unary("fabs", "The absolute value, as floating-point numbers.", _core.abs, floats)
cbrt = unary("cbrt", "The cube root.",
             lambda x: _core.sgn(x) * _core.pow(_core.abs(x), 1 / 3), floats)


@op
def floor(x):
    """The next whole number that isn't above."""
    return _core.floor(floats(x))


@op
def round(x, decimals=0):
    """To so many digits behind the point, halves to even ones."""
    x = tensor(x)
    if not decimals:
        return _core.round(x)
    if not x.is_floating_point():
        return _core.round(x.to(as_dtype(None)) * 10.0**decimals).div(10.0**decimals).to(x.dtype)
    return _core.round(x * 10.0**decimals) / 10.0**decimals


@op
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """With numbers in the place of NaN and infinities: of the latter the largest there are, unless
    given."""
    return _core.nan_to_num(tensor(x), nan, posinf, neginf)


@op
def clip(x, x_min, x_max):
    """Limited to [x_min, x_max]."""
    x = tensor(x)
    if x.dtype is _core.bool:
        x = x.to(_core.int32)
    for bound, limit in (x_min, _core.maximum), (x_max, _core.minimum):
        if bound is not None:
            x = limit(*promoted((x, bound)))
    return x


@op
def i0(x):
    """The modified Bessel function of the first kind and order 0, by Abramowitz and Stegun's 9.8.1
    and 9.8.2."""
    size = _core.abs(floats(x))
    t = _core.square(_core.clamp_max(size, 3.75) / 3.75)
    near = _polynomial(t, (0.0045813, 0.0360768, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1.0))
    s = 3.75 / _core.clamp_min(size, 3.75)
    far = _polynomial(s, (0.00392377, -0.01647633, 0.02635537, -0.02057706, 0.00916281, -0.00157565,
                          0.00225319, 0.01328592, 0.39894228))
    far = far * _core.exp(size) / _core.sqrt(_core.clamp_min(size, 3.75))
    return _core.where(size <= 3.75, near, far)


def _polynomial(x, coefficients):
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


# Of two tensors.

add = binary("add", "x1 + x2.")
subtract = binary("subtract", "x1 - x2.", _core.sub)
multiply = binary("multiply", "x1 * x2.", _core.mul)
divide = binary("divide", "x1 / x2, of integers as floating-point numbers.", _core.div)
true_divide = divide
floor_divide = binary("floor_divide", "x1 / x2, rounded down.")
mod = binary("mod", "The remainder, with the sign of x2.", _core.remainder)
fmod = binary("fmod", "The remainder, with the sign of x1.")
power = binary("power", "x1 to the power x2.", _core.pow, together)
maximum, minimum = binary("maximum", "The larger of each pair."), binary(
    "minimum", "The smaller of each pair.")
fmax = binary("fmax", "The larger of each pair, where one is NaN the other.",
              lambda x, y: _beside_nan(_core.maximum, x, y), together)
fmin = binary("fmin", "The smaller of each pair, where one is NaN the other.",
              lambda x, y: _beside_nan(_core.minimum, x, y), together)
arctan2 = binary("arctan2", "The angle of the point (x2, x1).", _core.atan2,
                 floats_together)
hypot = binary("hypot", "sqrt(x1^2 + x2^2).", takes=floats_together)
logaddexp = binary("logaddexp", "log(exp(x1) + exp(x2)).",
                   takes=floats_together)
logaddexp2 = binary("logaddexp2", "log2(2^x1 + 2^x2).",
                    lambda x, y: _core.logaddexp(x * math.log(2), y * math.log(2)) / math.log(2),
                    floats_together)
heaviside = binary("heaviside", "0 below zero, 1 above, x2 at zero.",
                   takes=floats_together)
nextafter = binary("nextafter", "The next number towards x2.",
                   takes=floats_together)
ldexp = binary("ldexp", "x1 * 2^x2.", lambda x, y: floats(x) * _core.exp2(y.to(floats(x).dtype)))
equal, not_equal = binary("equal", "x1 == x2.", _core.eq), binary("not_equal", "x1 != x2.",
                                                                  _core.ne)
less, less_equal = binary("less", "x1 < x2.", _core.lt), binary("less_equal", "x1 <= x2.", _core.le)
greater, greater_equal = binary("greater", "x1 > x2.", _core.gt), binary(
    "greater_equal", "x1 >= x2.", _core.ge)
logical_and, logical_or = binary("logical_and", "Both?"), binary("logical_or", "One of both?")
logical_xor = binary("logical_xor", "Exactly one of both?")


def _beside_nan(choose, x, y):
    return choose(_core.where(_core.isnan(x), y, x), _core.where(_core.isnan(y), x, y))


def _bitwise(name, text):
    compute = getattr(_core, name)
    return named(name, lambda x, y: compute(*promoted((x, y))), text)


bitwise_and, bitwise_or = _bitwise("bitwise_and", "The bits of both."), _bitwise(
    "bitwise_or", "The bits of either.")
bitwise_xor = _bitwise("bitwise_xor", "The bits of exactly one.")
bitwise_left_shift = _bitwise("bitwise_left_shift", "x * 2^y.")
bitwise_right_shift = _bitwise("bitwise_right_shift", "x / 2^y, rounded down.")
left_shift, right_shift = bitwise_left_shift, bitwise_right_shift


@op
def divide_no_nan(x1, x2):
    """x1 / x2, 0 where x2 is."""
    x1, x2 = map(floats, promoted((x1, x2)))
    is_zero = x2 == 0
    quotient = x1 / _core.where(is_zero, _core.ones_like(x2), x2)
    return _core.where(is_zero, _core.zeros_like(quotient), quotient)


@op
def gcd(x1, x2):
    """The greatest common divisor."""
    return _core.gcd(*promoted((x1, x2)))


@op
def lcm(x1, x2):
    """The least common multiple."""
    return _core.lcm(*promoted((x1, x2)))


@op
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """|x1 - x2| <= atol + rtol |x2|?"""
    return _core.isclose(*promoted((x1, x2)), rtol, atol, equal_nan)


@op
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether all are close."""
    return _core.all(_core.isclose(*promoted((x1, x2)), rtol, atol, equal_nan))


@op
def where(condition, x1=None, x2=None):
    """x1 where the condition holds, else x2; without them, the places where it does, a vector a
    dim."""
    condition = tensor(condition)
    if (x1 is None) != (x2 is None):
        raise ValueError("`x1` and `x2` either both should be `None` or both should have non-None "
                         "value.")
    if x1 is None:
        return _core.unbind(_core.nonzero(condition).to(_core.int32), 1)
    return _core.where(condition.to(_core.bool), *promoted((x1, x2)))


@op
def select(condlist, choicelist, default=0):
    """The choice of the first condition that holds, else `default`."""
    choices = promoted((*choicelist, default))
    made = choices[-1]
    for condition, choice in zip(reversed(list(condlist)), reversed(choices[:-1])):
        made = _core.where(tensor(condition).to(_core.bool), choice, made)
    return made


@op
def isin(x1, x2, assume_unique=False, invert=False):
    """Whether each of x1 is among x2."""
    return _core.isin(*promoted((x1, x2)), assume_unique=assume_unique, invert=invert)


@op
def polar(abs_, angle):
    """abs (cos(angle) + i sin(angle))."""
    return _core.polar(*map(floats, promoted((abs_, angle))))


@op
def view_as_complex(x):
    """Pairs along the last axis as complex numbers."""
    return _core.view_as_complex(tensor(x))


@op
def view_as_real(x):
    """Complex numbers as pairs along a new last axis."""
    return _core.view_as_real(tensor(x))

__all__ = names_of(globals())
