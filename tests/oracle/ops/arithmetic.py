"""Arithmetic, comparison, logical and bitwise ops."""
import numpy as np
from scipy import special


def _integers_become_float(x):
    return x.astype(np.float32) if x.dtype.kind in "biu" else x


def add(a, b):
    return a | b if a.dtype == b.dtype == bool else a + b


def sub(a, b):
    return a - b


def mul(a, b):
    return a & b if a.dtype == b.dtype == bool else a * b


def div(a, b):
    return _integers_become_float(a) / _integers_become_float(b)


def floor_divide(a, b):
    return np.floor(a / b) if a.dtype.kind == "f" else np.floor_divide(a, b)


def remainder(a, b):
    return np.remainder(a, b)  # the sign of the divisor


def fmod(a, b):
    return np.fmod(a, b)  # the sign of the dividend


def pow(a, b):
    if a.dtype.kind != "i":
        return np.power(a, b)
    # Negative exponents: the reciprocal towards zero, which leaves the bases 1 and -1 only.
    reciprocal = np.where(abs(a) == 1, np.power(a, abs(b)), 0)
    return np.where(b < 0, reciprocal, np.power(a, np.maximum(b, 0))).astype(np.result_type(a, b))


def minimum(a, b):
    return np.minimum(a, b)


def maximum(a, b):
    return np.maximum(a, b)


def lerp(a, b, weight):
    return a + weight * (b - a)


def neg(x):
    return -x


def eq(a, b):
    return a == b


def ne(a, b):
    return a != b


def lt(a, b):
    return a < b


def le(a, b):
    return a <= b


def gt(a, b):
    return a > b


def ge(a, b):
    return a >= b


def logical_and(a, b):
    return (a != 0) & (b != 0)


def logical_or(a, b):
    return (a != 0) | (b != 0)


def logical_xor(a, b):
    return (a != 0) ^ (b != 0)


def logical_not(x):
    return x == 0


def bitwise_and(a, b):
    return a & b


def bitwise_or(a, b):
    return a | b


def bitwise_xor(a, b):
    return a ^ b


def bitwise_not(x):
    return ~x


def bitwise_left_shift(a, b):
    return a << b


def bitwise_right_shift(a, b):
    return a >> b


def where(condition, a, b):
    return np.where(condition, a, b)


def clamp(x, low, high):
    dtype = x.dtype
    for bound in (low, high):
        if bound is not None:
            dtype = np.result_type(dtype, np.float32 if isinstance(bound, float)
                                   and dtype.kind in "biu" else dtype)
    y = x.astype(dtype)
    if low is not None:
        y = np.where(y < low, np.asarray(low, dtype), y)
    if high is not None:
        y = np.where(y > high, np.asarray(high, dtype), y)
    return y


def complex(real, imag):
    return real + 1j * imag


def real(x):
    return x.real


def imag(x):
    return x.imag


def conj(x):
    return np.conj(x)


def addcmul(input, tensor1, tensor2, value):
    return input + np.asarray(value, input.dtype) * tensor1 * tensor2


def addcdiv(input, tensor1, tensor2, value):
    return input + np.asarray(value, input.dtype) * tensor1 / tensor2


def atan2(a, b):
    return np.arctan2(_integers_become_float(a), _integers_become_float(b))


def hypot(a, b):
    return np.hypot(_integers_become_float(a), _integers_become_float(b))


def copysign(a, b):
    return np.copysign(_integers_become_float(a), _integers_become_float(b))


def logaddexp(a, b):
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        return np.log(np.exp(a) + np.exp(b))
    return np.logaddexp(a, b)


def logaddexp2(a, b):
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        return np.log(2.0**a + 2.0**b) / np.log(2)
    return np.logaddexp2(a, b)


def fmin(a, b):
    return np.fmin(a, b)


def fmax(a, b):
    return np.fmax(a, b)


def ldexp(a, b):
    a = _integers_become_float(a)
    dtype = np.result_type(a, b) if b.dtype.kind == "f" else a.dtype
    return (a * np.power(a.dtype.type(2), b)).astype(dtype)


def special_xlog1py(a, b):
    return special.xlog1py(_integers_become_float(a), _integers_become_float(b))


def xlogy(a, b):
    b = _integers_become_float(b)
    with np.errstate(all="ignore"):
        return np.where((a == 0) & ~np.isnan(b), 0,
                        a * np.log(b)).astype(np.result_type(a, b) if a.dtype.kind == "f"
                                              else b.dtype)


def heaviside(x, values):
    return np.where(x < 0, 0, np.where(x > 0, 1, values)).astype(np.result_type(x, values))


def isclose(a, b, rtol, atol, equal_nan):
    if "c" not in a.dtype.kind + b.dtype.kind:
        return np.isclose(a, b, rtol, atol, equal_nan)
    # NumPy makes NaN of complex numbers whose parts are both infinite.
    close = (a == b) | (np.isfinite(b) & (np.abs(a - b) <= atol + rtol * np.abs(b)))
    return close | (np.isnan(a) & np.isnan(b)) if equal_nan else close


def allclose(a, b, rtol, atol, equal_nan):
    return np.all(isclose(a, b, rtol, atol, equal_nan))


def equal(a, b):
    return np.asarray(np.array_equal(a, b))


def clamp_min(x, min):
    return np.maximum(x, min)


def clamp_max(x, max):
    return np.minimum(x, max)


def polar(abs, angle):
    return abs * np.exp(1j * angle)


def gcd(a, b):
    return np.gcd(a, b)


def lcm(a, b):
    return np.lcm(a, b)


def igamma(a, b):
    return special.gammainc(a, b)


def igammac(a, b):
    return special.gammaincc(a, b)


def special_zeta(a, b):
    return special.zeta(a, b)


def nextafter(a, b):
    return np.nextafter(a, b)
