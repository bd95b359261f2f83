"""Tensors from values and sizes, and of other tensors' form."""

import math

from .. import _core
from .._eager import convert, dtypes
from .._eager.convert import constant
from .._eager.errors import InvalidArgumentError, UnimplementedError
from .._eager.indexing import HostTensor, host, known
from .._eager.strings import StringTensor
from .._eager.tensor import CoreTensor, own
from .._eager.tensor import op as _op


def _dtype(dtype, default=_core.float32):
    return default if dtype is None else dtypes.as_dtype(dtype)


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    """The value as a tensor; a tensor must have `dtype` already. Of a variable, what it holds
    now."""
    return _converted(value, dtype, dtype_hint)


@_op
def _converted(value, dtype, dtype_hint):
    if dtype is None and dtype_hint is not None and not isinstance(value, CoreTensor):
        try:
            return convert.tensor(value, dtypes.as_dtype(dtype_hint))
        except (TypeError, ValueError):
            pass  # a hint is only that
    dtype = None if dtype is None else dtypes.as_dtype(dtype)
    made = convert.tensor(value, None if dtype is dtypes.string else dtype)
    if made is value:
        return read(made)
    return made


def read(value):
    """Of a variable, a copy of what it holds: it may be assigned to later. Others as they are."""
    return _core.clone(value) if hasattr(type(value), "assign") else value


def _filled(value):
    @_op
    def make(shape, dtype=None):
        dtype = _dtype(dtype)
        if dtype is dtypes.string:
            return constant("", shape=shape)
        return _core.full(convert.sizes(shape), value, dtype=dtype)

    return make


def _filled_like(value):
    @_op
    def make(input, dtype=None):
        input = convert.tensor(input)
        if isinstance(input, StringTensor) and dtype is None:
            return constant("", shape=input.shape)
        return _core.full(input.shape, value, dtype=_dtype(dtype, input.dtype), device=input.device)

    return make


def _named(function, name, text):
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


zeros = _named(_filled(0), "zeros", "All elements 0; float32 where no dtype is given.")
ones = _named(_filled(1), "ones", "All elements 1; float32 where no dtype is given.")
zeros_like = _named(_filled_like(0), "zeros_like", "Zeros of the form of another tensor.")
ones_like = _named(_filled_like(1), "ones_like", "Ones of the form of another tensor.")


@_op
def fill(dims, value):
    """All elements `value`, whose dtype they have."""
    value = convert.tensor(value)
    if isinstance(value, StringTensor):
        return constant(value, shape=dims)
    return value.reshape([1] * len(convert.sizes(dims))).expand(convert.sizes(dims)).contiguous()


@_op
def eye(num_rows, num_columns=None, batch_shape=None, dtype=_core.float32):
    """Ones on the diagonal of a matrix, or of each of a batch of them."""
    rows = convert.sizes(num_rows)[0]
    columns = rows if num_columns is None else convert.sizes(num_columns)[0]
    made = _core.eye(rows, columns, dtype=dtypes.as_dtype(dtype))
    if batch_shape is None:
        return made
    return made.expand((*convert.sizes(batch_shape), rows, columns)).contiguous()


def _number(value):
    """A Python number of a 0-d tensor, or what is one already."""
    if isinstance(value, HostTensor):
        return value.host
    return value.item() if hasattr(value, "item") else value


@_op
def range(start, limit=None, delta=1, dtype=None):
    """Numbers from `start` (0 where only one is given) in steps of `delta`, before `limit`."""
    if limit is None:
        start, limit = 0, start
    given = [value for value in (start, limit, delta) if hasattr(value, "dtype")]
    if dtype is None and given:
        made = [dtypes.as_dtype(value.dtype) for value in given]
        order = (_core.int32, _core.int64, _core.float32, _core.float64)
        dtype = max(made, key=lambda one: order.index(one) if one in order else -1)
        if any(isinstance(value, float) for value in (start, limit, delta)):
            dtype = max(dtype, _core.float32, key=order.index)
    start, limit, delta = map(_number, (start, limit, delta))
    if dtype is None:
        is_real = any(isinstance(value, float) for value in (start, limit, delta))
        dtype = _core.float32 if is_real else _core.int32
    if delta == 0:
        raise InvalidArgumentError("Requires delta != 0: 0 [Op:Range]")
    dtype = dtypes.as_dtype(dtype)
    count = math.ceil((limit - start) / delta)
    if count <= 0:
        return _core.empty((0,), dtype=dtype)
    return _core.arange(start, limit, delta, dtype=dtype)


