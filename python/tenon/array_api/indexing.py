"""Elements by arrays of places. (x[...] is Tensor's.)"""

from .. import _core
from ._support import axis_of

__all__ = ["take", "take_along_axis"]


def take(x, indices, /, *, axis=None):
    """The slices of `x` at `indices`, a vector of integers, along an axis; negative ones count from
    the end. Only vectors may be taken from without an axis."""
    if axis is None:
        if x.ndim != 1:
            raise _core.ValueError(f"[take] expected an axis for an array of {x.ndim} axes")
        axis = 0
    axis = axis_of(axis, x.ndim, "take")
    return x[(slice(None),) * axis + (indices.to(_core.int64),)]


def take_along_axis(x, indices, /, *, axis=-1):
    """result[.., i, ..] = x[.., indices[.., i, ..], ..] along an axis; the other axes broadcast,
    and negative indices count from the end."""
    axis = axis_of(axis, x.ndim, "take_along_axis")
    length = x.shape[axis]
    indices = indices.to(_core.int64)
    places = _core.where(_core.lt(indices, 0), indices + length, indices)
    return _core.take_along_dim(x, places, axis)
