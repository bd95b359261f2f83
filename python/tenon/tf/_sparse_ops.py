"""What sparse tensors are made into: other shapes, parts, sums, joins."""

import numpy

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import own
from ._sparse import SparseTensor, reorder, taken, to_dense


def _sizes(sparse):
    return sparse.dense_shape.tolist()


def _places(sparse):
    return sparse.indices.numpy()


def _made(sparse, kept, places, sizes):
    """The values at `kept`, at other places of a tensor of other sizes."""
    return SparseTensor(places, taken(sparse.values, kept), sizes)


def reshape(sp_input, shape, name=None):
    """In other sizes, one of which may be -1."""
    before = _sizes(sp_input)
    sizes = list(convert.sizes(shape))
    count = int(numpy.prod(before))
    if -1 in sizes:
        rest = int(numpy.prod([size for size in sizes if size != -1]))
        sizes[sizes.index(-1)] = count // max(rest, 1)
    if int(numpy.prod(sizes)) != count:
        raise InvalidArgumentError(f"Input to reshape is a SparseTensor with {count} dense values, "
                                   f"but the requested shape requires {int(numpy.prod(sizes))} "
                                   "[Op:SparseReshape]")
    flat = numpy.ravel_multi_index(tuple(_places(sp_input).T), before) if before else []
    places = numpy.stack(numpy.unravel_index(numpy.asarray(flat, numpy.int64), sizes), 1)
    return SparseTensor(places, sp_input.values, sizes)


def transpose(sp_input, perm=None, name=None):
    """The dims in another order, reversed where none is given."""
    sizes = _sizes(sp_input)
    perm = list(range(len(sizes)))[::-1] if perm is None else list(convert.axis_of(perm))
    return reorder(SparseTensor(_places(sp_input)[:, perm], sp_input.values,
                                [sizes[i] for i in perm]))


def slice(sp_input, start, size, name=None):
    """The part from a place on."""
    first = numpy.array(convert.sizes(start))
    sizes = numpy.minimum(convert.sizes(size), numpy.array(_sizes(sp_input)) - first)
    places = _places(sp_input) - first
    kept = numpy.flatnonzero(((places >= 0) & (places < sizes)).all(1))
    return _made(sp_input, kept, places[kept], numpy.maximum(sizes, 0))


def split(sp_input=None, num_split=None, axis=None, name=None):
    """So many parts along an axis, the first ones larger where they can't be equal."""
    sizes = _sizes(sp_input)
    axis = int(axis) % len(sizes)
    bounds = [len(part) for part in numpy.array_split(numpy.arange(sizes[axis]), int(num_split))]
    parts, first = [], 0
    for length in bounds:
        start = [first if i == axis else 0 for i in range(len(sizes))]
        parts.append(slice(sp_input, start, [length if i == axis else size
                                             for i, size in enumerate(sizes)]))
        first += length
    return parts


def retain(sp_input, to_retain):
    """The values for which `to_retain` holds."""
    kept = numpy.flatnonzero(convert.tensor(to_retain).numpy())
    return _made(sp_input, kept, _places(sp_input)[kept], sp_input.dense_shape)


def concat(axis, sp_inputs, expand_nonconcat_dims=False, name=None):
    """One after the other along an axis."""
    axis = int(axis) % len(_sizes(sp_inputs[0]))
    sizes = numpy.array([_sizes(one) for one in sp_inputs])
    others = numpy.delete(sizes, axis, 1)
    if not expand_nonconcat_dims and (others != others[0]).any():
        raise InvalidArgumentError(f"Concatenation along axis {axis}: the other sizes differ: "
                                   f"{sizes.tolist()} [Op:SparseConcat]")
    ends = numpy.cumsum(sizes[:, axis])
    places = [_places(one).copy() for one in sp_inputs]
    for rows, before in zip(places[1:], ends):
        rows[:, axis] += before
    wanted = sizes.max(0)
    wanted[axis] = ends[-1]
    from ._shaping import concat as of_tensors

    return reorder(SparseTensor(numpy.concatenate(places),
                                of_tensors([one.values for one in sp_inputs], 0), wanted))


