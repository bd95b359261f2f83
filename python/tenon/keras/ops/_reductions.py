"""Sums, means, orders and others along axes."""

import math

from ... import _core
from ..._dtypes import finfo, iinfo
from .._arrays import as_dtype
from ._base import as_int32, axis_of, dims_of, floats, named, names_of, op, promoted, tensor


def _wide(x):
    """Small whole numbers in 32 bits, in which sums and products are."""
    if x.dtype in (_core.bool, _core.int8, _core.int16):
        return x.to(_core.int32)
    return x.to(_core.uint32) if x.dtype in (_core.uint8, _core.uint16) else x


def _reduction(name, text, compute, of=tensor):
    def function(x, axis=None, keepdims=False):
        return compute(of(x), dims_of(axis), keepdims)

    return named(name, function, text)


def _flags(x):
    x = tensor(x)
    return x if x.dtype == _core.bool else _core.ne(x, 0)


def _sum(x, dims, keepdims):
    x = _wide(x)
    return x if dims == () else _core.sum(x, dims, keepdims, x.dtype)


def _prod(x, dims, keepdims):
    x = _wide(x)
    made = _core.prod(x, dims, keepdims)
    return made if made.dtype is x.dtype else made.to(x.dtype)


def _ignoring(start, compute):
    """A reduction of what isn't NaN: in its place is what changes nothing."""
    def reduce(x, dims, keepdims):
        if x.is_floating_point():
            x = _core.where(_core.isnan(x), _core.full((), start, dtype=x.dtype), x)
        return compute(x, dims, keepdims)

    return reduce


def _ignoring_extreme(start, compute):
    reduce = _ignoring(start, compute)

    def extreme(x, dims, keepdims):
        made = reduce(x, dims, keepdims)
        if not x.is_floating_point():
            return made
        is_empty = _core.all(_core.isnan(x), dims, keepdims)
        return _core.where(is_empty, _core.full((), math.nan, dtype=x.dtype), made)

    return extreme


sum = _reduction("sum", "The sum.", _sum)
mean = _reduction("mean", "The mean.", _core.mean, floats)
std = _reduction("std", "The standard deviation of the population.",
                 lambda x, dims, keepdims: _core.std(x, dims, 0.0, keepdims), floats)
var = _reduction("var", "The variance of the population.",
                 lambda x, dims, keepdims: _core.var(x, dims, 0.0, keepdims), floats)
amax = _reduction("amax", "The largest.", _core.amax)
amin = _reduction("amin", "The smallest.", _core.amin)
ptp = _reduction("ptp", "The largest less the smallest.",
                 lambda x, dims, keepdims: _core.amax(x, dims, keepdims)
                 - _core.amin(x, dims, keepdims))
any = _reduction("any", "Whether one holds.", _core.any, _flags)
all = _reduction("all", "Whether all hold.", _core.all, _flags)
logsumexp = _reduction("logsumexp", "log(sum(exp(x))).",
                       lambda x, dims, keepdims: _core.logsumexp(
                           x, tuple(range(x.dim())) if dims is None else dims, keepdims), floats)
nansum = _reduction("nansum", "The sum of what isn't NaN.", _ignoring(0, _sum))
nanprod = _reduction("nanprod", "The product of what isn't NaN.", _ignoring(1, _prod))
nanmax = _reduction("nanmax", "The largest of what isn't NaN.",
                    _ignoring_extreme(-math.inf, _core.amax))
nanmin = _reduction("nanmin", "The smallest of what isn't NaN.",
                    _ignoring_extreme(math.inf, _core.amin))
nanmean = _reduction("nanmean", "The mean of what isn't NaN.", lambda x, dims, keepdims:
                     _core.nanmean(x, () if dims is None else dims, keepdims), floats)


def _nanvar(x, dims, keepdims):
    dims = () if dims is None else dims
    return _core.nanmean(_core.square(x - _core.nanmean(x, dims, True)), dims, keepdims)


