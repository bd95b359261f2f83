"""Sums, extremes, statistics, scans. `dims` as a list; an empty one means all."""
import numpy as np


def _axes(x, dims):
    return tuple(dims) if dims else tuple(range(x.ndim))


def _summable(x):
    return x.astype(np.int64) if x.dtype.kind in "bi" else x


def _floating(x):
    return x.astype(np.float32) if x.dtype.kind in "biu" else x


def sum(x, dims, keepdim, dtype):
    x = x.astype(dtype) if dtype else _summable(x)
    return np.sum(x, axis=_axes(x, dims), keepdims=keepdim)


def sum_to_size(x, size):
    if x.shape == tuple(size):
        return x
    extra = x.ndim - len(size)
    dims = tuple(i for i, n in enumerate(x.shape) if i < extra or size[i - extra] != n)
    return np.sum(x, axis=dims, keepdims=True).reshape(size)


def mean(x, dims, keepdim):
    return np.mean(_floating(x), axis=_axes(x, dims), keepdims=keepdim)


def prod(x, dims, keepdim):
    return np.prod(_summable(x), axis=_axes(x, dims), keepdims=keepdim)


def amax(x, dims, keepdim):
    return np.max(x, axis=_axes(x, dims), keepdims=keepdim)


def amin(x, dims, keepdim):
    return np.min(x, axis=_axes(x, dims), keepdims=keepdim)


def max_dim(x, dim, keepdim):
    return np.max(x, axis=dim, keepdims=keepdim), np.argmax(x, axis=dim, keepdims=keepdim)


def min_dim(x, dim, keepdim):
    return np.min(x, axis=dim, keepdims=keepdim), np.argmin(x, axis=dim, keepdims=keepdim)


def _arg(function, x, dim, keepdim):
    if dim is None:
        return function(x.reshape(-1)).reshape([1] * x.ndim if keepdim else [])
    return function(x, axis=dim, keepdims=keepdim)


def argmax(x, dim, keepdim):
    return _arg(np.argmax, x, dim, keepdim)


def argmin(x, dim, keepdim):
    return _arg(np.argmin, x, dim, keepdim)


def _as_flags(x, flags):
    return np.asarray(flags, np.uint8 if x.dtype == np.uint8 else bool)


def any(x, dims, keepdim):
    return _as_flags(x, np.any(x != 0, axis=_axes(x, dims), keepdims=keepdim))


def all(x, dims, keepdim):
    return _as_flags(x, np.all(x != 0, axis=_axes(x, dims), keepdims=keepdim))


def var(x, dims, correction, keepdim):
    x, axes = _floating(x), _axes(x, dims)
    count = np.prod([x.shape[a] for a in axes], dtype=float)
    centred = x - np.mean(x, axis=axes, keepdims=True)
    # Fewer degrees of freedom than one: not a number, as in NumPy.
    degrees = x.real.dtype.type(max(count - correction, 0))
    return np.sum(np.abs(centred) ** 2, axis=axes, keepdims=keepdim) / degrees


def std(x, dims, correction, keepdim):
    return np.sqrt(var(x, dims, correction, keepdim))


def norm(x, p, dims, keepdim):
    x, axes = np.abs(_floating(x)), _axes(x, dims)
    if p == np.inf:
        return np.max(x, axis=axes, keepdims=keepdim)
    if p == -np.inf:
        return np.min(x, axis=axes, keepdims=keepdim)
    if p == 0:
        return np.sum((x != 0).astype(x.dtype), axis=axes, keepdims=keepdim)
    return np.sum(x**p, axis=axes, keepdims=keepdim) ** x.dtype.type(1 / p)


def logsumexp(x, dims, keepdim):
    x = _floating(x)
    return np.log(np.sum(np.exp(x), axis=_axes(x, dims), keepdims=keepdim))


def cumsum(x, dim):
    x = _summable(x)
    return np.cumsum(x, axis=dim) if x.ndim else x


def cumprod(x, dim):
    x = _summable(x)
    return np.cumprod(x, axis=dim) if x.ndim else x


def softmax(x, dim):
    x = _floating(x)
    if x.ndim == 0:
        return np.ones_like(x)
    return np.exp(x) / np.sum(np.exp(x), axis=dim, keepdims=True)


def log_softmax(x, dim):
    return np.log(softmax(x, dim))


def _running(x, dim, wins):
    rows = np.moveaxis(x.reshape(1) if x.ndim == 0 else x, dim, -1)
    values, places = rows.copy(), np.zeros(rows.shape, np.int64)
    for at in np.ndindex(*rows.shape[:-1]):
        best = 0
        for i in range(rows.shape[-1]):
            best = i if wins(rows[at][i], rows[at][best]) else best
            values[at][i], places[at][i] = rows[at][best], best
    return (np.moveaxis(values, -1, dim).reshape(x.shape),
            np.moveaxis(places, -1, dim).reshape(x.shape))


def cummax(x, dim):
    return _running(x, dim, lambda new, old: new >= old)


def cummin(x, dim):
    return _running(x, dim, lambda new, old: new <= old)


def logcumsumexp(x, dim):
    return np.log(np.cumsum(np.exp(x), axis=dim)) if x.ndim else x


def count_nonzero(x, dims):
    return np.asarray(np.count_nonzero(x, axis=_axes(x, dims)), np.int64)


def nansum(x, dims, keepdim, dtype):
    return np.nansum(_summable(x), axis=_axes(x, dims), keepdims=keepdim)


def nanmean(x, dims, keepdim):
    return np.nanmean(x, axis=_axes(x, dims), keepdims=keepdim)


def var_mean(x, dims, correction, keepdim):
    return var(x, dims, correction, keepdim), mean(x, dims, keepdim)


