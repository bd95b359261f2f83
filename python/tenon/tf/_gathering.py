"""Elements by their places: gathered, scattered, chosen, sorted out."""

import collections

import numpy

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.indexing import host, known
from .._eager.strings import StringTensor
from .._eager.tensor import op as _op
from .._eager.tensor import pair


_Unique = collections.namedtuple("Unique", "y idx")
_UniqueWithCounts = collections.namedtuple("UniqueWithCounts", "y idx count")
_TopK = collections.namedtuple("TopKV2", "values indices")


def _places(indices):
    """Indices as int64, which the ops take."""
    indices = convert.tensor(indices)
    if not indices.dtype.is_integer:
        raise TypeError(f"indices are int32 or int64, not {dtypes.name_of(indices.dtype)}")
    return indices if indices.dtype is _core.int64 else indices.to(_core.int64)


@_op
def gather(params, indices, validate_indices=None, axis=None, batch_dims=0):
    """The slices of params along an axis at these places; the first `batch_dims` dims go
    together."""
    params = convert.tensor(params)
    axis = batch_dims if axis is None else convert.axis_of(axis)
    if isinstance(params, StringTensor):
        return StringTensor(numpy.take(params.array, _places(indices).numpy(), axis))
    if isinstance(known(params), list) and isinstance(known(indices), (int, list)):
        sizes = known(params)
        at = known(indices)
        return host(sizes[at] if isinstance(at, int) else [sizes[i] for i in at], params.dtype)
    indices = _places(indices)
    axis = axis + params.dim() if axis < 0 else axis
    if batch_dims < 0:
        batch_dims += indices.dim()
    if batch_dims:
        return _gather_of_batch(params, indices, axis, batch_dims)
    if axis == 0 and params.dim() == 2 and params.is_floating_point():
        return _core.embedding(params, indices)
    made = _core.index_select(params, axis, indices.reshape(-1))
    return made.reshape((*params.shape[:axis], *indices.shape, *params.shape[axis + 1:]))


def _gather_of_batch(params, indices, axis, batch_dims):
    """`gather` of each element of a batch: places along the axis, expanded over all other dims."""
    batch, inner = tuple(indices.shape[:batch_dims]), tuple(indices.shape[batch_dims:])
    middle, last = tuple(params.shape[batch_dims:axis]), tuple(params.shape[axis + 1:])
    flat = indices.reshape((*batch, *[1] * len(middle), -1, *[1] * len(last)))
    flat = flat.expand((*batch, *middle, flat.shape[batch_dims + len(middle)], *last))
    made = _core.gather(params, axis, flat)
    return made.reshape((*batch, *middle, *inner, *last))


def _flat_places(indices, sizes):
    """The places of slices among all slices in a row, of vectors of indices into these sizes."""
    at = None
    for i, size in enumerate(sizes):
        one = _core.select(indices, -1, i)
        at = one if at is None else at * size + one
    return at


@_op
def gather_nd(params, indices, batch_dims=0):
    """The elements or slices that the vectors along the last dim of indices name."""
    params, indices = convert.tensor(params), _places(indices)
    if batch_dims:
        lead = [_core.arange(0, size, 1, dtype=_core.int64) for size in indices.shape[:batch_dims]]
        grids = _core.meshgrid(lead, "ij")
        rest = tuple(indices.shape[batch_dims:-1])
        more = [grid.reshape((*grid.shape, *[1] * len(rest), 1)).expand((*indices.shape[:-1], 1))
                for grid in grids]
        indices = _core.cat([*more, indices], -1)
    depth = indices.shape[-1]
    if depth == 0:
        return params.expand((*indices.shape[:-1], *params.shape))
    if isinstance(params, StringTensor):
        return StringTensor(params.array[tuple(numpy.moveaxis(indices.numpy(), -1, 0))])
    sizes = tuple(params.shape[:depth])
    flat = params.reshape((-1, *params.shape[depth:]))
    return _core.index_select(flat, 0, _flat_places(indices, sizes).reshape(-1)).reshape(
        (*indices.shape[:-1], *params.shape[depth:]))


def _scattered(tensor, indices, updates, combine):
    """tensor with what `combine` (an op of slices, places and updates) puts at the vectors'
    places."""
    indices = _places(indices)
    updates = convert.like(updates, tensor)
    depth = indices.shape[-1]
    sizes, last = tuple(tensor.shape[:depth]), tuple(tensor.shape[depth:])
    expected = (*indices.shape[:-1], *last)
    if tuple(updates.shape) != expected:
        raise InvalidArgumentError(f"updates of shape {expected} are expected for indices of shape "
                                   f"{tuple(indices.shape)} and a tensor of shape "
                                   f"{tuple(tensor.shape)}, got {tuple(updates.shape)}")
    flat = tensor.reshape((-1, *last))
    at = _flat_places(indices, sizes).reshape(-1)
    return combine(flat, at, updates.reshape((-1, *last))).reshape(tensor.shape)


