"""tf.math's rarer functions: of numbers, orders and histograms."""

import numpy

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op
from .._eager.tensor import own, pair


@_op
def reciprocal_no_nan(x):
    """1 / x, 0 where x is."""
    x = convert.tensor(x)
    is_zero = _core.eq(x, 0)
    made = _core.reciprocal(_core.where(is_zero, _core.ones_like(x), x))
    return _core.where(is_zero, _core.zeros_like(x), made)


@_op
def erfcinv(x):
    """The inverse of erfc."""
    return _core.erfinv(1 - convert.tensor(x))


@_op
def polygamma(a, x):
    """The a-th derivative of digamma, a being a whole number."""
    x, a = convert.tensor(x), convert.tensor(a)
    order = float(a.reshape(-1)[0].item()) if a.numel() else 0.0
    if a.numel() and not bool(_core.all(_core.eq(a, order))) or order != int(order):
        raise InvalidArgumentError("polygamma(): a is one whole number for all x")
    return _core.polygamma(int(order), x)


@_op
def lbeta(x):
    """log|Beta(x)| along the last dim."""
    x = convert.tensor(x)
    return _core.sum(_core.lgamma(x), -1) - _core.lgamma(_core.sum(x, -1))


def _steps(x):
    flat = convert.tensor(x).reshape(-1)
    return _core.narrow(flat, 0, 1, flat.shape[0] - 1) if flat.shape[0] else flat, flat


@_op
def is_non_decreasing(x):
    """Whether no element is below the one before it."""
    rest, flat = _steps(x)
    return _core.all(_core.ge(rest, _core.narrow(flat, 0, 0, rest.shape[0])))


@_op
def is_strictly_increasing(x):
    """Whether each element is above the one before it."""
    rest, flat = _steps(x)
    return _core.all(_core.gt(rest, _core.narrow(flat, 0, 0, rest.shape[0])))


@_op
def invert_permutation(x):
    """Where each number below the length stands."""
    x = convert.tensor(x)
    places = x.to(_core.int64)
    in_order = _core.arange(0, x.shape[0], 1, dtype=_core.int64)
    if not bool(_core.all(_core.eq(_core.sort(places, 0)[0], in_order))):
        raise InvalidArgumentError(f"{x.tolist()} is not a permutation of the numbers below "
                                   f"{x.shape[0]} [Op:InvertPermutation]")
    return _core.argsort(places, 0).to(x.dtype)


def _cut_off(name, compute, text):
    def function(x, y):
        x, y = pair(x, y, name)
        return compute(x, y)

    function.__name__, function.__doc__ = name, text
    return _op(function)


def _quotient(x, y):
    y = y if hasattr(y, "dtype") else _core.full((), y, dtype=x.dtype)
    if x.is_floating_point():
        return _core.trunc(_core.div(x, y))
    size = _core.floor_divide(_core.abs(x), _core.abs(y))
    return size * _core.sign(x) * _core.sign(y)


truncatediv = _cut_off("truncatediv", _quotient, "x / y, cut off towards 0.")
truncatemod = _cut_off("truncatemod", _core.fmod, "The remainder with the sign of x.")


@_op
def histogram_fixed_width_bins(values, value_range, nbins=100, dtype=_core.int32):
    """The bin of each value, of `nbins` of equal width; those outside are in the first or last."""
    values = convert.tensor(values)
    low, high = convert.tensor(value_range).tolist()
    if not low < high:
        raise InvalidArgumentError(f"value_range should satisfy value_range[0] < value_range[1], "
                                   f"got [{low}, {high}]")
    part = (values.to(_core.float64) - low) / (high - low)
    bins = _core.floor(part * int(nbins))
    return _core.clamp(bins, 0, int(nbins) - 1).to(dtypes.as_dtype(dtype))


@_op
def histogram_fixed_width(values, value_range, nbins=100, dtype=_core.int32):
    """How many values each of `nbins` bins of equal width holds."""
    bins = histogram_fixed_width_bins(values, value_range, nbins)
    made = _core.bincount(bins.reshape(-1).to(_core.int64), minlength=int(nbins))
    return made.to(dtypes.as_dtype(dtype))


def _nearly_top(name, is_largest):
    def function(operand, k, reduction_dimension=-1, recall_target=0.95,
                 reduction_input_size_override=-1, aggregate_to_topk=True):
        values, places = _core.topk(convert.tensor(operand), int(k), reduction_dimension,
                                    is_largest)
        return values, places.to(_core.int32)

    function.__name__ = name
    function.__doc__ = (f"The k {'largest' if is_largest else 'smallest'} and their places; here "
                        "exactly.")
    return _op(function)


