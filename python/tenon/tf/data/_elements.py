"""Elements of datasets: structures of tensors, made, joined and taken apart."""

import itertools

import numpy

from ... import _core
from ..._eager import convert, nest
from ..._eager.errors import DataLossError, InvalidArgumentError
from ..._eager.ragged import RaggedTensor, RaggedTensorSpec
from ..._eager.shapes import TensorShape
from ..._eager.strings import StringTensor
from ..._eager.tensor import CoreTensor, own
from .._function import TensorSpec
from .._ragged_ops import stack as stack_of_rows
from .._sparse import SparseTensor, SparseTensorSpec


def as_element(value):
    """A structure of tensors of what a user's function or generator gave; datasets stay."""
    return nest.map_structure(_as_leaf, value)


def _as_leaf(value):
    if isinstance(value, (CoreTensor, StringTensor)):
        return value
    if hasattr(value, "element_spec") or isinstance(value, (SparseTensor, RaggedTensor)) or \
            value is None:
        return value
    return own(convert.tensor(value))


def as_tensors(tensors):
    """The structure that datasets of slices are made of: lists are tensors, tuples and dicts
    not."""
    if isinstance(tensors, dict):
        return {key: as_tensors(value) for key, value in tensors.items()}
    if isinstance(tensors, tuple) and nest.is_nested(tensors):
        parts = [as_tensors(value) for value in tensors]
        return type(tensors)(*parts) if hasattr(tensors, "_fields") else tuple(parts)
    return tensors if isinstance(tensors, RaggedTensor) else own(convert.tensor(tensors))


def apply(function, element):
    """function of an element, whose tuple is arguments of their own."""
    if isinstance(element, tuple) and nest.is_nested(element):
        return function(*element)
    return function(element)


def holds(predicate, element):
    """Whether a predicate, which gives a bool, holds for an element."""
    made = apply(predicate, element)
    dtype = getattr(made, "dtype", None)
    if not isinstance(made, bool) and (dtype is None or str(dtype).rpartition(".")[2] != "bool"):
        kind = type(made).__name__ if dtype is None else f"a tensor of {dtype}"
        raise ValueError("Invalid `predicate`. `predicate` must return a `tf.bool` scalar tensor, "
                         f"but it gave {kind}.")
    return bool(made)


def dataset_of(map_func, element):
    """The dataset that map_func gives for an element."""
    made = apply(map_func, element)
    if not hasattr(made, "element_spec"):
        raise TypeError("Invalid `map_func`. `map_func` must return a `Dataset` object. Got "
                        f"{type(made)}.")
    return made


def common_spec(first, second):
    """The spec of elements that are of one spec or another: sizes that differ are unknown. A
    TypeError where structures or dtypes differ."""
    def common(one, other):
        if type(one) is not type(other) or one.dtype is not other.dtype:
            raise TypeError(f"Incompatible dataset elements:\n  {first} vs.\n  {second}")
        if not isinstance(one, TensorSpec):
            return one
        if one.shape.rank is None or one.shape.rank != other.shape.rank:
            return TensorSpec(None, one.dtype)
        return TensorSpec([a if a == b else None for a, b in zip(one.shape, other.shape)],
                          one.dtype)

    try:
        return nest.map_structure(common, first, second)
    except ValueError:
        raise TypeError(f"Incompatible dataset elements:\n  {first} vs.\n  {second}") from None


def joined(elements):
    """Elements along a new first dim."""
    return _by_leaf(_stack, elements)


def _by_leaf(function, elements):
    if not nest.is_nested(elements[0]):
        return function(elements)
    columns = zip(*(nest.flatten(element) for element in elements))
    return nest.pack_sequence_as(elements[0], [function(list(column)) for column in columns])


def _stack(leaves):
    if any(isinstance(leaf, RaggedTensor) for leaf in leaves):
        return stack_of_rows(leaves)
    if isinstance(leaves[0], StringTensor):
        if all(leaf.array.ndim == 0 for leaf in leaves):
            return StringTensor.of_bytes([leaf.array.item() for leaf in leaves], (len(leaves),))
        return StringTensor(numpy.stack([leaf.array for leaf in leaves]))
    try:
        return own(_core.stack(leaves, 0))
    except _core.ShapeError:
        leaf = next(leaf for leaf in leaves if leaf.shape != leaves[0].shape)
        raise InvalidArgumentError(
            f"Cannot batch tensors with different shapes. First element had shape "
            f"{list(leaves[0].shape)} and another had shape {list(leaf.shape)}. padded_batch() "
            "takes different ones [Op:IteratorGetNext]") from None


def joined_padded(elements, shapes, values):
    """Elements along a new first dim, each padded at the end of its dims to these shapes (None: to
    the longest) with these values."""
    def pad_column(leaves, shape, value):
        rank = leaves[0].dim()
        wanted = [None] * rank if shape is None else list(convert_dims(shape))
        sizes = [max(leaf.shape[i] for leaf in leaves) if wanted[i] is None else wanted[i]
                 for i in range(rank)]
        return _stack([_padded(leaf, sizes, value) for leaf in leaves])

    flat = [nest.flatten(element) for element in elements]
    count = len(flat[0])
    shapes = _spread(shapes, elements[0], count, is_shape=True)
    values = _spread(values, elements[0], count)
    made = [pad_column(list(column), shape, value)
            for column, shape, value in zip(zip(*flat), shapes, values)]
    return nest.pack_sequence_as(elements[0], made)