def linspace(start, stop, num, name=None, axis=0):
    """`num` numbers at equal distances, `start` and `stop` among them; of tensors along a new
    axis."""
    return _linspace(start, stop, num, axis)


@_op
def _linspace(start, stop, num, axis):
    start, stop = convert.same((start, stop))
    if start.dtype.is_integer:
        start, stop = start.to(_core.float64), stop.to(_core.float64)
    num = _number(num)
    parts = _core.arange(0, num, 1, dtype=start.dtype) / max(num - 1, 1)
    axis = axis if axis >= 0 else axis + start.dim() + 1
    sizes = [1] * (start.dim() + 1)
    sizes[axis] = num
    first = start.unsqueeze(axis)
    made = first + parts.reshape(sizes) * (stop.unsqueeze(axis) - first)
    if num > 1:  # the end itself, not what rounding makes of it
        made = _core.cat([_core.narrow(made, axis, 0, num - 1), stop.unsqueeze(axis)], axis)
    return made


def shape(input, out_type=_core.int32, name=None):
    """The sizes as a tensor, which can be used as sizes again at no cost."""
    return _shape(input, dtypes.as_dtype(out_type))


@_op
def _shape(input, out_type):
    input = convert.tensor(input)
    return host(list(input.shape), out_type)


@_op
def shape_n(input, out_type=_core.int32):
    """The sizes of each of several tensors."""
    return [host(list(convert.tensor(one).shape), dtypes.as_dtype(out_type)) for one in input]


@_op
def size(input, out_type=_core.int32):
    """How many elements there are."""
    input = convert.tensor(input)
    return host(math.prod(input.shape), dtypes.as_dtype(out_type))


@_op
def rank(input):
    """How many dims there are."""
    return host(convert.tensor(input).dim())


@_op
def cast(x, dtype):
    """The elements as another dtype; of floating ones to integers without what is behind the
    point."""
    dtype = dtypes.as_dtype(dtype)
    sizes = known(x) if isinstance(x, HostTensor) and dtype in (_core.int32, _core.int64) else None
    if sizes is not None:
        return host(sizes, dtype)
    x = convert.tensor(x)
    if isinstance(x, StringTensor):
        if dtype is not dtypes.string:
            raise UnimplementedError(f"Cast string to {dtypes.name_of(dtype)} is not supported; "
                                     "tf.strings.to_number reads numbers [Op:Cast]")
        return x
    return read(x) if x.dtype is dtype else x.to(dtype)


@_op
def saturate_cast(value, dtype):
    """`cast`, what is beyond the dtype's range as its nearest end."""
    value, dtype = convert.tensor(value), dtypes.as_dtype(dtype)
    low, high = dtype.limits
    mine = value.dtype.limits
    if low > mine[0]:
        value = _core.clamp_min(value, low)
    if high < mine[1]:
        value = _core.clamp_max(value, high)
    return value.to(dtype)


@_op
def bitcast(input, type):
    """The same bytes as elements of another dtype of the same size."""
    array = CoreTensor.numpy(convert.tensor(input).detach())
    return _core.tensor_of_data(array.view(dtypes.as_dtype(type).as_numpy_dtype), None)


@_op
def identity(input):
    """The same elements."""
    input = convert.tensor(input)
    return read(input)


@_op
def identity_n(input):
    """The same elements of each tensor."""
    return [read(convert.tensor(one)) for one in input]


@_op
def stop_gradient(input):
    """The same elements, through which no gradient flows."""
    return _core.stop_gradient(convert.tensor(input))


@_op
def ensure_shape(x, shape):
    """x, whose sizes must be these, None standing for any."""
    from .._eager.shapes import TensorShape

    x = convert.tensor(x)
    if not TensorShape(shape).is_compatible_with(x.shape):
        raise InvalidArgumentError(
            f"Shape of tensor {tuple(x.shape)} is not compatible with expected shape "
            f"{TensorShape(shape)} [Op:EnsureShape]")
    return x


def is_tensor(x):
    """Whether it is a tensor, of strings or a variable, too."""
    return isinstance(x, CoreTensor) or getattr(x, "is_tensor_like", False) or getattr(
        x, "is_ragged", False)


def get_static_value(tensor, partial=False):
    """The elements as an array: they are always known."""
    return own(tensor).numpy() if is_tensor(tensor) else None


__all__ = ["bitcast", "cast", "constant", "convert_to_tensor", "ensure_shape", "eye", "fill",
           "get_static_value", "identity", "identity_n", "is_tensor", "linspace", "ones",
           "ones_like", "range", "rank", "saturate_cast", "shape", "shape_n", "size",
           "stop_gradient", "zeros", "zeros_like"]
