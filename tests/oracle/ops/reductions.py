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


def any(x, dims, keepdim):
    return np.any(x != 0, axis=_axes(x, dims), keepdims=keepdim)


def all(x, dims, keepdim):
    return np.all(x != 0, axis=_axes(x, dims), keepdims=keepdim)


def var(x, dims, correction, keepdim):
    x, axes = _floating(x), _axes(x, dims)
    count = np.prod([x.shape[a] for a in axes], dtype=float)
    centred = x - np.mean(x, axis=axes, keepdims=True)
    # Fewer degrees of freedom than one: not a number, as in NumPy.
    degrees = x.dtype.type(max(count - correction, 0))
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