def _put(flat, at, updates):
    return _core.index_copy(flat, 0, at, updates)


def _added(flat, at, updates):
    return _core.index_add(flat, 0, at, updates)


def _combined(kind):
    def combine(flat, at, updates):
        index = at.reshape((-1, *[1] * (flat.dim() - 1))).expand(updates.shape)
        return _core.scatter_reduce(flat, 0, index, updates, kind)

    return combine


@_op
def scatter_nd(indices, updates, shape):
    """Zeros of this shape, the updates added at their places."""
    updates = convert.tensor(updates)
    base = _core.zeros(convert.sizes(shape), dtype=updates.dtype)
    return _scattered(base, indices, updates, _added)


def _scatter_op(name, combine, text):
    @_op
    def scatter(tensor, indices, updates):
        return _scattered(convert.tensor(tensor), indices, updates, combine)

    scatter.__name__, scatter.__doc__ = name, text
    return scatter


tensor_scatter_nd_update = _scatter_op("tensor_scatter_nd_update", _put,
                                       "The tensor with other elements or slices at these places.")
tensor_scatter_nd_add = _scatter_op("tensor_scatter_nd_add", _added,
                                    "The tensor, the updates added at their places.")
tensor_scatter_nd_sub = _scatter_op(
    "tensor_scatter_nd_sub", lambda flat, at, updates: _added(flat, at, -updates),
    "The tensor, the updates subtracted at their places.")
tensor_scatter_nd_max = _scatter_op("tensor_scatter_nd_max", _combined("amax"),
                                    "The larger of the tensor and the updates at their places.")
tensor_scatter_nd_min = _scatter_op("tensor_scatter_nd_min", _combined("amin"),
                                    "The smaller of the tensor and the updates at their places.")


@_op
def where(condition, x=None, y=None):
    """x where the condition holds, else y; alone, the places where it holds, a row each."""
    condition = convert.tensor(condition)
    if x is None and y is None:
        return _core.nonzero(condition)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    if condition.dtype is not _core.bool:
        raise InvalidArgumentError("where(): the condition is bool, not "
                                   f"{dtypes.name_of(condition.dtype)} [Op:SelectV2]")
    first = convert.tensor(x)
    if isinstance(first, StringTensor):
        return StringTensor(numpy.where(condition.numpy(), first.array, convert.tensor(y).array))
    x, y = pair(x, y, "SelectV2")
    return _core.where(condition, x, y)


@_op
def boolean_mask(tensor, mask, axis=None):
    """What the mask holds for; it stands for the dims from `axis` (0) on."""
    tensor, mask = convert.tensor(tensor), convert.tensor(mask)
    axis = 0 if axis is None else convert.axis_of(axis)
    dims = mask.dim()
    if tuple(tensor.shape[axis:axis + dims]) != tuple(mask.shape):
        raise ValueError(f"Shapes {tuple(tensor.shape[axis:axis + dims])} and {tuple(mask.shape)} "
                         "are incompatible")
    at = _core.nonzero(mask.reshape(-1)).reshape(-1)
    if isinstance(tensor, StringTensor):
        flat = tensor.array.reshape((*tensor.shape[:axis], -1, *tensor.shape[axis + dims:]))
        return StringTensor(numpy.take(flat, at.numpy(), axis))
    flat = tensor.reshape((*tensor.shape[:axis], -1, *tensor.shape[axis + dims:]))
    return _core.index_select(flat, axis, at)


@_op
def one_hot(indices, depth, on_value=None, off_value=None, axis=-1, dtype=None):
    """`on_value` (1) at the index along a new axis of size `depth`, elsewhere `off_value` (0); all
    of it for an index out of range."""
    indices = convert.tensor(indices)
    if not indices.dtype.is_integer:
        raise InvalidArgumentError(f"Value for attr 'TI' of {dtypes.name_of(indices.dtype)} is not "
                                   "in the list of allowed values: uint8, int8, int32, int64 "
                                   "[Op:OneHot]; tf.cast them")
    dtype = _dtype_of_values(on_value, off_value) if dtype is None else dtypes.as_dtype(dtype)
    axis = axis + indices.dim() + 1 if axis < 0 else axis
    steps = _core.arange(0, int(depth), 1, dtype=indices.dtype, device=indices.device)
    steps = steps.reshape([-1 if i == axis else 1 for i in range(indices.dim() + 1)])
    is_on = _core.eq(indices.unsqueeze(axis), steps)
    if on_value is None and off_value is None:
        return is_on.to(dtype)
    on_value, off_value = (convert.tensor(fallback if value is None else value).to(dtype)
                           for value, fallback in ((on_value, 1), (off_value, 0)))
    return _core.where(is_on, on_value, off_value)


def _dtype_of_values(on_value, off_value):
    given = on_value if on_value is not None else off_value
    return _core.float32 if given is None else convert.tensor(given).dtype


