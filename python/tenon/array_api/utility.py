"""Whether all or any elements are true, and differences."""

from .. import _core
from ._support import reduced

__all__ = ["all", "any", "diff"]


def _truth(x):
    return x if x.dtype == _core.bool else _core.ne(x, 0)


def all(x, /, *, axis=None, keepdims=False):
    """Whether all elements along an axis, several, or in all are true (not 0)."""
    return reduced(_core.all, _truth(x), axis, keepdims)


def any(x, /, *, axis=None, keepdims=False):
    """Whether an element along an axis, several, or in all is true (not 0)."""
    return reduced(_core.any, _truth(x), axis, keepdims)


def diff(x, /, *, axis=-1, n=1, prepend=None, append=None):
    """The n-th differences of neighbours along an axis, with what goes before and behind first."""
    return _core.diff(x, n, axis, prepend, append)
