"""tf.math: functions of each element, over axes, of segments, and counts."""

import builtins

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.strings import StringTensor
from .._eager.tensor import CoreTensor, divide as _divide, no_bools, pair, power as _power
from .._eager.tensor import op as _op
from ._gathering import in_top_k, top_k
from ._more_math import (approx_max_k, approx_min_k, erfcinv, invert_permutation,
                         is_non_decreasing, is_strictly_increasing, lbeta, polygamma,
                         reciprocal_no_nan)
from ._reducing import (argmax, argmin, count_nonzero, cumprod, cumsum, cumulative_logsumexp,
                        reduce_all, reduce_any, reduce_euclidean_norm, reduce_logsumexp, reduce_max,
                        reduce_mean, reduce_min, reduce_prod, reduce_std, reduce_sum,
                        reduce_variance)
from ._segments import (bincount, confusion_matrix, segment_max, segment_mean, segment_min,
                        segment_prod, segment_sum, unsorted_segment_max, unsorted_segment_mean,
                        unsorted_segment_min, unsorted_segment_prod, unsorted_segment_sqrt_n,
                        unsorted_segment_sum)


def _unary(name, compute, text, accepts="any"):
    def function(x):
        return compute(convert.tensor(x) if accepts == "any" else convert.fractions(x, name))

    function.__name__, function.__doc__ = name, text
    return _op(function)


def _real(name, text, compute=None):
    return _unary(name, compute or getattr(_core, name), text, "real")


def _binary(name, compute, text, takes_bools=True):
    def function(x, y):
        x, y = pair(x, y, name.title())
        if not takes_bools and (x if isinstance(x, CoreTensor) else y).dtype is _core.bool:
            raise no_bools(name)
        return compute(x, y)

    function.__name__, function.__doc__ = name, text
    return _op(function)


exp, expm1 = _real("exp", "e^x."), _real("expm1", "e^x - 1.")
log, log1p = _real("log", "The natural logarithm."), _real("log1p", "log(1 + x).")
sqrt, rsqrt = _real("sqrt", "The square root."), _real("rsqrt", "1 / sqrt(x).")
sin, cos, tan = _real("sin", "The sine."), _real("cos", "The cosine."), _real("tan", "The tangent.")
asin, acos, atan = (_real(name, f"The inverse of {name[1:]}.") for name in ("asin", "acos", "atan"))
sinh, cosh, tanh = (_real(name, "Hyperbolic.") for name in ("sinh", "cosh", "tanh"))
asinh, acosh, atanh = (_real(name, f"The inverse of {name[1:]}.")
                       for name in ("asinh", "acosh", "atanh"))
sigmoid = _real("sigmoid", "1 / (1 + e^-x).")
log_sigmoid = _real("log_sigmoid", "log(sigmoid(x)).", _core.logsigmoid)
softplus = _real("softplus", "log(1 + e^x).")
softsign = _real("softsign", "x / (1 + |x|).")
erf, erfc, erfinv = (_real(name, "Of the normal distribution's integral.")
                     for name in ("erf", "erfc", "erfinv"))
lgamma, digamma = _real("lgamma", "log|gamma(x)|."), _real("digamma", "The derivative of lgamma.")
igamma, igammac = (_binary(name, getattr(_core, name), f"The regularized {kind} incomplete gamma "
                           "function of x and y.", takes_bools=False)
                   for name, kind in (("igamma", "lower"), ("igammac", "upper")))
zeta = _binary("zeta", _core.special_zeta, "Hurwitz's: the sum of (y + k)^-x over k >= 0.",
               takes_bools=False)
bessel_i0, bessel_i0e, bessel_i1, bessel_i1e = (
    _real(f"bessel_{name}", "A modified Bessel function.", compute)
    for name, compute in (("i0", _core.i0), ("i0e", _core.special_i0e), ("i1", _core.special_i1),
                          ("i1e", _core.special_i1e)))
ndtri = _real("ndtri", "The quantile function of the normal distribution.",
              lambda x: _core.erfinv(x * 2 - 1) * 2 ** 0.5)
