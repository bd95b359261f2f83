"""tf.sets: the rows of tensors, or of sparse ones, as sets."""

import numpy

from .. import _core
from .._eager import convert
from .._eager.strings import StringTensor
from .._eager.tensor import own
from ._sparse import SparseTensor


def _rows(value):
    """(rows, shape, dtype): the set of each row, by the place of the row."""
    if isinstance(value, SparseTensor):
        made = {}
        listed = value.values.tolist()
        for place, one in zip(value.indices.tolist(), listed):
            made.setdefault(tuple(place[:-1]), set()).add(one)
        return made, tuple(value.dense_shape.tolist()[:-1]), value.dtype
    value = convert.tensor(value)
    if value.dim() < 2:
        raise ValueError(f"Shape {tuple(value.shape)} must have rank at least 2")
    array = value.array if isinstance(value, StringTensor) else value.numpy()
    return ({place: set(array[place].tolist()) for place in numpy.ndindex(array.shape[:-1])},
            array.shape[:-1], value.dtype)


def _combined(name, combine, text):
    def function(a, b, validate_indices=True):
        first, shape, dtype = _rows(a)
        second, other, other_dtype = _rows(b)
        if dtype != other_dtype:
            raise TypeError(f"Types don't match, {dtype} vs {other_dtype}.")
        if tuple(shape) != tuple(other):
            raise ValueError(f"{name}(): the rows of a are {list(shape)}, those of b {list(other)}")
        places, values = [], []
        for place in numpy.ndindex(*shape):
            row = sorted(combine(first.get(place, set()), second.get(place, set())))
            places += [(*place, i) for i in range(len(row))]
            values += row
        longest = max((place[-1] + 1 for place in places), default=0)
        return _sparse(places, values, dtype, (*shape, longest))

    function.__name__, function.__doc__ = name, text
    return function


def _sparse(places, values, dtype, shape):
    from .lookup import _tensor

    return SparseTensor(numpy.array(places, numpy.int64).reshape(-1, len(shape)),
                        _tensor(values, dtype, (len(values),)), list(shape))


union = _combined("union", set.union, "What is in the rows of a or b.")
intersection = _combined("intersection", set.intersection, "What is in the rows of both.")
_a_without_b = _combined("difference", set.difference, "What is in the rows of a and not of b.")


def difference(a, b, aminusb=True, validate_indices=True):
    """What is in the rows of a and not of b, or, without `aminusb`, the other way round."""
    return _a_without_b(a, b) if aminusb else _a_without_b(b, a)


def size(a, validate_indices=True):
    """How many different elements each row has."""
    if not isinstance(a, SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {a!r}.")
    rows, shape, _ = _rows(a)
    made = numpy.zeros(shape, numpy.int32)
    for place, row in rows.items():
        made[place] = len(row)
    return own(_core.tensor_of_data(made, _core.int32))