def std_mean(x, dims, correction, keepdim):
    return std(x, dims, correction, keepdim), mean(x, dims, keepdim)


def aminmax(x, dim, keepdim):
    axes = _axes(x, [] if dim is None else [dim])
    return np.min(x, axis=axes, keepdims=keepdim), np.max(x, axis=axes, keepdims=keepdim)


def _chosen(x, dim, keepdim, rank):
    if x.ndim == 0:
        return x, np.zeros([], np.int64)
    places = np.take(np.argsort(x, axis=dim, kind="stable"), [rank], dim)
    values = np.take_along_axis(x, places, dim)
    return (values, places) if keepdim else (values.squeeze(dim), places.squeeze(dim))


def kthvalue(x, k, dim, keepdim):
    return _chosen(x, dim, keepdim, k - 1)


def median_dim(x, dim, keepdim):
    return _chosen(x, dim, keepdim, (x.shape[dim] - 1) // 2 if x.ndim else 0)


def nanmedian_dim(x, dim, keepdim):
    return median_dim(x, dim, keepdim)


def median(x):
    if x.size == 0:
        return np.asarray(np.nan, x.dtype)
    return median_dim(x.reshape(-1), 0, False)[0]


def nanmedian(x):
    return median(x)


def mode(x, dim, keepdim):
    rows = np.moveaxis(x.reshape(1) if x.ndim == 0 else x, dim, -1)
    values, places = np.empty(rows.shape[:-1], x.dtype), np.empty(rows.shape[:-1], np.int64)
    for at in np.ndindex(*rows.shape[:-1]):
        different, counts = np.unique(rows[at], return_counts=True)
        values[at] = different[np.argmax(counts)]
        places[at] = np.flatnonzero(rows[at] == values[at])[-1]
    if keepdim and x.ndim:
        return np.expand_dims(values, dim), np.expand_dims(places, dim)
    return values, places


def quantile(x, q, dim, keepdim, interpolation):
    return np.quantile(x, q, axis=dim, keepdims=keepdim, method=interpolation).astype(x.dtype)


def nanquantile(x, q, dim, keepdim, interpolation):
    if np.size(q) == 0:
        return quantile(x, q, dim, keepdim, interpolation)
    return np.nanquantile(x, q, axis=dim, keepdims=keepdim, method=interpolation).astype(x.dtype)


def diff(x, n, dim, prepend, append):
    given = {name: part for name, part in (("prepend", prepend), ("append", append))
             if part is not None}
    return np.diff(x, n, dim, **given)


def gradient(x, coordinates, spacing, dims, edge_order):
    axes = list(dims) or list(range(x.ndim))
    apart = list(coordinates) or list(spacing) or [1]
    return [np.gradient(x, apart[i % len(apart)], axis=axis, edge_order=edge_order)
            for i, axis in enumerate(axes)]


def trapezoid(y, x, dx, dim):
    return np.trapz(y, x, dx, dim)


def cumulative_trapezoid(y, x, dx, dim):
    steps = dx if x is None else np.diff(x) if x.ndim > 1 else \
        np.diff(x).reshape([-1 if i == dim % y.ndim else 1 for i in range(y.ndim)])
    if x is not None and x.ndim > 1:
        steps = np.diff(x, axis=dim)
    low = np.take(y, range(y.shape[dim] - 1), dim) + np.take(y, range(1, y.shape[dim]), dim)
    return np.cumsum(low * steps / 2, dim).astype(y.dtype)


def cov(x, correction, fweights, aweights):
    if x.size == 0 and x.ndim == 2:
        return np.full((x.shape[0],) * 2, np.nan, _floating(x).dtype)
    return np.asarray(np.cov(_floating(x), ddof=correction, fweights=fweights, aweights=aweights),
                      _floating(x).dtype)


def corrcoef(x):
    return np.asarray(np.corrcoef(_floating(x)), _floating(x).dtype)


def renorm(x, p, dim, maxnorm):
    others = tuple(i for i in range(x.ndim) if i != dim % x.ndim)
    norms = np.sum(np.abs(x) ** p, axis=others, keepdims=True) ** (1 / p)
    return (x * np.where(norms > maxnorm, maxnorm / (norms + 1e-7), 1)).astype(x.dtype)


def histogram(x, bins, range, weight, density):
    counts, edges = np.histogram(x, bins, tuple(range) or None, density, weight)
    return counts.astype(x.dtype), edges.astype(x.dtype)


def histogram_at(x, bins, weight, density):
    counts, edges = np.histogram(x, bins, None, density, weight)
    return counts.astype(x.dtype), edges


def histogramdd(x, bins, range, weight, density):
    points, amounts = x.reshape(-1, x.shape[-1]), None if weight is None else weight.reshape(-1)
    parts = list(zip(range[::2], range[1::2])) or None
    counts, edges = np.histogramdd(points, list(bins), parts, density, amounts)
    return [counts.astype(x.dtype), *(line.astype(x.dtype) for line in edges)]


def histogramdd_at(x, weight, bins, density):
    points, amounts = x.reshape(-1, x.shape[-1]), None if weight is None else weight.reshape(-1)
    return np.histogramdd(points, list(bins), None, density, amounts)[0].astype(x.dtype)


def histc(x, bins, min, max):
    if min == max == 0:
        if x.size == 0:
            return np.zeros(bins, x.dtype)
        min, max = x.min(), x.max()
    return np.histogram(x, bins, (min, max))[0].astype(x.dtype)


def bincount(x, weights, minlength):
    return np.bincount(x, weights, minlength).astype(
        np.int64 if weights is None else np.float32 if weights.dtype == np.float32 else np.float64)
