"""Elements in order; NaNs come last."""

from .. import _core

__all__ = ["argsort", "sort"]


def argsort(x, /, *, axis=-1, descending=False, stable=True):
    """The places in `x` of its elements in order along an axis; equal ones stay as they were."""
    return _core.sort(x, axis, descending, True)[1]


def sort(x, /, *, axis=-1, descending=False, stable=True):
    """The elements in order along an axis."""
    return _core.sort(x, axis, descending, True)[0]