reciprocal = _real("reciprocal", "1 / x.")
square = _unary("square", _core.square, "x * x.")
abs = _unary("abs", _core.abs, "The absolute value; of complex numbers their length.")
negative, sign = _unary("negative", _core.neg, "-x."), _unary("sign", _core.sgn, "-1, 0 or 1.")
floor, ceil = _real("floor", "Down."), _real("ceil", "Up.")
round = _unary("round", _core.round, "To the nearest whole number, halves to even ones.")
rint = _unary("rint", _core.round, "As `round`.")
is_nan, is_inf = _unary("is_nan", _core.isnan, "NaN?"), _unary("is_inf", _core.isinf, "Infinite?")
is_finite = _unary("is_finite", _core.isfinite, "Neither NaN nor infinite?")
real, imag = (_unary("real", lambda x: _core.real(x) if x.is_complex() else x, "The real part."),
              _unary("imag", lambda x: _core.imag(x) if x.is_complex() else _core.zeros_like(x),
                     "The imaginary part."))
conj = _unary("conj", lambda x: _core.conj(x) if x.is_complex() else x, "The conjugate.")
angle = _unary("angle", _core.angle, "The argument of complex numbers.")

add = _binary("add", _core.add, "x + y.", takes_bools=False)
subtract = _binary("subtract", _core.sub, "x - y.")
multiply = _binary("multiply", _core.mul, "x * y.")
divide = _binary("divide", _divide, "x / y; of integers in float64.")
truediv = _binary("truediv", _divide, "x / y; of integers in float64.")
floordiv = _binary("floordiv", _core.floor_divide, "x / y, rounded down.")
floormod = _binary("floormod", _core.remainder, "The remainder with the sign of y.")
mod = floormod
pow = _binary("pow", _power, "x to the power y.")
atan2 = _binary("atan2", lambda y, x: _core.atan2(*_tensors(y, x)),
                "The angle of the point (x, y).")
maximum = _binary("maximum", _core.maximum, "The larger of each pair.", takes_bools=False)
minimum = _binary("minimum", _core.minimum, "The smaller of each pair.", takes_bools=False)
squared_difference = _binary("squared_difference", lambda x, y: _core.square(_core.sub(x, y)),
                             "(x - y)^2.")
less, less_equal, greater, greater_equal = (
    _binary(name, compute, text, takes_bools=False)
    for name, compute, text in (("less", _core.lt, "x < y."), ("less_equal", _core.le, "x <= y."),
                                ("greater", _core.gt, "x > y."),
                                ("greater_equal", _core.ge, "x >= y.")))
xlogy = _binary("xlogy", _core.xlogy, "x log(y), 0 where x is.")
xlog1py = _binary("xlog1py", lambda x, y: _core.xlogy(x, y + 1), "x log(1 + y), 0 where x is.")
xdivy = _binary("xdivy", lambda x, y: _zero_where(_core.eq(x, 0), *_tensors(x, y)),
                "x / y, 0 where x is.")


def _tensors(x, y):
    return x, y if isinstance(y, CoreTensor) else _core.full((), y, dtype=x.dtype)


def _zero_where(is_zero, x, y):
    """x / y, 0 where `is_zero` holds, with gradients that are finite there."""
    quotient = _divide(x, _core.where(is_zero, _core.ones_like(y), y))
    return _core.where(is_zero, _core.zeros_like(quotient), quotient)


@_op
def divide_no_nan(x, y):
    """x / y, 0 where y is."""
    x, y = pair(x, y, "DivNoNan")
    x, y = _tensors(x, y)
    return _zero_where(_core.eq(y, 0), x, y)


@_op
def multiply_no_nan(x, y):
    """x * y, 0 where y is, whatever x is."""
    x, y = _tensors(*pair(x, y, "MulNoNan"))
    is_zero = _core.eq(y, 0)
    return _core.where(is_zero, _core.zeros_like(x), x) * y


def _equality(name, compute, of_strings):
    def function(x, y):
        x, y = (value if isinstance(value, (CoreTensor, StringTensor, int, float)) else
                convert.tensor(value) for value in (x, y))
        if isinstance(x, StringTensor) or isinstance(y, StringTensor):
            return of_strings(convert.tensor(x), convert.tensor(y))
        return compute(*pair(x, y, name.title()))

    function.__name__, function.__doc__ = name, f"Whether x and y are {name.replace('_', ' ')}."
    return _op(function)


