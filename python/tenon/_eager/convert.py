"""Numbers, lists, arrays and others as tensors of TensorFlow's kind."""

from .. import _core
from . import dtypes
from .errors import InvalidArgumentError
from .tensor import CoreTensor, Ragged, Symbolic, Tensor, is_symbolic, own

_INT32 = range(-2**31, 2**31)


def _leaf(value):
    """The first element of nested lists."""
    while isinstance(value, (list, tuple)):
        if not value:
            return None
        value = value[0]
    return value


def _has(value, kinds):
    if isinstance(value, (list, tuple)):
        return any(_has(one, kinds) for one in value)
    return isinstance(value, kinds)


def _stacked(value, dtype):
    """Nested lists some of whose elements are tensors."""
    if not isinstance(value, (list, tuple)):
        return tensor(value, dtype)
    found = _first_tensor(value)
    return _core.stack([_stacked(one, found.dtype if dtype is None else dtype) for one in value], 0)


def _first_tensor(value):
    for one in value:
        if isinstance(one, CoreTensor):
            return one
        if isinstance(one, (list, tuple)) and _has(one, CoreTensor):
            return _first_tensor(one)
    raise AssertionError("no tensor in the list")


def _of_python(value, dtype):
    """Numbers and lists of them: int32 or, where they need it, int64; float32; bool; complex128."""
    if dtype is not None:
        _check_fits(_leaf(value), dtype)
    try:
        made = _core.tensor_of_data(value, None)
    except (_core.Error, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"Can't convert this Python sequence to a rectangular Tensor: {error}"
                         ) from None
    if dtype is None:
        if made.dtype is _core.int64:
            fits = made.numel() == 0 or (made.amin().item() in _INT32
                                         and made.amax().item() in _INT32)
            if made.numel() == 0 and isinstance(value, (list, tuple)):
                return made.to(_core.float32)
            return made.to(_core.int32) if fits else made
        return made.to(_core.complex128) if made.is_complex() else made
    if made.numel() and made.is_floating_point() and not (dtype.is_floating_point
                                                          or dtype.is_complex):
        raise TypeError(f"Cannot convert {value} to EagerTensor of dtype {dtypes.name_of(dtype)}")
    # Once more from the data: float64 is not to pass through float32.
    return made if made.dtype is dtype else _core.tensor_of_data(value, dtype)


def _check_fits(leaf, dtype):
    if leaf is not None and isinstance(leaf, bool) != (dtype is _core.bool):
        raise TypeError(f"Cannot convert {leaf!r} to EagerTensor of dtype {dtypes.name_of(dtype)}")


def _of_array(array, dtype):
    """An array's elements, copied: it may change later."""
    if array.dtype.kind in "SUO":
        return _strings().StringTensor(array)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("="))
    made = _core.tensor_of_data(array, None)
    if dtype is None or made.dtype is dtype:
        return made
    if (made.is_floating_point() and not (dtype.is_floating_point or dtype.is_complex)) or (
            made.is_complex() and not dtype.is_complex):
        raise TypeError(f"Cannot convert an array of {array.dtype} to EagerTensor of dtype "
                        f"{dtypes.name_of(dtype)}")
    return made.to(dtype)


def _strings():
    from . import strings

    return strings


def tensor(value, dtype=None):
    """A tensor of a value; of one that is a tensor, itself, whose dtype must be `dtype`."""
    if isinstance(value, CoreTensor):
        if dtype is not None and value.dtype is not dtype:
            raise ValueError(f"Tensor conversion requested dtype {dtypes.name_of(dtype)} for "
                             f"Tensor with dtype {dtypes.name_of(value.dtype)}: {value!r}")
        return value
    if isinstance(value, (int, float, complex)) and not hasattr(value, "dtype"):
        return _of_python(value, dtype)
    if is_symbolic(value):
        raise Symbolic
    if getattr(value, "is_tensor_like", False):
        return value
    if getattr(value, "is_ragged", False):
        raise Ragged
    if value is None:
        raise ValueError("Attempt to convert a value (None) with an unsupported type "
                         "(<class 'NoneType'>) to a Tensor.")
    if isinstance(value, (str, bytes)):
        if dtype is not None:
            raise TypeError(f"Cannot convert {value!r} to EagerTensor of dtype "
                            f"{dtypes.name_of(dtype)}")
        return _strings().StringTensor(value)
    if isinstance(value, range):
        value = list(value)
    if isinstance(value, (list, tuple)):
        return _of_list(value, dtype)
    return _of_object(value, dtype)


