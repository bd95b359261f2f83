"""Casts and assignments as functions."""

from .... import _core
from ... import cast
from ..._slices import IndexedSlices
from ...math import divide, floordiv
from ...._eager import convert


def _casting(name, dtype):
    def function(x, name=None):
        return cast(x, dtype)

    function.__name__, function.__doc__ = name, f"`tf.cast` to {dtype}."
    return function


to_float, to_double = _casting("to_float", "float32"), _casting("to_double", "float64")
to_int32, to_int64 = _casting("to_int32", "int32"), _casting("to_int64", "int64")
to_bfloat16 = _casting("to_bfloat16", "bfloat16")
to_complex64 = _casting("to_complex64", "complex64")
to_complex128 = _casting("to_complex128", "complex128")


def div(x, y, name=None):
    """x / y; of integers rounded down."""
    x = convert.tensor(x)
    return divide(x, y) if x.is_floating_point() or x.is_complex() else floordiv(x, y)


def assign(ref, value, validate_shape=None, use_locking=None, name=None):
    """`ref.assign(value)`."""
    return ref.assign(value)


def assign_add(ref, value, use_locking=None, name=None):
    """`ref.assign_add(value)`."""
    return ref.assign_add(value)


def assign_sub(ref, value, use_locking=None, name=None):
    """`ref.assign_sub(value)`."""
    return ref.assign_sub(value)


def _scattering(kind):
    def function(ref, indices, updates, use_locking=True, name=None):
        indices = convert.tensor(indices).to(_core.int64)
        updates = convert.like(updates, ref)
        rows = updates.reshape((indices.numel(), *ref.shape[1:]))
        return getattr(ref, f"scatter_{kind}")(IndexedSlices(rows, indices.reshape(-1)))

    function.__name__ = f"scatter_{kind}"
    function.__doc__ = f"`ref.scatter_{kind}` of slices at their places."
    return function


def _scattering_elements(kind):
    def function(ref, indices, updates, use_locking=True, name=None):
        return getattr(ref, f"scatter_nd_{kind}")(indices, updates)

    function.__name__ = f"scatter_nd_{kind}"
    function.__doc__ = f"`ref.scatter_nd_{kind}`."
    return function


scatter_add, scatter_sub, scatter_update = map(_scattering, ("add", "sub", "update"))
scatter_mul, scatter_div = map(_scattering, ("mul", "div"))
scatter_max, scatter_min = map(_scattering, ("max", "min"))
scatter_nd_add, scatter_nd_sub, scatter_nd_update = map(_scattering_elements,
                                                        ("add", "sub", "update"))
