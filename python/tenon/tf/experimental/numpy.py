"""tf.experimental.numpy: NumPy's functions of tensors, with its dtypes and promotions; gradients
pass through.

    tnp = tf.experimental.numpy
    tnp.mean(tnp.asarray([[1, 2], [3, 4]]), axis=0)
"""

import numpy

from ... import _core, array_api
from ..._eager import dtypes
from ..._eager.dtypes import (bfloat16, bool_, complex64, complex128, float16,  # noqa: F401
                              float32, float64, int8, int16, int32, int64, uint8, uint16, uint32,
                              uint64)
from ..._eager.tensor import Tensor as ndarray  # noqa: F401
from ..._eager.tensor import own
from ._numpy_arrays import (array, asarray, binary, floats_of, named, promote_types,  # noqa: F401
                            promoted, public, result_type, unary)
from ._numpy_shapes import *  # noqa: F403
from ._numpy_shapes import broadcast_to, flip, reshape, tril

e, pi, inf, newaxis = numpy.e, numpy.pi, numpy.inf, None
complex_, float_, int_ = complex128, float64, int64
finfo, iinfo = array_api.finfo, array_api.iinfo
asanyarray = ascontiguousarray = asarray

for _name, _function in {
        "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos",
        "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh",
        "arccosh": "acosh", "arctanh": "atanh", "exp": "exp", "expm1": "expm1", "exp2": "exp2",
        "log": "log", "log2": "log2", "log10": "log10", "log1p": "log1p", "sqrt": "sqrt",
        "deg2rad": "deg2rad", "rad2deg": "rad2deg", "sinc": "sinc"}.items():
    globals()[_name] = unary(_name, getattr(_core, _function), True)
for _name, _function in {
        "abs": "abs", "absolute": "abs", "fabs": "abs", "negative": "neg", "square": "square",
        "sign": "sgn", "conj": "conj", "conjugate": "conj", "bitwise_not": "bitwise_not",
        "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite"}.items():
    globals()[_name] = unary(_name, getattr(_core, _function), _name == "fabs")
imag = unary("imag", lambda x: array_api.imag(x) if x.is_complex() else _core.zeros_like(x))
for _name in ("floor", "ceil", "positive", "real", "reciprocal", "signbit"):
    globals()[_name] = unary(_name, getattr(array_api, _name), _name == "reciprocal")
for _name in ("add", "subtract", "multiply", "floor_divide", "remainder", "maximum", "minimum",
              "bitwise_and", "bitwise_or", "bitwise_xor", "equal", "not_equal", "less",
              "less_equal", "greater", "greater_equal"):
    globals()[_name] = binary(_name, getattr(array_api, _name))
for _name, _function in {"divide": _core.div, "true_divide": _core.div, "arctan2": _core.atan2,
                         "hypot": _core.hypot, "logaddexp": _core.logaddexp,
                         "nextafter": array_api.nextafter, "heaviside": _core.heaviside}.items():
    globals()[_name] = binary(_name, _function, True)
for _name in ("logical_and", "logical_or", "logical_xor"):
    globals()[_name] = binary(_name, getattr(_core, _name))
power, mod = binary("power", _core.pow), globals()["remainder"]
float_power = binary("float_power", lambda a, b: _core.pow(a.to(float64), b.to(float64)))
logical_not = unary("logical_not", _core.logical_not)


@public
def divmod(x1, x2):
    """(floor_divide, remainder)."""
    x1, x2 = promoted((x1, x2))
    return array_api.floor_divide(x1, x2), array_api.remainder(x1, x2)


@public
def around(a, decimals=0):
    """Rounded to so many decimals, halves to even."""
    a = asarray(a)
    if not a.is_floating_point():
        return a
    return _core.round(a * 10.0 ** decimals) / 10.0 ** decimals if decimals else _core.round(a)


round = around


@public
def clip(a, a_min=None, a_max=None):
    """Each element limited to [a_min, a_max]."""
    a, *limits = promoted([one for one in (a, a_min, a_max) if one is not None])
    if a_min is not None:
        a = _core.maximum(a, limits.pop(0))
    return a if a_max is None else _core.minimum(a, limits.pop(0))


@public
def where(condition, x=None, y=None):
    """The elements of x where the condition holds, else those of y; without them the places where
    it does, a vector an axis."""
    condition = asarray(condition).to(bool_)
    if x is None and y is None:
        return tuple(_core.unbind(_core.nonzero(condition), 1))
    x, y = promoted((x, y))
    return _core.where(condition, x, y)


@public
def nonzero(a):
    """The places of elements that aren't 0, a vector an axis."""
    return where(asarray(a) != 0)


@public
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether elements differ by at most atol + rtol |b|."""
    return _core.isclose(*map(floats_of, promoted((a, b))), rtol, atol, equal_nan)


def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close."""
    return all(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1, a2):
    """Whether two arrays have the same shape and elements."""
    a1, a2 = promoted((a1, a2))
    return own(_core.tensor_of_data(a1.shape == a2.shape and bool(_core.all(_core.eq(a1, a2))),
                                     bool_))


def _making(name):
    make = getattr(array_api, name)

    @named(name, make.__doc__)
    def call(*arguments, dtype=float64, **keywords):
        return make(*arguments, dtype=dtypes.as_dtype(dtype), **keywords)

    return call


zeros, ones, empty, eye = map(_making, ("zeros", "ones", "empty", "eye"))


def identity(n, dtype=float64):
    """The identity of n rows."""
    return eye(n, dtype=dtype)


