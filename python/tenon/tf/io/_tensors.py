"""Tensors from and to bytes, as TensorProto."""

import numpy

from ... import _core
from ..._eager import convert, dtypes
from ..._eager.errors import InvalidArgumentError
from ..._eager.strings import StringTensor
from ..._eager.tensor import own
from ...utils._protobuf import field, fields

_BY_NUMBER = {number: dtype for dtype, number in dtypes._ENUM.items()}


def _shape(sizes):
    return b"".join(field(2, field(1, size)) for size in sizes)


def serialize_tensor(tensor, name=None):
    """A tensor's bytes: its dtype, shape and elements."""
    tensor = convert.tensor(tensor)
    head = field(1, dtypes._ENUM[tensor.dtype]) + field(2, _shape(tensor.shape))
    if isinstance(tensor, StringTensor):
        return StringTensor(head + b"".join(field(8, one)
                                            for one in tensor.array.reshape(-1).tolist()))
    data = bytes(memoryview(_core.bytes_of(tensor.detach().contiguous())))
    return StringTensor(head + field(4, data))


def parse_tensor(serialized, out_type, name=None):
    """The tensor of `serialize_tensor`'s bytes, which must be of this dtype."""
    dtype, sizes, content, strings = None, [], b"", []
    for number, _, value in fields(convert.tensor(serialized).numpy()):
        if number == 1:
            dtype = _BY_NUMBER.get(value)
        elif number == 2:
            sizes = [dict((at, part) for at, _, part in fields(dim)).get(1, 0)
                     for _, _, dim in fields(value)]
        elif number == 4:
            content = value
        elif number == 8:
            strings.append(value)
    if dtype is not dtypes.as_dtype(out_type):
        raise InvalidArgumentError(f"Type mismatch between parsed tensor ({dtypes.name_of(dtype)}) "
                                   f"and dtype ({dtypes.name_of(dtypes.as_dtype(out_type))})")
    if dtype is dtypes.string:
        return StringTensor(numpy.array(strings, object).reshape(sizes))
    made = _core.empty(sizes, dtype=dtype)
    if len(content) != made.numel() * dtype.itemsize:
        raise InvalidArgumentError(f"parse_tensor(): {len(content)} bytes of data for a tensor of "
                                   f"shape {sizes} and dtype {dtypes.name_of(dtype)}")
    memoryview(_core.bytes_of(made))[:] = content
    return own(made)