approx_max_k, approx_min_k = _nearly_top("approx_max_k", True), _nearly_top("approx_min_k", False)


@_op
def unravel_index(indices, dims):
    """The coordinates of places in a row, of a tensor of these sizes; a row a dim."""
    indices = convert.tensor(indices)
    rest, rows = indices, []
    for size in reversed(convert.sizes(dims)):
        rows.append(_core.remainder(rest, size))
        rest = _core.floor_divide(rest, size)
    if bool(_core.any(_core.ne(rest, 0))):
        raise InvalidArgumentError("index is out of bound as with dims [Op:UnravelIndex]")
    return _core.stack(rows[::-1], 0)


@_op
def reverse_sequence(input, seq_lengths, seq_axis=None, batch_axis=None):
    """The first elements of each row, as many as its length, turned around."""
    x = convert.tensor(input)
    lengths = convert.tensor(seq_lengths).to(_core.int64)
    seq, batch = (0 if axis is None else convert.axis_of(axis) % x.dim()
                  for axis in (seq_axis, batch_axis))
    size = x.shape[seq]
    steps = _core.arange(0, size, 1, dtype=_core.int64)
    ends = lengths.unsqueeze(1)
    if lengths.numel() and lengths.amax().item() > size:
        raise InvalidArgumentError(f"seq_lens({lengths.tolist()}) > input.dims({seq}), {size} "
                                   "[Op:ReverseSequence]")
    places = _core.where(steps < ends, ends - 1 - steps, steps)
    order = [batch, seq] if batch < seq else [seq, batch]
    places = places if batch < seq else _core.transpose(places, 0, 1)
    sizes = [x.shape[i] if i in order else 1 for i in range(x.dim())]
    return _core.gather(x, seq, places.reshape(sizes).expand(x.shape).contiguous())


@_op
def edit_distance(hypothesis, truth, normalize=True):
    """The Levenshtein distance between the rows of two sparse tensors, over the truth's length."""
    for one in (hypothesis, truth):
        if len(one.shape) < 2:
            raise InvalidArgumentError("Input SparseTensors must have rank at least 2, but the "
                                       f"rank is: {len(one.shape)} [Op:EditDistance]")
    rows = [_sequences(one) for one in (hypothesis, truth)]
    sizes = numpy.maximum(*(one.dense_shape.numpy()[:-1] for one in (hypothesis, truth)))
    made = numpy.zeros(tuple(sizes), numpy.float32)
    for place in numpy.ndindex(*made.shape):
        first, second = (one.get(place, []) for one in rows)
        distance = _distance(first, second)
        if normalize:
            distance = distance / len(second) if second else float("inf") if first else 0.0
        made[place] = distance
    return _core.tensor_of_data(made, _core.float32)


def _sequences(sparse):
    rows = {}
    for place, value in zip(sparse.indices.tolist(), sparse.values.tolist()):
        rows.setdefault(tuple(place[:-1]), []).append(value)
    return rows


def _distance(first, second):
    row = list(range(len(second) + 1))
    for i, one in enumerate(first, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


def fingerprint(data, method="farmhash64", name=None):
    """FarmHash's Fingerprint64 of each element along the first dim, as 8 bytes."""
    from .._eager.hashing import fingerprint64
    from .._eager.strings import StringTensor

    if method != "farmhash64":
        raise ValueError(f"fingerprint(): the method is 'farmhash64', not {method!r}")
    data = convert.tensor(data)
    array = data.array if isinstance(data, StringTensor) else data.numpy()
    parts = [row if isinstance(row, bytes) else b"".join(row.reshape(-1).tolist())
             if isinstance(data, StringTensor) else row.tobytes() for row in array]
    digests = [list(fingerprint64(part).to_bytes(8, "little")) for part in parts]
    made = numpy.array(digests, numpy.uint8).reshape(len(parts), 8)
    return own(_core.tensor_of_data(made, _core.uint8))


__all__ = ["approx_max_k", "approx_min_k", "edit_distance", "erfcinv", "fingerprint",
           "histogram_fixed_width", "histogram_fixed_width_bins", "invert_permutation",
           "is_non_decreasing", "is_strictly_increasing", "lbeta", "polygamma",
           "reciprocal_no_nan", "reverse_sequence", "truncatediv", "truncatemod", "unravel_index"]