nanvar = _reduction("nanvar", "The variance of what isn't NaN.", _nanvar, floats)
nanstd = _reduction("nanstd", "The standard deviation of what isn't NaN.",
                    lambda *arguments: _core.sqrt(_nanvar(*arguments)), floats)


def _extreme(name, text, reduce, choose):
    def function(x, axis=None, keepdims=False, initial=None):
        x = tensor(x)
        dims = dims_of(axis)
        if initial is None:
            return reduce(x, dims, keepdims)
        if x.numel() == 0:
            return _core.full_like(_core.sum(x, dims, keepdims, x.dtype), initial)
        return choose(*promoted((reduce(x, dims, keepdims), initial)))

    return named(name, function, text)


max = _extreme("max", "The largest, and `initial`.", _core.amax, _core.maximum)
min = _extreme("min", "The smallest, and `initial`.", _core.amin, _core.minimum)


@op
def prod(x, axis=None, keepdims=False, dtype=None):
    """The product."""
    x = tensor(x)
    x = x if dtype is None else x.to(as_dtype(dtype))
    return _prod(x, dims_of(axis), keepdims)


def _place(name, text, compute, ignored=None):
    def function(x, axis=None, keepdims=False):
        x = tensor(x)
        if ignored is not None and x.is_floating_point():
            x = _core.where(_core.isnan(x), _core.full((), ignored, dtype=x.dtype), x)
        made = compute(x, axis_of(axis))
        if keepdims:
            made = made.reshape([1] * x.dim()) if axis is None else made.unsqueeze(axis_of(axis))
        return as_int32(made)

    return named(name, function, text)


argmax = _place("argmax", "The place of the largest, the first of them.", _core.argmax)
argmin = _place("argmin", "The place of the smallest, the first of them.", _core.argmin)
nanargmax = _place("nanargmax", "The place of the largest that isn't NaN.", _core.argmax, -math.inf)
nanargmin = _place("nanargmin", "The place of the smallest that isn't NaN.", _core.argmin, math.inf)


@op
def count_nonzero(x, axis=None):
    """How many aren't zero."""
    return _core.sum(tensor(x) != 0, dims_of(axis), False, _core.int32)


@op
def average(x, axis=None, weights=None):
    """The mean, weighted by `weights`, which have x's shape or are a vector along the axis."""
    x = floats(x)
    axis = axis_of(axis)
    if weights is None:
        return _core.mean(x, dims_of(axis))
    x, weights = promoted((x, weights))
    if weights.shape != x.shape:
        if not isinstance(axis, int) or tuple(weights.shape) != (x.shape[axis],):
            raise ValueError(f"average(): weights of shape {tuple(weights.shape)} go neither with "
                             f"x of shape {tuple(x.shape)} nor with its axis {axis}")
        weights = weights.reshape([-1 if i == axis % x.dim() else 1 for i in range(x.dim())])
    dims = dims_of(axis)
    return _core.sum(x * weights, dims) / _core.sum(weights.expand(x.shape), dims)


@op
def corrcoef(x):
    """The correlations of the rows of a matrix, each of a variable's values."""
    x = floats(x)
    x = x if x.dim() > 1 else x.unsqueeze(0)
    apart = x - _core.mean(x, (-1,), True)
    shared = apart @ apart.transpose(-1, -2)
    deviations = _core.sqrt(_core.diagonal(shared, 0, -2, -1))
    made = shared / deviations.unsqueeze(-1) / deviations.unsqueeze(-2)
    return made[0, 0] if made.numel() == 1 else made


# Quantiles.


def _in_a_row(x, axis):
    """x with the axes to reduce as its last one, and the sizes of the result that keeps them."""
    axes = tuple(range(x.dim())) if axis is None else tuple(one % x.dim() for one in dims_of(axis))
    rest = [i for i in range(x.dim()) if i not in axes]
    kept = [1 if i in axes else size for i, size in enumerate(x.shape)]
    flat = x.permute((*rest, *axes)).reshape((*(x.shape[i] for i in rest), -1))
    return flat, kept


