"""Sums, means and others over axes."""

import math

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.indexing import host, known
from .._eager.strings import StringTensor
from .._eager.tensor import no_bools, op as _op


def _given(x, axis, name):
    """The tensor and its axes in range, as a tuple; None for all of them."""
    x = convert.tensor(x)
    axis = convert.axis_of(axis)
    if axis is None:
        return x, None
    axes = axis if isinstance(axis, tuple) else (axis,)
    for one in axes:
        if not -x.dim() <= one < x.dim():
            raise InvalidArgumentError(f"Invalid reduction dimension ({one} for input with "
                                       f"{x.dim()} dimension(s) [Op:{name}]")
    return x, axes


def _reduction(name, compute, text, accepts="numbers"):
    def function(input_tensor, axis=None, keepdims=False):
        x, axes = _given(input_tensor, axis, name)
        if accepts == "bool" and x.dtype is not _core.bool:
            raise InvalidArgumentError(f"cannot compute {name}: expected a bool tensor, got "
                                       f"{dtypes.name_of(x.dtype)}")
        if accepts == "real" and not (x.is_floating_point() or x.is_complex()):
            raise TypeError(f"{name}: Input must be either real or complex. Received integer type "
                            f"{dtypes.name_of(x.dtype)}")
        if accepts == "numbers" and x.dtype is _core.bool:
            raise no_bools(name)
        if axes == ():
            return x
        return compute(x, axes, keepdims)

    function.__name__, function.__doc__ = name, text
    return _op(function)


def _sum(x, axes, keepdims):
    return _core.sum(x, axes, keepdims, x.dtype)


def _mean(x, axes, keepdims):
    if x.is_floating_point() or x.is_complex():
        return _core.mean(x, axes, keepdims)
    total = _core.sum(x, axes, keepdims, x.dtype)  # whole numbers keep their dtype, cut off
    count = x.numel() // max(total.numel(), 1)
    quotient = _core.floor_divide(_core.abs(total), count)
    return _core.mul(quotient, _core.sign(total)).to(x.dtype)


def _variance(x, axes, keepdims):
    return _core.var(x, axes, 0.0, keepdims)


def _prod(x, axes, keepdims):
    if isinstance(known(x), list) and not keepdims:  # of sizes: still sizes
        return host(math.prod(known(x)), x.dtype)
    made = _core.prod(x, axes, keepdims)
    return made if made.dtype is x.dtype else made.to(x.dtype)


def _extreme(compute, empty):
    def reduce(x, axes, keepdims):
        if x.numel() == 0:  # of nothing: the number that changes no other
            limits = x.dtype.limits if x.dtype.is_integer else (float("-inf"), float("inf"))
            return _core.sum(x, axes, keepdims, x.dtype) + limits[empty]
        return compute(x, axes, keepdims)

    return reduce


reduce_sum = _reduction("reduce_sum", _sum, "The sum over axes, or of all elements.")
reduce_mean = _reduction("reduce_mean", _mean, "The mean over axes; of integers cut off to one.")
reduce_max = _reduction("reduce_max", _extreme(_core.amax, 0), "The largest over axes.")
reduce_min = _reduction("reduce_min", _extreme(_core.amin, 1), "The smallest over axes.")
reduce_prod = _reduction("reduce_prod", _prod, "The product over axes.")
reduce_all = _reduction("reduce_all", _core.all, "Whether all hold.", "bool")
reduce_any = _reduction("reduce_any", _core.any, "Whether one holds.", "bool")
reduce_logsumexp = _reduction(
    "reduce_logsumexp",
    lambda x, axes, keepdims: _core.logsumexp(x, tuple(range(x.dim())) if axes is None else axes,
                                              keepdims),
    "log(sum(exp(x))) over axes.")
reduce_variance = _reduction("reduce_variance", _variance,
                             "The mean squared distance from the mean.", "real")
reduce_std = _reduction(
    "reduce_std", lambda x, axes, keepdims: _core.sqrt(_variance(x, axes, keepdims)),
    "The square root of the variance.", "real")
reduce_euclidean_norm = _reduction(
    "reduce_euclidean_norm",
    lambda x, axes, keepdims: _core.sqrt(_core.sum(_core.square(x), axes, keepdims)),
    "The square root of the sum of squares.")


@_op
def count_nonzero(input, axis=None, keepdims=None, dtype=_core.int64):
    """How many elements differ from 0."""
    x, axes = _given(input, axis, "count_nonzero")
    if isinstance(x, StringTensor):
        x = x != ""
    return _core.sum(_core.ne(x, 0), axes, bool(keepdims), dtypes.as_dtype(dtype))


def _arg(name, compute, text):
    def function(input, axis=None, output_type=_core.int64):
        x = convert.tensor(input)
        axis = 0 if axis is None else convert.axis_of(axis)
        if x.dtype is _core.bool:
            x = x.to(_core.uint8)
        return compute(x, axis).to(dtypes.as_dtype(output_type))

    function.__name__, function.__doc__ = name, text
    return _op(function)


argmax = _arg("argmax", _core.argmax, "The place of the largest along an axis (0), the first of "
                                      "them.")
argmin = _arg("argmin", _core.argmin, "The place of the smallest along an axis (0), the first of "
                                      "them.")


def _scan(name, compute, nothing, text):
    def function(x, axis=0, exclusive=False, reverse=False):
        x, axis = convert.tensor(x), convert.axis_of(axis)
        if x.dtype is _core.bool:
            raise no_bools(name)
        if reverse:
            x = _core.flip(x, axis)
        if exclusive:
            first = _core.full_like(_core.narrow(x, axis, 0, 1), nothing)
            x = _core.cat([first, _core.narrow(x, axis, 0, x.shape[axis] - 1)], axis)
        made = compute(x, axis)
        made = made if made.dtype is x.dtype else made.to(x.dtype)
        return _core.flip(made, axis) if reverse else made

    function.__name__, function.__doc__ = name, text
    return _op(function)


cumsum = _scan("cumsum", _core.cumsum, 0, "The sums of all elements up to each.")
cumprod = _scan("cumprod", _core.cumprod, 1, "The products of all elements up to each.")
cumulative_logsumexp = _scan("cumulative_logsumexp", _core.logcumsumexp, float("-inf"),
                             "log(sum(exp(x))) of all elements up to each.")
