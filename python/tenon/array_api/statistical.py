"""Sums, means and their like, over an axis, several, or all."""

from .. import _core
from ._support import KINDS, axis_of, reduced

__all__ = ["cumulative_prod", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]


def _summed_dtype(x, dtype):
    """Integers add up in 64 bits, unsigned ones without a sign."""
    if dtype is not None:
        return dtype
    if x.dtype in KINDS["unsigned integer"]:
        return _core.uint64
    if x.dtype in KINDS["signed integer"] or x.dtype == _core.bool:
        return _core.int64
    return x.dtype


def _cumulative(op, first, name, x, axis, dtype, include_initial):
    if axis is None:
        if x.ndim != 1:
            raise _core.ValueError(f"[{name}] expected an axis for an array of {x.ndim} axes")
        axis = 0
    axis = axis_of(axis, x.ndim, name)
    dtype = _summed_dtype(x, dtype)
    made = op(x.to(dtype), axis).to(dtype)
    if not include_initial:
        return made
    sizes = list(x.shape)
    sizes[axis] = 1
    return _core.cat([_core.full(sizes, first, dtype=dtype), made], axis)


def cumulative_prod(x, /, *, axis=None, dtype=None, include_initial=False):
    """The products of all elements up to each one along an axis; `include_initial` puts a 1 before
    them."""
    return _cumulative(_core.cumprod, 1, "cumulative_prod", x, axis, dtype, include_initial)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    """The sums of all elements up to each one along an axis; `include_initial` puts a 0 before
    them."""
    return _cumulative(_core.cumsum, 0, "cumulative_sum", x, axis, dtype, include_initial)


def max(x, /, *, axis=None, keepdims=False):
    """The largest element; NaN where one is NaN."""
    return reduced(_core.amax, x, axis, keepdims)


def mean(x, /, *, axis=None, keepdims=False):
    """The mean."""
    return reduced(_core.mean, x, axis, keepdims)


def min(x, /, *, axis=None, keepdims=False):
    """The smallest element; NaN where one is NaN."""
    return reduced(_core.amin, x, axis, keepdims)


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    """The product; integers multiply in 64 bits."""
    dtype = _summed_dtype(x, dtype)
    return reduced(_core.prod, x.to(dtype), axis, keepdims).to(dtype)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    """The square root of the variance."""
    return _core.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims))


def sum(x, /, *, axis=None, dtype=None, keepdims=False):
    """The sum; integers add up in 64 bits."""
    dtype = _summed_dtype(x, dtype)
    return reduced(_core.sum, x.to(dtype), axis, keepdims).to(dtype)


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    """The mean square of the distance to the mean, with n - correction as the divisor."""
    def op(x, dims, keepdim):
        return _core.var(x, dims, float(correction), keepdim)

    return reduced(op, x, axis, keepdims)