@_op
def sequence_mask(lengths, maxlen=None, dtype=_core.bool):
    """Rows that hold for so many elements and then no more."""
    lengths = convert.tensor(lengths)
    longest = int(lengths.amax().item()) if maxlen is None else int(maxlen)
    steps = _core.arange(0, longest, 1, dtype=lengths.dtype)
    return _core.lt(steps, lengths.unsqueeze(-1)).to(dtypes.as_dtype(dtype))


def _in_order_of_appearance(x):
    """The places of the first of each different value, which value each element is, and counts."""
    values = x.array.tolist() if isinstance(x, StringTensor) else x.tolist()
    order, which, counts = {}, [], []
    for value in values:
        at = order.setdefault(value, len(order))
        if at == len(counts):
            counts.append(0)
        counts[at] += 1
        which.append(at)
    firsts = [which.index(i) for i in range(len(order))]
    return firsts, which, counts


def _unique(x, out_idx):
    x, out_idx = convert.tensor(x), dtypes.as_dtype(out_idx)
    if x.dim() != 1:
        raise InvalidArgumentError(f"unique expects a 1D vector, got {x.dim()} dims [Op:Unique]")
    firsts, which, counts = _in_order_of_appearance(x)
    at = _core.tensor_of_data(firsts, _core.int64)
    values = x[firsts] if isinstance(x, StringTensor) else _core.index_select(x, 0, at)
    return values, _core.tensor_of_data(which, out_idx), _core.tensor_of_data(counts, out_idx)


@_op
def unique(x, out_idx=_core.int32):
    """(y, idx): the different values in the order in which they come, and which one each is."""
    y, idx, _ = _unique(x, out_idx)
    return _Unique(y, idx)


@_op
def unique_with_counts(x, out_idx=_core.int32):
    """(y, idx, count): as `unique`, and how often each comes."""
    return _UniqueWithCounts(*_unique(x, out_idx))


@_op
def searchsorted(sorted_sequence, values, side="left", out_type=_core.int32):
    """Where values belong among sorted ones."""
    sorted_sequence, values = convert.same((sorted_sequence, values))
    made = _core.searchsorted(sorted_sequence, values, False, side == "right")
    return made.to(dtypes.as_dtype(out_type))


@_op
def sort(values, axis=-1, direction="ASCENDING"):
    """Sorted along an axis."""
    return _core.sort(convert.tensor(values), axis, _is_descending(direction))[0]


@_op
def argsort(values, axis=-1, direction="ASCENDING", stable=False):
    """The places of the elements in sorted order."""
    values = convert.tensor(values)
    return _core.argsort(values, axis, _is_descending(direction), True).to(_core.int32)


def _is_descending(direction):
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"direction is 'ASCENDING' or 'DESCENDING', not {direction!r}")
    return direction == "DESCENDING"


@_op
def top_k(input, k=1, sorted=True, index_type=_core.int32):
    """(values, indices) of the k largest along the last dim."""
    values, indices = _core.topk(convert.tensor(input), int(k), -1)
    return _TopK(values, indices.to(dtypes.as_dtype(index_type)))


@_op
def in_top_k(targets, predictions, k):
    """Whether the target of each row is among its k largest predictions."""
    targets, predictions = _places(targets), convert.tensor(predictions)
    mine = _core.gather(predictions, 1, targets.unsqueeze(1))
    return _core.lt(_core.sum(_core.gt(predictions, mine), 1), int(k))


@_op
def dynamic_partition(data, partitions, num_partitions):
    """The slices of data by the number of the part that each belongs to."""
    data, partitions = convert.tensor(data), convert.tensor(partitions)
    flat = data.reshape((-1, *data.shape[partitions.dim():]))
    numbers = partitions.reshape(-1)
    return [_core.index_select(flat, 0, _core.nonzero(_core.eq(numbers, i)).reshape(-1))
            for i in range(num_partitions)]


@_op
def dynamic_stitch(indices, data):
    """One tensor of slices and the places that each belongs at; later ones win."""
    at = _core.cat([_places(one).reshape(-1) for one in indices], 0)
    first = convert.tensor(data[0])
    last = tuple(first.shape[convert.tensor(indices[0]).dim():])
    rows = _core.cat([convert.tensor(one).reshape((-1, *last)) for one in data], 0)
    made = _core.zeros((int(at.amax().item()) + 1, *last), dtype=rows.dtype)
    return _core.index_copy(made, 0, at, rows)


__all__ = ["argsort", "boolean_mask", "dynamic_partition", "dynamic_stitch", "gather", "gather_nd",
           "one_hot", "scatter_nd", "searchsorted", "sequence_mask", "sort",
           "tensor_scatter_nd_add", "tensor_scatter_nd_max", "tensor_scatter_nd_min",
           "tensor_scatter_nd_sub", "tensor_scatter_nd_update", "unique", "unique_with_counts",
           "where"]