def _quantile(compute, x, q, axis, method, keepdims):
    x = floats(x)
    flat, kept = _in_a_row(x, axis)
    q = q.to(x.dtype) if isinstance(q, _core.Tensor) else tensor(q).to(x.dtype)
    made = compute(flat, q, -1, False, method)
    return made.reshape((*q.shape, *kept)) if keepdims else made


def _quantiles(name, text, compute, share):
    def function(x, q, axis=None, method="linear", keepdims=False):
        return _quantile(compute, x, tensor(q) / share if share != 1 else tensor(q), axis, method,
                         keepdims)

    return named(name, function, text)


quantile = _quantiles("quantile", "The q-quantiles, q from 0 to 1.", _core.quantile, 1)
percentile = _quantiles("percentile", "The q-th percentiles.", _core.quantile, 100)
nanquantile = _quantiles("nanquantile", "The q-quantiles of what isn't NaN.", _core.nanquantile, 1)
nanpercentile = _quantiles("nanpercentile", "The q-th percentiles of what isn't NaN.",
                           _core.nanquantile, 100)


@op
def median(x, axis=None, keepdims=False):
    """The median: of an even number of elements the mean of the two in the middle."""
    return _quantile(_core.quantile, x, 0.5, axis, "linear", keepdims)


@op
def nanmedian(x, axis=None, keepdims=False):
    """The median of what isn't NaN."""
    return _quantile(_core.nanquantile, x, 0.5, axis, "linear", keepdims)


# Along one axis.


def _running(name, text, compute, ignored=None):
    def function(x, axis=None, dtype=None):
        x = tensor(x)
        x = x.reshape(-1) if axis is None else x
        if dtype is not None:
            x = x.to(as_dtype(dtype))
        elif x.dtype is _core.bool:
            x = x.to(_core.int32)
        if ignored is not None and x.is_floating_point():
            x = _core.where(_core.isnan(x), _core.full((), ignored, dtype=x.dtype), x)
        made = compute(x, 0 if axis is None else axis_of(axis))
        return made if made.dtype is x.dtype else made.to(x.dtype)

    return named(name, function, text)


cumsum, cumprod = _running("cumsum", "Running sums.", _core.cumsum), _running(
    "cumprod", "Running products.", _core.cumprod)
nancumsum = _running("nancumsum", "Running sums, NaN counting as 0.", _core.cumsum, 0)
nancumprod = _running("nancumprod", "Running products, NaN counting as 1.", _core.cumprod, 1)


@op
def diff(a, n=1, axis=-1):
    """The n-th differences of neighbours."""
    return _core.diff(tensor(a), n, axis)


@op
def sort(x, axis=-1):
    """The elements in ascending order."""
    x = tensor(x)
    return _core.sort(x.reshape(-1) if axis is None else x, -1 if axis is None else axis)[0]


@op
def argsort(x, axis=-1):
    """The places of the elements in ascending order."""
    x = tensor(x)
    return as_int32(_core.sort(x.reshape(-1) if axis is None else x,
                               -1 if axis is None else axis)[1])


@op
def argpartition(x, kth, axis=-1):
    """Places such that those of the kth smallest stand in front: here all are in order."""
    x = tensor(x)
    if not -x.shape[axis] <= kth < x.shape[axis]:
        raise ValueError(f"argpartition(): kth is a place along the axis of size {x.shape[axis]}, "
                         f"not {kth}")
    return as_int32(_core.sort(x, axis)[1])


@op
def top_k(x, k, sorted=True):
    """(values, indices) of the k largest along the last axis, in order."""
    values, places = _core.topk(tensor(x), int(k), -1)
    return values, as_int32(places)


