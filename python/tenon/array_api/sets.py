"""Arrays as sets of elements; NaNs are each different from all."""

from typing import NamedTuple

from .. import _core
from ._support import Tensor, tensors_of

__all__ = ["isin", "unique_all", "unique_counts", "unique_inverse", "unique_values"]


class UniqueAll(NamedTuple):
    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    values: Tensor
    inverse_indices: Tensor


def isin(x1, x2, /, *, invert=False):
    """Whether each element of `x1` is one of `x2`; with `invert`, whether it is not."""
    x1, x2 = tensors_of("isin", x1, x2)
    return _core.isin(x1, x2, invert=invert)


def unique_all(x, /):
    """The different elements in order, the first place of each in the flat array, the place among
    them of each element of `x`, and how often each occurs."""
    values, inverse, counts = _core.unique(x, True, True, True)
    order = _core.argsort(inverse.reshape((-1,)))
    first = order[_core.cumsum(counts, 0) - counts]
    return UniqueAll(values, first, inverse.reshape(x.shape), counts)


def unique_counts(x, /):
    """The different elements in order, and how often each occurs."""
    values, _, counts = _core.unique(x, True, False, True)
    return UniqueCounts(values, counts)


def unique_inverse(x, /):
    """The different elements in order, and the place among them of each element of `x`."""
    values, inverse, _ = _core.unique(x, True, True, False)
    return UniqueInverse(values, inverse.reshape(x.shape))


def unique_values(x, /):
    """The different elements in order."""
    return _core.unique(x, True, False, False)[0]