@public
def full(shape, fill_value, dtype=None):
    """An array of one value."""
    value = asarray(fill_value, dtype)
    return _core.clone(value.expand(shape if isinstance(shape, (tuple, list)) else (shape,)))


def zeros_like(a, dtype=None):
    """Zeros in the shape of another array."""
    return full_like(a, 0, dtype)


def ones_like(a, dtype=None):
    """Ones in the shape of another array."""
    return full_like(a, 1, dtype)


def full_like(a, fill_value, dtype=None):
    """An array of one value in the shape of another."""
    a = asarray(a)
    return full(tuple(a.shape), fill_value, a.dtype if dtype is None else dtype)


def arange(start, stop=None, step=1, dtype=None):
    """Numbers a step apart, from start to before stop."""
    return asarray(numpy.arange(start, stop, step) if stop is not None else
                   numpy.arange(0, start, step), dtype)


@public
def linspace(start, stop, num=50, endpoint=True, dtype=float64):
    """`num` numbers the same distance apart."""
    return array_api.linspace(start, stop, num, endpoint=endpoint, dtype=dtypes.as_dtype(dtype))


def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None):
    """base ** x of numbers x the same distance apart."""
    return asarray(power(float(base), linspace(start, stop, num, endpoint)), dtype)


def geomspace(start, stop, num=50, endpoint=True, dtype=float64):
    """`num` numbers with the same ratio between them."""
    return asarray(numpy.geomspace(start, stop, num, endpoint), dtype)


def tri(N, M=None, k=0, dtype=float64):
    """Ones at and below a diagonal."""
    return tril(ones((N, N if M is None else M), dtype=dtype), k)


def vander(x, N=None, increasing=False):
    """Powers of the elements of a vector, a row each."""
    x = asarray(x)
    powers = arange(x.shape[0] if N is None else N)
    return power(x[:, None], powers if increasing else flip(powers))


def _reduction(name, floats=False):
    reduce = getattr(array_api, name)

    @named(name, reduce.__doc__)
    def call(a, axis=None, dtype=None, keepdims=False, **keywords):
        a = asarray(a, dtype)
        if "ddof" in keywords:
            keywords["correction"] = keywords.pop("ddof")
        return reduce(floats_of(a) if floats else a, axis=axis, keepdims=keepdims, **keywords)

    return call


sum, prod, max, min, any, all = map(_reduction, ("sum", "prod", "max", "min", "any", "all"))
mean, std, var = (_reduction(name, True) for name in ("mean", "std", "var"))
amax, amin = max, min


def ptp(a, axis=None, keepdims=False):
    """The largest element less the least."""
    return max(a, axis=axis, keepdims=keepdims) - min(a, axis=axis, keepdims=keepdims)


def average(a, axis=None, weights=None):
    """The mean, weighed."""
    if weights is None:
        return mean(a, axis)
    a, weights = map(own, map(floats_of, promoted((a, weights))))
    if a.dim() != weights.dim():
        weights = reshape(weights, [-1 if i == axis % a.dim() else 1 for i in range(a.dim())])
    return sum(a * weights, axis) / sum(broadcast_to(weights, a.shape), axis)


def nansum(a, axis=None, dtype=None, keepdims=False):
    """The sum without NaNs."""
    a = asarray(a, dtype)
    return sum(where(isnan(a), 0, a), axis=axis, keepdims=keepdims)  # noqa: F821


def nanprod(a, axis=None, dtype=None, keepdims=False):
    """The product without NaNs."""
    a = asarray(a, dtype)
    return prod(where(isnan(a), 1, a), axis=axis, keepdims=keepdims)  # noqa: F821


def nanmean(a, axis=None, dtype=None, keepdims=False):
    """The mean without NaNs."""
    a = asarray(a, dtype)
    counts = sum(logical_not(isnan(a)), axis=axis, keepdims=keepdims)  # noqa: F821
    return divide(nansum(a, axis, None, keepdims), counts)  # noqa: F821


def _searching(name):
    search = getattr(array_api, name)

    @named(name, search.__doc__)
    def call(a, axis=None):
        return search(asarray(a), axis=axis)

    return call


argmax, argmin = _searching("argmax"), _searching("argmin")


@public
def count_nonzero(a, axis=None):
    """How many elements aren't 0."""
    return array_api.count_nonzero(asarray(a), axis=axis)


def _cumulative(name, function):
    @named(name, f"The {name[3:]}s of all elements up to each one.")
    def call(a, axis=None, dtype=None):
        a = asarray(a, dtype)
        a = a.to(int64) if a.dtype in (bool_, int8, int16, int32) and dtype is None else a
        return function(a.reshape((-1,)), 0) if axis is None else function(a, axis)

    return call


cumsum, cumprod = _cumulative("cumsum", _core.cumsum), _cumulative("cumprod", _core.cumprod)


@public
def diff(a, n=1, axis=-1):
    """The differences of neighbours, n times."""
    return array_api.diff(asarray(a), n=n, axis=axis)


@public
def sort(a, axis=-1):
    """The elements in ascending order along an axis."""
    a = asarray(a)
    a, axis = (a.reshape((-1,)), 0) if axis is None else (a, axis)
    return array_api.sort(a, axis=axis)


@public
def argsort(a, axis=-1):
    """The places of the elements in ascending order."""
    a = asarray(a)
    a, axis = (a.reshape((-1,)), 0) if axis is None else (a, axis)
    return array_api.argsort(a, axis=axis)