equal = _equality("equal", _core.eq, lambda x, y: x == y)
not_equal = _equality("not_equal", _core.ne, lambda x, y: x != y)


def _logical(name, compute):
    def function(x, y):
        x, y = (value if hasattr(value, "dtype") else convert.tensor(value, _core.bool)
                for value in (x, y))
        x, y = convert.tensor(x), convert.tensor(y)
        for value in (x, y):
            _check_bool(value, name)
        return compute(x, y)

    function.__name__, function.__doc__ = name, f"{name[8:]} of truth values."
    return _op(function)


def _check_bool(value, name):
    if value.dtype is not _core.bool:
        raise InvalidArgumentError(f"cannot compute {name} as input #0(zero-based) was expected to "
                                   f"be a bool tensor but is a {dtypes.name_of(value.dtype)} "
                                   f"tensor [Op:{name}]")


logical_and = _logical("logical_and", _core.logical_and)
logical_or = _logical("logical_or", _core.logical_or)
logical_xor = _logical("logical_xor", _core.logical_xor)


@_op
def logical_not(x):
    """Not, of truth values."""
    x = convert.tensor(x)
    _check_bool(x, "logical_not")
    return _core.logical_not(x)


@_op
def add_n(inputs):
    """The sum of tensors of one shape."""
    inputs = convert.require_same(convert.same(
        inputs if isinstance(inputs, (list, tuple)) else [inputs]), "AddN")
    if not inputs:
        raise ValueError("Inputs must be an iterable of at least one Tensor with the same dtype "
                         "and shape.")
    total = inputs[0]
    for one in inputs[1:]:
        if one.shape != total.shape:
            raise InvalidArgumentError(f"Inputs must have the same shape: {tuple(total.shape)} and "
                                       f"{tuple(one.shape)} [Op:AddN]")
        total = total + one if type(total) is CoreTensor else _core.add(total, one)
    return total


accumulate_n = add_n


@_op
def polyval(coeffs, x):
    """The polynomial of these coefficients, the highest first."""
    x = convert.tensor(x)
    if not coeffs:
        return _core.zeros_like(x)
    value = convert.like(coeffs[0], x)
    for one in coeffs[1:]:
        value = _core.add(_core.mul(value, x), convert.like(one, x))
    return value


@_op
def nextafter(x1, x2):
    """The next number after x1 towards x2."""
    import numpy

    x1, x2 = convert.same((x1, x2))
    return _core.tensor_of_data(numpy.nextafter(CoreTensor.numpy(x1.detach()),
                                                CoreTensor.numpy(x2.detach())), None)


@_op
def zero_fraction(value):
    """Which part of the elements is 0."""
    value = convert.tensor(value)
    return _core.mean(_core.eq(value, 0).to(_core.float32))


@_op
def l2_normalize(x, axis=None, epsilon=1e-12):
    """x / sqrt(max(sum(x^2), epsilon)) over axes."""
    x = convert.tensor(x)
    axis = convert.axis_of(axis)
    total = _core.sum(_core.square(x), axis, keepdim=True) if axis is not None else \
        _core.sum(_core.square(x))
    return _core.mul(x, _core.rsqrt(_core.clamp_min(total, epsilon)))


@_op
def complex(real, imag):
    """Complex numbers of their parts."""
    real, imag = convert.require_same(convert.same((real, imag)), "Complex")
    return _core.complex(real, imag)


@_op
def scalar_mul(scalar, x):
    """A number times x."""
    x, scalar = pair(x, scalar, "Mul")
    return _core.mul(x, scalar)


def _of_rows(name, compute, text):
    def function(logits, axis=-1):
        logits = convert.fractions(logits, name)
        return compute(logits, -1 if axis is None else convert.axis_of(axis))

    function.__name__, function.__doc__ = name, text
    return _op(function)


softmax = _of_rows("softmax", _core.softmax, "exp(x) / sum(exp(x)) along an axis.")
log_softmax = _of_rows("log_softmax", _core.log_softmax, "log(softmax(x)) along an axis.")

__all__ = sorted(name for name, value in globals().items()
                 if not name.startswith("_") and builtins.callable(value) and name not in
                 ("builtins", "CoreTensor", "StringTensor", "InvalidArgumentError", "no_bools",
                  "pair"))
