"""Places of elements."""

from .. import _core
from ._support import is_scalar, reduced, tensors_of

__all__ = ["argmax", "argmin", "count_nonzero", "nonzero", "searchsorted", "where"]


def _place_of_all(op, x, axis, keepdims):
    if axis is not None:
        return op(x, axis, keepdims)
    place = op(x.reshape((-1,)), 0, False)
    return place.reshape((1,) * x.ndim) if keepdims else place


def argmax(x, /, *, axis=None, keepdims=False):
    """The first place of the largest element along an axis, or of all as a vector."""
    return _place_of_all(_core.argmax, x, axis, keepdims)


def argmin(x, /, *, axis=None, keepdims=False):
    """The first place of the smallest element along an axis, or of all as a vector."""
    return _place_of_all(_core.argmin, x, axis, keepdims)


def count_nonzero(x, /, *, axis=None, keepdims=False):
    """How many elements are not 0 along an axis, several, or in all."""
    is_other = x if x.dtype == _core.bool else _core.ne(x, 0)
    return reduced(_core.sum, is_other.to(_core.int64), axis, keepdims)


def nonzero(x, /):
    """The places of elements that are not 0, a vector for each axis."""
    if x.ndim == 0:
        raise _core.ValueError("[nonzero] expected an array of one axis or more, got a 0-d one")
    return tuple(_core.unbind(_core.nonzero(x), 1))


def searchsorted(x1, x2, /, *, side="left", sorter=None):
    """Where elements of `x2` go into the sorted vector `x1` (or x1[sorter]), before equal ones
    ("left") or behind them ("right")."""
    if sorter is not None:
        sorter = sorter.to(_core.int64)
    if is_scalar(x2):
        x2 = _core.full((), x2, dtype=x1.dtype)
    x1, x2 = tensors_of("searchsorted", x1, x2)
    return _core.searchsorted(x1, x2, side=side, sorter=sorter)


def where(condition, x1, x2, /):
    """x1 where the condition holds, else x2: arrays or numbers."""
    if is_scalar(x1) and is_scalar(x2):
        return _core.where(condition, x1, x2)
    return _core.where(condition, *tensors_of("where", x1, x2))