@op
def in_top_k(targets, predictions, k):
    """Whether the prediction of each target is among the k largest of its row."""
    predictions = tensor(predictions)
    chosen = predictions.gather(-1, tensor(targets).to(_core.int64).unsqueeze(-1))
    larger = _core.sum(predictions > chosen, (-1,), False, _core.int32)
    return _core.logical_and(larger < k, _core.isfinite(chosen.squeeze(-1)))


@op
def searchsorted(sorted_sequence, values, side="left"):
    """Where in a sorted vector values would go: before their equals, or behind ("right")."""
    sorted_sequence, values = promoted((sorted_sequence, values))
    if sorted_sequence.dim() != 1:
        raise ValueError("`searchsorted` only supports 1-D sorted sequences. You can use "
                         "`keras.ops.vectorized_map` to extend it to N-D sequences. Received: "
                         f"sorted_sequence.shape={tuple(sorted_sequence.shape)}")
    return _core.searchsorted(sorted_sequence, values, True, side == "right")


@op
def digitize(x, bins):
    """The number of the bin: how many of the bounds aren't above."""
    x, bins = promoted((x, bins))
    return _core.bucketize(x, bins, True, True)


@op
def bincount(x, weights=None, minlength=0, sparse=False):
    """How often each number from 0 occurs, or the sums of their weights; of each row of a
    matrix."""
    if sparse:
        raise ValueError("bincount(): sparse results aren't offered; they are dense")
    x = tensor(x).to(_core.int64)
    weights = None if weights is None else tensor(weights)
    count = int(minlength)
    if x.numel():
        highest = int(x.amax().item()) + 1
        count = highest if highest > count else count
    if x.dim() == 1:
        made = _core.bincount(x, weights, count)
    else:
        made = _core.zeros((x.shape[0], count), dtype=_core.int64 if weights is None
                           else weights.dtype)
        ones = _core.ones_like(x) if weights is None else weights
        made = _core.scatter_add(made, 1, x, ones)
    return as_int32(made) if weights is None else made.to(weights.dtype)


@op
def histogram(x, bins=10, range=None):
    """(counts, edges) of bins of equal width between the smallest and the largest, or in
    `range`."""
    x = floats(x).reshape(-1)
    if not isinstance(bins, int) or bins < 0:
        raise ValueError(f"Argument `bins` should be a non-negative integer. Received: bins={bins}")
    if range is None:
        low, high = (x.amin().item(), x.amax().item()) if x.numel() else (0.0, 1.0)
    else:
        low, high = map(float, range)
        if low > high:
            raise ValueError(f"Argument `range` goes from the smaller number to the larger one, "
                             f"not {range}")
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = _core.linspace(low, high, bins + 1, dtype=x.dtype)
    return _core.histc(x, bins, low, high), edges


@op
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral by the trapezoidal rule."""
    return _core.trapezoid(floats(y), None if x is None else floats(x), dx, axis)


def _segments(name, text, kind, start):
    def function(data, segment_ids, num_segments=None, sorted=False):
        data, ids = tensor(data), tensor(segment_ids).to(_core.int64).reshape(-1)
        if num_segments is None:
            num_segments = int(ids.amax().item()) + 1 if ids.numel() else 0
        base = _core.full((int(num_segments), *data.shape[1:]), start(data.dtype), dtype=data.dtype)
        index = ids.reshape((-1, *[1] * (data.dim() - 1))).expand(data.shape)
        return _core.scatter_reduce(base, 0, index, data, kind)

    return named(name, function, text)


def _limits(dtype):
    return (finfo if dtype.is_floating_point else iinfo)(dtype)


segment_sum = _segments("segment_sum", "The sum of the rows of each segment.", "sum", lambda _: 0)
segment_prod = _segments("segment_prod", "The product of the rows of each segment.", "prod",
                         lambda _: 1)
segment_max = _segments("segment_max", "The largest of each segment.", "amax",
                        lambda dtype: _limits(dtype).min)
segment_min = _segments("segment_min", "The smallest of each segment.", "amin",
                        lambda dtype: _limits(dtype).max)

__all__ = names_of(globals())