def padded_spec(spec, shapes, first, is_seen):
    """The spec of such batches of `first` elements; with `is_seen`, the elements' own is that of
    one of them, and the others' sizes may differ."""
    flat = nest.flatten(spec)
    sizes = [[None if is_seen else size for size in one.shape] if shape is None
             else convert_dims(shape)
             for one, shape in zip(flat, _spread(shapes, spec, len(flat), is_shape=True))]
    return nest.pack_sequence_as(spec, [TensorSpec([first, *dims], one.dtype)
                                        for one, dims in zip(flat, sizes)])


def convert_dims(shape):
    """The sizes of a shape in any form, None where unknown."""
    return TensorShape(shape).dims or []


def _spread(given, element, count, is_shape=False):
    """One of what is given for each leaf."""
    if given is None:
        return [None] * count
    if not nest.is_nested(element):
        return [given]
    if not nest.is_nested(given):
        return [given] * count
    if not is_shape:
        return nest.flatten(given)
    parts = [given[key] for key in sorted(given)] if isinstance(given, dict) else list(given)
    keys = sorted(element) if isinstance(element, dict) else range(len(element))
    made = []
    for key, part in zip(keys, parts):
        inner = element[key]
        made.extend(_spread(part, inner, len(nest.flatten(inner)), True))
    return made


def _padded(leaf, sizes, value):
    for size, wanted in zip(leaf.shape, sizes):
        if size > wanted:
            raise DataLossError(
                f"Attempted to pad to a smaller size than the input element: {list(leaf.shape)} to "
                f"{list(sizes)}")
    if isinstance(leaf, StringTensor):
        array = numpy.full(sizes, b"" if value is None else convert.tensor(value).numpy(), object)
        array[tuple(slice(0, size) for size in leaf.shape)] = leaf.array
        return StringTensor(array)
    flat = [amount for size, wanted in reversed(list(zip(leaf.shape, sizes)))
            for amount in (0, wanted - size)]
    value = 0 if value is None else value.item() if hasattr(value, "item") else value
    return _core.pad(leaf, flat, "constant", value) if any(flat) else leaf


def taken_apart(element):
    """The slices of an element along the first dim."""
    leaves = nest.flatten(element)
    parts = [list(leaf) for leaf in leaves]
    for column in zip(*parts):
        yield nest.pack_sequence_as(element, column)


def spec_of(element):
    """The specs of an element's tensors; of datasets within, themselves."""
    return nest.map_structure(_spec_of_leaf, element)


def _spec_of_leaf(leaf):
    if hasattr(leaf, "element_spec"):
        return leaf.element_spec
    for kind, spec in ((RaggedTensor, RaggedTensorSpec), (SparseTensor, SparseTensorSpec)):
        if isinstance(leaf, kind):
            return spec.from_value(leaf)
    return TensorSpec(leaf.shape, leaf.dtype)


def spec_of_slices(leaf):
    """The spec of the slices of a tensor along its first dim."""
    if isinstance(leaf, RaggedTensor) and leaf.ragged_rank > 1:
        return RaggedTensorSpec(leaf.shape[1:], leaf.dtype, leaf.ragged_rank - 1)
    return TensorSpec(leaf.shape[1:], leaf.dtype)


def joined_ragged(elements, spec, splits_dtype):
    """Elements along a new first dim, as rows where their sizes aren't known from a spec (None
    where there is none)."""
    def column(leaves, of):
        if isinstance(leaves[0], RaggedTensor) or leaves[0].dim() == 0:
            return _stack(leaves)
        sizes = None if of is None else list(of.shape)
        if sizes is not None and None not in sizes:
            return _stack(leaves)
        differ = [i for i in range(leaves[0].dim()) if (sizes is not None and sizes[i] is None) or
                  len({leaf.shape[i] for leaf in leaves}) > 1]
        depth = max(differ, default=0)
        rows = [RaggedTensor.from_tensor(leaf, ragged_rank=depth) for leaf in leaves] if depth \
            else leaves
        return stack_of_rows(rows).with_row_splits_dtype(splits_dtype)

    columns = zip(*(nest.flatten(element) for element in elements))
    specs = itertools.repeat(None) if spec is None else nest.flatten(spec)
    return nest.pack_sequence_as(elements[0], [column(list(leaves), of)
                                               for leaves, of in zip(columns, specs)])


def as_numpy(element):
    """An element's tensors as arrays."""
    return nest.map_structure(
        lambda leaf: leaf.as_numpy_iterator() if hasattr(leaf, "element_spec") else leaf.numpy(),
        element)


def with_sizes(spec, change):
    """The spec, the sizes of each tensor changed."""
    return nest.map_structure(
        lambda one: TensorSpec(change(one.shape), one.dtype, one.name)
        if isinstance(one, TensorSpec) else one, spec)