def expand_dims(sp_input, axis=None, name=None):
    """With a dim of size 1 more."""
    sizes = _sizes(sp_input)
    axis = -1 if axis is None else int(axis)
    axis = axis + len(sizes) + 1 if axis < 0 else axis
    return SparseTensor(numpy.insert(_places(sp_input), axis, 0, 1), sp_input.values,
                        numpy.insert(sizes, axis, 1))


def eye(num_rows, num_columns=None, dtype=_core.float32, name=None):
    """Ones on the diagonal."""
    rows = int(num_rows)
    columns = rows if num_columns is None else int(num_columns)
    steps = numpy.arange(min(rows, columns))
    return SparseTensor(numpy.stack([steps, steps], 1),
                        _core.ones((len(steps),), dtype=dtypes.as_dtype(dtype)), [rows, columns])


def fill_empty_rows(sp_input, default_value, name=None):
    """(sparse, is_empty): with this value at the beginning of rows without any, and which those
    are."""
    rows, places = _sizes(sp_input)[0], _places(sp_input)
    is_empty = ~numpy.isin(numpy.arange(rows), places[:, 0])
    empty = numpy.flatnonzero(is_empty)
    from ._shaping import concat as of_tensors

    default = convert.like(default_value, sp_input.values)
    more = [default] * len(empty)
    values = of_tensors([sp_input.values, more], 0) if more else sp_input.values
    places = numpy.concatenate([places, numpy.stack(
        [empty, *[numpy.zeros_like(empty)] * (places.shape[1] - 1)], 1)])
    made = SparseTensor(places, values, sp_input.dense_shape)
    return reorder(made), own(_core.tensor_of_data(is_empty, _core.bool))


def map_values(op, *args, **kwargs):
    """op of the values, of sparse tensors with the same places."""
    first = next(one for one in (*args, *kwargs.values()) if isinstance(one, SparseTensor))

    def values(one):
        return one.values if isinstance(one, SparseTensor) else one

    return SparseTensor(first.indices, op(*map(values, args), **{
        name: values(one) for name, one in kwargs.items()}), first.dense_shape)


def _together(name, combine):
    def function(sp_a, sp_b, name=None):
        if _sizes(sp_a) != _sizes(sp_b):
            raise InvalidArgumentError(f"Operands' shapes do not match: got {_sizes(sp_a)} for a, "
                                       f"{_sizes(sp_b)} for b")
        rows = numpy.concatenate([_places(sp_a), _places(sp_b)])
        places, which = numpy.unique(rows, axis=0, return_inverse=True)
        which, count = which.reshape(-1), len(_places(sp_a))
        return SparseTensor(places, own(combine(
            _spread(sp_a.values, which[:count], len(places)),
            _spread(sp_b.values, which[count:], len(places)))), sp_a.dense_shape)

    function.__name__ = name
    function.__doc__ = f"{name} of both at all places that one has, 0 standing for the rest."
    return function


def _spread(values, at, count):
    base = _core.zeros((count,), dtype=values.dtype)
    return _core.index_copy(base, 0, _core.tensor_of_data(at.astype(numpy.int64), _core.int64),
                            values)


maximum, minimum = (_together("maximum", _core.maximum), _together("minimum", _core.minimum))
_sum_of_both = _together("add", _core.add)


def add(a, b, threshold=0):
    """The sum; of a sparse tensor and a tensor, a tensor."""
    if isinstance(a, SparseTensor) and isinstance(b, SparseTensor):
        made = _sum_of_both(a, b)
        if not threshold:
            return made
        return retain(made, own(_core.ge(_core.abs(made.values), threshold)))
    dense, sparse = (b, a) if isinstance(a, SparseTensor) else (a, b)
    if not isinstance(sparse, SparseTensor):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    return convert.tensor(dense) + to_dense(sparse)


