"""What the functions of the namespace share: operands of one dtype, axes, and functions made of
ops."""

import builtins

from .. import _core, _dtypes

Tensor = _core.Tensor

KINDS = {
    "bool": (_core.bool,),
    "signed integer": (_core.int8, _core.int16, _core.int32, _core.int64),
    "unsigned integer": (_core.uint8, _core.uint16, _core.uint32, _core.uint64),
    "real floating": (_core.float32, _core.float64),
    "complex floating": (_core.complex64, _core.complex128),
}
KINDS["integral"] = KINDS["signed integer"] + KINDS["unsigned integer"]
KINDS["numeric"] = KINDS["integral"] + KINDS["real floating"] + KINDS["complex floating"]
DTYPES = KINDS["bool"] + KINDS["numeric"]

_COMPLEX_OF = {_core.float32: _core.complex64, _core.float64: _core.complex128}
_SCALARS = (builtins.bool, int, float, complex)


def default_float():
    return _dtypes.get_default_dtype()


def default_dtype(number):
    """That of numbers with a fraction, real or complex, made without one."""
    return _dtypes.default_complex() if isinstance(number, complex) else default_float()


def promoted(a, b):
    """The dtype of results of two dtypes, after the standard's tables; mixed kinds, which it leaves
    open, give what Tenon's ops give."""
    return _core.add(_core.empty((0,), dtype=a, device="meta"),
                     _core.empty((0,), dtype=b, device="meta")).dtype if a != b else a


def scalar_dtype(scalar, dtype):
    """What a number of Python's becomes beside an array: the array's dtype where that holds the
    kind of number, else the default dtype of the kind."""
    if isinstance(scalar, builtins.bool):
        return dtype
    if isinstance(scalar, int):
        return _core.int64 if dtype == _core.bool else dtype
    if isinstance(scalar, float):
        return dtype if dtype.is_floating_point or dtype.is_complex else default_float()
    real = dtype if dtype.is_floating_point else default_float()
    return dtype if dtype.is_complex else _COMPLEX_OF.get(real, _core.complex64)


def is_scalar(value):
    return isinstance(value, _SCALARS)


def tensors_of(name, *operands):
    """The operands, at least one of them an array, as arrays of the dtype that all promote to."""
    dtype = None
    for operand in operands:
        if isinstance(operand, Tensor):
            dtype = operand.dtype if dtype is None else promoted(dtype, operand.dtype)
        elif not is_scalar(operand):
            raise TypeError(f"{name}() takes tensors and numbers, not {type(operand).__name__}; "
                            "asarray() makes tensors")
    if dtype is None:
        raise TypeError(f"{name}() takes at least one tensor, got numbers alone")
    for operand in operands:
        if not isinstance(operand, Tensor):
            dtype = promoted(dtype, scalar_dtype(operand, dtype))
    return [operand.to(dtype) if isinstance(operand, Tensor)
            else _core.full((), operand, dtype=dtype) for operand in operands]


def named(function, name, what):
    function.__name__ = function.__qualname__ = name
    function.__doc__ = what
    return function


def unary(name, op, what):
    """The standard's function of one array that an op is."""
    def function(x, /):
        return op(x)

    return named(function, name, what)


def binary(name, op, what):
    """The standard's function of two arrays, or an array and a number, that an op is."""
    def function(x1, x2, /):
        return op(*tensors_of(name, x1, x2))

    return named(function, name, what)


def whole(name, op, what):
    """As `unary`, of functions that leave integers as they are."""
    def function(x, /):
        return op(x) if x.dtype.is_floating_point or x.dtype.is_complex else x.clone()

    return named(function, name, what)


def axis_of(axis, ndim, name):
    """The axis counted from the front."""
    if not -ndim <= axis < ndim:
        raise _core.IndexError(f"[{name}] expected an axis in [{-ndim}, {ndim}), got {axis}")
    return axis % ndim


def reduced(op, x, axis, keepdims):
    """op(x, dims, keepdim) over an axis, several, or (None) all."""
    if axis == ():  # over no axis: each element by itself
        return op(x.unsqueeze(-1), -1, False)
    return op(x, axis, keepdims)
