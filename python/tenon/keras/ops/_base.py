"""What the functions of keras.ops share: what they take, and which dtypes come out.

A function takes tensors, arrays, numbers and lists, gives values of the kind that `_style` says,
and is recorded when a KerasTensor is among its arguments. Dtypes promote: what holds both; numbers
of Python's take the dtype of the tensor beside them.
"""

from ... import _core
from ..._eager import convert
from ..._eager.tensor import op as _eager_op
from .._arrays import as_dtype

tensor, axis_of, sizes = convert.tensor, convert.axis_of, convert.sizes

_SCALARS = (bool, int, float, complex)


def public(function):
    """Marks a function as one of keras.ops."""
    function.is_keras_op = True
    return function


def op(function):
    """A function of keras.ops that takes and gives tensors."""
    return public(_eager_op(function))


def names_of(namespace):
    """The names of the functions of keras.ops in a module."""
    return [name for name, value in namespace.items()
            if not name.startswith("_") and getattr(value, "is_keras_op", False)]


def _is_scalar(value):
    return isinstance(value, _SCALARS) and not hasattr(value, "dtype")


def _scalar_beside(value, dtype):
    """A number of Python's as a tensor beside one of a dtype, which it takes where it can."""
    if isinstance(value, bool) or (isinstance(value, int) and dtype is not _core.bool):
        return tensor(value, dtype if not isinstance(value, bool) else _core.bool)
    if isinstance(value, float) and (dtype.is_floating_point or dtype.is_complex):
        return tensor(value, dtype)
    return tensor(value)


def pair(x1, x2):
    """Both operands as tensors, each of its own dtype."""
    if _is_scalar(x1) and not _is_scalar(x2):
        x2 = tensor(x2)
        return _scalar_beside(x1, x2.dtype), x2
    x1 = tensor(x1)
    return x1, _scalar_beside(x2, x1.dtype) if _is_scalar(x2) else tensor(x2)


def promoted(values):
    """All as tensors of one dtype, which holds each."""
    values = list(values)
    found = [tensor(value) for value in values if not _is_scalar(value)]
    dtype = found[0].dtype if found else tensor(values[0]).dtype
    for one in found[1:]:
        dtype = _core.promote_types(dtype, one.dtype)
    values = [_scalar_beside(value, dtype) if _is_scalar(value) else tensor(value)
              for value in values]
    for one in values:
        dtype = _core.promote_types(dtype, one.dtype)
    return [one if one.dtype is dtype else one.to(dtype) for one in values]


def floats(x):
    """A tensor of floating-point (or complex) numbers."""
    x = tensor(x)
    return x if x.is_floating_point() or x.is_complex() else x.to(as_dtype(None))


def together(x1, x2):
    """Both operands as tensors of one dtype."""
    return promoted((x1, x2))


def floats_together(x1, x2):
    """Both operands as tensors of one floating-point (or complex) dtype."""
    return map(floats, promoted((x1, x2)))


def named(name, function, text):
    """The function as one of keras.ops."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return op(function)


def unary(name, text, compute=None, of=tensor):
    """A function of each element."""
    compute = compute or getattr(_core, name)
    return named(name, lambda x: compute(of(x)), text)


def binary(name, text, compute=None, takes=pair):
    """A function of the elements of two tensors, which broadcast."""
    compute = compute or getattr(_core, name)
    return named(name, lambda x1, x2: compute(*takes(x1, x2)), text)


def dims_of(axis):
    """Axes as a tuple, or None for all."""
    axis = axis_of(axis)
    return (axis,) if isinstance(axis, int) else axis


def as_int32(x):
    """Places and counts, which Keras has in int32."""
    return x.to(_core.int32)