def _reduced(name, kind):
    def function(sp_input, axis=None, keepdims=None, output_is_sparse=False, name=None):
        from . import math

        sizes = _sizes(sp_input)
        axes = range(len(sizes)) if axis is None else convert.axis_of(axis)
        axes = sorted({int(one) % len(sizes) for one in (axes if hasattr(axes, "__iter__")
                                                         else (axes,))})
        rest = [i for i in range(len(sizes)) if i not in axes]
        inner = [sizes[i] for i in rest]
        count = int(numpy.prod(inner))
        flat = numpy.zeros(len(_places(sp_input)), numpy.int64)
        for i in rest:
            flat = flat * sizes[i] + _places(sp_input)[:, i]
        segment = math.unsorted_segment_sum if kind == "sum" else math.unsorted_segment_max
        made = segment(sp_input.values, flat, count)
        if kind == "max":  # where there is no value at all: 0
            holds = _core.tensor_of_data(numpy.isin(numpy.arange(count), flat), _core.bool)
            made = own(_core.where(holds, made, _core.zeros_like(made)))
        made = made.reshape([1 if i in axes else size for i, size in enumerate(sizes)]
                            if keepdims else inner)
        made = own(made)
        if not output_is_sparse:
            return made
        from ._sparse import from_dense

        return from_dense(made)

    function.__name__ = name
    function.__doc__ = f"The {kind} of the values over axes, or of all."
    return function


reduce_sum, reduce_max = _reduced("reduce_sum", "sum"), _reduced("reduce_max", "max")


def softmax(sp_input, name=None):
    """exp(x) / sum(exp(x)) of the values of each row along the last dim."""
    from . import math

    rows = _places(sp_input)[:, :-1]
    _, which = numpy.unique(rows, axis=0, return_inverse=True)
    at = _core.tensor_of_data(which.reshape(-1).astype(numpy.int64), _core.int64)
    values = sp_input.values
    count = int(which.max()) + 1 if len(which) else 0
    powers = _core.exp(values - _core.index_select(math.unsorted_segment_max(values, at, count),
                                                   0, at))
    totals = math.unsorted_segment_sum(own(powers), at, count)
    return SparseTensor(sp_input.indices, own(powers / _core.index_select(totals, 0, at)),
                        sp_input.dense_shape)


def to_indicator(sp_input, vocab_size, name=None):
    """A tensor of bool that holds at the numbers that are the values of each row."""
    rows = _sizes(sp_input)[:-1]
    made = numpy.zeros((*rows, int(vocab_size)), bool)
    made[(*_places(sp_input)[:, :-1].T, sp_input.values.numpy())] = True
    return own(_core.tensor_of_data(made, _core.bool))


def reset_shape(sp_input, new_shape=None):
    """In other sizes that hold all values, the smallest unless given."""
    bounds = _places(sp_input).max(0) + 1 if len(_places(sp_input)) else [0] * len(
        _sizes(sp_input))
    sizes = bounds if new_shape is None else convert.sizes(new_shape)
    if len(sizes) != len(bounds) or any(size < bound for size, bound in zip(sizes, bounds)):
        raise ValueError(f"New shape {list(sizes)} doesn't hold the values of shape "
                         f"{_sizes(sp_input)}")
    return SparseTensor(sp_input.indices, sp_input.values, list(sizes))


def mask(a, mask_indices):
    """IndexedSlices without the slices of these places."""
    from ._slices import IndexedSlices

    kept = numpy.flatnonzero(~numpy.isin(a.indices.numpy(), convert.tensor(mask_indices).numpy()))
    return IndexedSlices(taken(a.values, kept), taken(a.indices, kept), a.dense_shape)


def _segments(kind):
    def function(data, indices, segment_ids, num_segments=None, name=None):
        from . import math

        rows = taken(convert.tensor(data), convert.tensor(indices).numpy())
        ids = convert.tensor(segment_ids)
        count = num_segments
        if count is None:
            count = int(ids.amax().item()) + 1 if ids.numel() else 0
        return getattr(math, f"unsorted_segment_{kind}")(rows, ids, count)

    function.__name__ = f"segment_{kind}"
    function.__doc__ = f"`unsorted_segment_{kind}` of the slices of data at these places."
    return function


segment_sum, segment_mean, segment_sqrt_n = map(_segments, ("sum", "mean", "sqrt_n"))


__all__ = ["add", "concat", "expand_dims", "eye", "fill_empty_rows", "map_values", "mask",
           "maximum", "minimum", "reduce_max", "reduce_sum", "reset_shape", "reshape", "retain",
           "segment_mean", "segment_sqrt_n", "segment_sum", "slice", "softmax", "split",
           "to_indicator", "transpose"]
