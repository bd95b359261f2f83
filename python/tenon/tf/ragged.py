"""tf.ragged: tensors whose rows differ in length."""

import numpy

from .. import _core
from .._eager import convert, dtypes
from .._eager.convert import constant as _constant
from .._eager.errors import InvalidArgumentError
from .._eager.ragged import RaggedTensor, as_values, host_vector, ranges
from .._eager.tensor import own
from . import _ragged_ops


def _depth(value):
    """How deep lists are nested."""
    if isinstance(value, numpy.ndarray):
        return value.ndim
    if not isinstance(value, (list, tuple)):
        return 0
    return 1 + max(map(_depth, value), default=0)


def constant(pylist, dtype=None, ragged_rank=None, inner_shape=None, name=None,
             row_splits_dtype=_core.int64):
    """A ragged tensor of nested lists; of one list, a tensor."""
    depth = _depth(pylist)
    inner = 1 if inner_shape is None else len(inner_shape) + 1
    rank = max(0, depth - inner) if ragged_rank is None else int(ragged_rank)
    if rank and rank >= depth and depth > 1 or rank and depth == 0:
        raise ValueError(f"ragged_rank={rank} incompatible with a value of {depth} nested lists")
    made = _nested(pylist, rank, dtype)
    if not isinstance(made, RaggedTensor):
        return made
    return made.with_row_splits_dtype(row_splits_dtype)


def _nested(rows, rank, dtype):
    if rank == 0:
        return _constant(rows, dtype)
    for row in rows:
        if not isinstance(row, (list, tuple, numpy.ndarray)):
            raise ValueError("all scalar values must have the same nesting depth")
    flat = [one for row in rows for one in row]
    return RaggedTensor(_nested(flat, rank - 1, dtype), _splits([len(row) for row in rows]))


def _splits(lengths):
    return numpy.concatenate([[0], numpy.cumsum(lengths)]).astype(numpy.int64)


def range(starts, limits=None, deltas=1, dtype=None, name=None, row_splits_dtype=_core.int64):
    """A row of numbers from each start (0) to before its limit."""
    if limits is None:
        starts, limits = 0, starts
    given = [convert.tensor(one) for one in (starts, limits, deltas)]
    kind = dtypes.as_dtype(dtype) if dtype is not None else next(
        (one.dtype for one in given if one.is_floating_point()), max(
            (one.dtype for one in given), key=lambda of: of.itemsize))
    starts, limits, deltas = numpy.broadcast_arrays(*(one.numpy() for one in given))
    starts, limits, deltas = (numpy.atleast_1d(one) for one in (starts, limits, deltas))
    if (deltas == 0).any():
        raise InvalidArgumentError("Requires delta != 0 [Op:RaggedRange]")
    lengths = numpy.maximum(0, numpy.ceil((limits - starts) / deltas)).astype(numpy.int64)
    steps = ranges(numpy.zeros(len(lengths)), lengths)
    values = numpy.repeat(starts, lengths) + steps * numpy.repeat(deltas, lengths)
    return RaggedTensor(own(_core.tensor_of_data(values, kind)), _splits(lengths),
                        dtypes.as_dtype(row_splits_dtype))


def stack(values, axis=0, name=None):
    """Tensors of different sizes, or ragged ones, as the rows of one."""
    return _ragged_ops.stack(values, axis)


def boolean_mask(data, mask, name=None):
    """The elements for which the mask holds, in the rows in which they stand."""
    if isinstance(mask, RaggedTensor):
        return _ragged_ops.boolean_mask(data, mask)
    mask = convert.tensor(mask)
    if mask.dim() == 1:
        rows = data if isinstance(data, RaggedTensor) else as_values(data)
        return _ragged_ops.taken(rows, numpy.flatnonzero(mask.numpy()))
    rank = mask.dim() - 1
    rows = data if isinstance(data, RaggedTensor) else \
        RaggedTensor.from_tensor(data, ragged_rank=rank)
    return _ragged_ops.boolean_mask(rows, RaggedTensor.from_tensor(mask, ragged_rank=rank))


def map_flat_values(op, *args, **kwargs):
    """op of the flat values of all ragged tensors among the arguments, in their rows."""
    if not any(isinstance(one, RaggedTensor) for one in (*args, *kwargs.values())):
        return op(*args, **kwargs)
    return _ragged_ops.of_elements(op, args, kwargs)


def row_splits_to_segment_ids(splits, name=None, out_type=None):
    """The row that each value is in."""
    splits = host_vector(splits)
    rows = numpy.repeat(numpy.arange(len(splits) - 1), numpy.diff(splits))
    return own(_core.tensor_of_data(rows, dtypes.as_dtype(out_type or _core.int64)))


def segment_ids_to_row_splits(segment_ids, num_segments=None, out_type=None, name=None):
    """Where rows begin, and the end of the last, of the row that each value is in."""
    counts = numpy.bincount(host_vector(segment_ids), minlength=int(num_segments or 0))
    return own(_core.tensor_of_data(_splits(counts), dtypes.as_dtype(out_type or _core.int64)))


def stack_dynamic_partitions(data, partitions, num_partitions, name=None):
    """The slices of each partition, as a row."""
    numbers = host_vector(partitions)
    order = numpy.argsort(numbers, kind="stable")
    return RaggedTensor.from_value_rowids(_ragged_ops.taken(as_values(data), order), numbers[order],
                                          num_partitions)
