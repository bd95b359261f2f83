"""Tensors most of whose elements are 0, by the places of the others."""

import numpy

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.shapes import TensorShape
from .._eager.strings import StringTensor
from .._eager.tensor import own
from .._eager.tensor import op as _op
from ._gathering import _flat_places


class SparseTensor:
    """Elements `values` at `indices` (a row each) of a tensor of `dense_shape`."""

    def __init__(self, indices, values, dense_shape):
        self.indices = own(convert.tensor(indices).to(_core.int64))
        self.values = (own(convert.tensor(values))
                       if not isinstance(values, StringTensor) else values)
        self.dense_shape = own(convert.tensor(dense_shape).to(_core.int64))
        rank = self.dense_shape.shape[0]
        if self.indices.dim() != 2 or self.indices.shape[1] != rank or \
                self.indices.shape[0] != self.values.shape[0]:
            raise ValueError(f"indices of shape {tuple(self.indices.shape)} don't fit "
                             f"{self.values.shape[0]} values of a tensor with {rank} dims")

    @classmethod
    def from_value(cls, sparse_tensor_value):
        """Of another one, or its three parts."""
        value = sparse_tensor_value
        return cls(*value) if isinstance(value, tuple) else cls(value.indices, value.values,
                                                                value.dense_shape)

    def with_values(self, new_values):
        """Others at the same places."""
        return SparseTensor(self.indices, new_values, self.dense_shape)

    @property
    def dtype(self):
        return self.values.dtype

    @property
    def shape(self):
        return TensorShape(self.dense_shape.tolist())

    def get_shape(self):
        return self.shape

    def _with_dense(self, other, combine):
        other = convert.like(other, self.values)
        at = _flat_places(self.indices, self.dense_shape.tolist())
        spread = _core.broadcast_to(other, self.dense_shape.tolist()).reshape(-1)
        return self.with_values(own(combine(self.values, _core.index_select(spread, 0, at))))

    def __mul__(self, other):
        return self._with_dense(other, _core.mul)

    def __truediv__(self, other):
        return self._with_dense(other, _core.div)

    def __repr__(self):
        return (f"SparseTensor(indices={self.indices!s}, values={self.values!s}, "
                f"dense_shape={self.dense_shape!s})")


class SparseTensorSpec:
    """The shape and dtype of sparse tensors."""

    def __init__(self, shape=None, dtype=_core.float32):
        self.shape, self.dtype = TensorShape(shape), dtypes.as_dtype(dtype)

    @classmethod
    def from_value(cls, value):
        """Of a sparse tensor."""
        return cls(value.shape, value.dtype)

    def is_compatible_with(self, spec_or_value):
        """Whether a sparse tensor, or what another spec says, fits."""
        return self.dtype == spec_or_value.dtype and self.shape.is_compatible_with(
            spec_or_value.shape)

    def __eq__(self, other):
        return isinstance(other, SparseTensorSpec) and (self.shape, self.dtype) == (other.shape,
                                                                                    other.dtype)

    def __hash__(self):
        return hash((self.shape, self.dtype))

    def __repr__(self):
        return f"SparseTensorSpec({self.shape!r}, tf.{dtypes.name_of(self.dtype)})"


def taken(values, places):
    """The slices of values at these places."""
    if isinstance(values, StringTensor):
        return StringTensor(values.array[places])
    return own(_core.index_select(values, 0, _core.tensor_of_data(
        numpy.asarray(places, numpy.int64), _core.int64)))


def to_dense(sp_input, default_value=None, validate_indices=True, name=None):
    """The tensor, with `default_value` (0) where there is no value."""
    sizes = tuple(sp_input.dense_shape.tolist())
    at = _flat_places(sp_input.indices, sizes) if sizes else None
    if isinstance(sp_input.values, StringTensor):
        made = numpy.full(sizes, b"" if default_value is None else
                          convert.tensor(default_value).numpy(), object)
        made.reshape(-1)[at.numpy()] = sp_input.values.array
        return StringTensor(made)
    return _dense(sp_input.values, at, sizes, 0 if default_value is None else default_value)


@_op
def _dense(values, at, sizes, default):
    count = int(numpy.prod(sizes))
    default = default.item() if hasattr(default, "item") else default
    base = _core.full((count,), default, dtype=values.dtype)
    return _core.index_copy(base, 0, at, values).reshape(sizes)


def from_dense(tensor, name=None):
    """The elements that aren't 0 (or empty strings) and their places."""
    tensor = convert.tensor(tensor)
    if isinstance(tensor, StringTensor):
        places = numpy.argwhere(tensor.array != b"")
        return SparseTensor(places, StringTensor(tensor.array[tuple(places.T)]), list(tensor.shape))
    places = _core.nonzero(tensor)
    values = _core.index_select(tensor.reshape(-1), 0, _flat_places(places, tuple(tensor.shape)))
    return SparseTensor(places, own(values), list(tensor.shape))


def reorder(sp_input, name=None):
    """The values in row-major order of their places."""
    order = _core.argsort(_flat_places(sp_input.indices, sp_input.dense_shape.tolist()), 0, False,
                          True)
    values = sp_input.values[order.tolist()] if isinstance(sp_input.values, StringTensor) else \
        own(_core.index_select(sp_input.values, 0, order))
    return SparseTensor(_core.index_select(sp_input.indices, 0, order), values,
                        sp_input.dense_shape)


@_op
def sparse_dense_matmul(sp_a, b, adjoint_a=False, adjoint_b=False):
    """The product of a sparse matrix and a matrix."""
    b = convert.tensor(b)
    if b.dtype is not sp_a.dtype:
        raise InvalidArgumentError(f"cannot multiply {dtypes.name_of(sp_a.dtype)} by "
                                   f"{dtypes.name_of(b.dtype)} [Op:SparseTensorDenseMatMul]")
    b = _core.transpose(b, 0, 1) if adjoint_b else b
    rows, columns = _core.unbind(sp_a.indices, 1)
    height, width = sp_a.dense_shape.tolist()
    if adjoint_a:
        rows, columns, height, width = columns, rows, width, height
    if width != b.shape[0]:
        raise InvalidArgumentError("Cannot multiply A and B because inner dimension does not "
                                   f"match: {width} vs. {b.shape[0]} [Op:SparseTensorDenseMatMul]")
    parts = _core.index_select(b, 0, columns) * sp_a.values.unsqueeze(1)
    return _core.index_add(_core.zeros((height, b.shape[1]), dtype=b.dtype), 0, rows, parts)