def _of_list(value, dtype):
    if _has(value, CoreTensor):
        return _stacked(value, dtype)
    if any(map(is_symbolic, value)):
        raise Symbolic
    if any(getattr(one, "is_ragged", False) for one in value):
        raise Ragged
    leaf = _leaf(value)
    if isinstance(leaf, (str, bytes)) or getattr(leaf, "is_tensor_like", False):
        return _strings().StringTensor(_strings().array_of(value))
    if leaf is not None and hasattr(leaf, "dtype"):
        import numpy

        return _of_array(numpy.array(value), dtype)
    return _of_python(value, dtype)


def _of_object(value, dtype):
    if hasattr(value, "__tf_tensor__"):
        return tensor(value.__tf_tensor__(dtype), dtype)
    if (hasattr(value, "__array__") or hasattr(value, "__array_interface__")
        or hasattr(value, "dtype")):
        import numpy

        return _of_array(numpy.asarray(value), dtype)
    if hasattr(value, "value") and callable(value.value):
        return tensor(value.value(), dtype)
    if hasattr(value, "__len__") and hasattr(value, "__getitem__"):
        return _of_list(list(value), dtype)
    raise ValueError(f"Attempt to convert a value ({value!r}) with an unsupported type "
                     f"({type(value)}) to a Tensor.")


def fractions(value, name):
    """The argument of an op that takes no whole numbers, as a tensor."""
    x = tensor(value)
    if not (x.is_floating_point() or x.is_complex()):
        raise InvalidArgumentError(
            f"Value for attr 'T' of {dtypes.name_of(x.dtype)} is not in the list of allowed values:"
            f" bfloat16, half, float, double, complex64, complex128 [Op:{name}]; tf.cast it")
    return x


def like(value, other):
    """A tensor of the other's dtype where the value can be such, else of its own; of a tensor,
    which must have it, itself."""
    if isinstance(value, CoreTensor):
        return require_same([other, value], "this op")[1]
    try:
        return tensor(value, other.dtype)
    except TypeError:
        if isinstance(value, (int, float, complex)) and not hasattr(value, "dtype"):
            raise
        return tensor(value)


def same(values):
    """Tensors of one dtype: of the first tensor's among the values, else of the first's."""
    values = list(values)
    first = next((one for one in values if isinstance(one, CoreTensor)), None)
    if first is None and values:
        first = tensor(values[0])
    return [tensor(one) if isinstance(one, CoreTensor) or first.dtype is None or
            getattr(one, "is_tensor_like", False) else like(one, first) for one in values]


def constant(value, dtype=None, shape=None, name=None):
    """A tensor of these elements, which it has for itself; one element may fill a whole shape."""
    dtype = None if dtype is None else dtypes.as_dtype(dtype)
    if isinstance(value, CoreTensor) and dtype is not None:
        value = value.to(dtype)
    made = tensor(value, None if dtype is dtypes.string else dtype)
    if made is value and isinstance(made, CoreTensor):
        made = _core.clone(made)
    if shape is not None:
        shape = sizes(shape)
        if not isinstance(made, CoreTensor):
            return made.filling(shape)
        made = made.expand(shape).contiguous() if made.numel() == 1 else made.reshape(shape)
    return own(made)


def sizes(shape):
    """A tuple of ints of a shape in any form."""
    if isinstance(shape, tuple) and all(type(size) is int for size in shape):
        return shape
    if isinstance(shape, int):
        return (shape,)
    if isinstance(shape, CoreTensor):
        known = getattr(shape, "host", None)
        value = known if known is not None else shape.tolist()
        return tuple(int(size) for size in value) if not isinstance(value, int) else (value,)
    if hasattr(shape, "__array__"):
        import numpy

        return tuple(int(size) for size in numpy.asarray(shape).reshape(-1))
    if shape is None:
        raise ValueError("a shape is wanted, got None")
    if any(size is None for size in shape):
        raise ValueError(f"Cannot convert a partially known TensorShape {shape} to a Tensor.")
    return tuple(int(size) for size in shape)


def axis_of(axis):
    """An axis, or several, as Python's ints; None stays."""
    if axis is None or type(axis) is int:
        return axis
    if isinstance(axis, (list, tuple)):
        return tuple(int(one) for one in axis)
    if isinstance(axis, CoreTensor):
        axis = axis.tolist()
        return tuple(axis) if isinstance(axis, list) else axis
    return int(axis) if not hasattr(axis, "tolist") else axis_of(axis.tolist())


def require_same(values, name):
    """Raises TensorFlow's error where dtypes differ."""
    for value in values[1:]:
        if value.dtype is not values[0].dtype:
            raise InvalidArgumentError(
                f"cannot compute {name} as input #1(zero-based) was expected to be a "
                f"{dtypes.name_of(values[0].dtype)} tensor but is a "
                f"{dtypes.name_of(value.dtype)} tensor [Op:{name}]")
    return values


__all__ = ["Tensor", "axis_of", "constant", "like", "require_same", "same", "sizes", "tensor"]
