"""Sizes given once or a number a dim."""

from collections.abc import Iterable


def _ntuple(n, name="parse"):
    """A function that makes a tuple of `n` of one number; tuples stay what they are."""

    def parse(value):
        return tuple(value) if isinstance(value, Iterable) else (value,) * n

    parse.__name__ = name
    return parse


_single, _pair = _ntuple(1, "_single"), _ntuple(2, "_pair")
_triple, _quadruple = _ntuple(3, "_triple"), _ntuple(4, "_quadruple")


def _reverse_repeat_tuple(values, n):
    """The values from the last on, each `n` times."""
    return tuple(value for value in reversed(values) for _ in range(n))
