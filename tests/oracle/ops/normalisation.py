"""Normalisation layers as functions."""
import numpy as np


def _per_channel(values, x):
    return values.reshape([1, -1] + [1] * (x.ndim - 2))


def _scaled(y, weight, bias):
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps):
    if training or running_mean is None:
        axes = tuple(i for i in range(x.ndim) if i != 1)
        mean, var = x.mean(axes), x.var(axes)
    else:
        mean, var = running_mean, running_var
    y = (x - _per_channel(mean, x)) / np.sqrt(_per_channel(var, x) + eps)
    return _scaled(y, None if weight is None else _per_channel(weight, x),
                   None if bias is None else _per_channel(bias, x))


def layer_norm(x, normalized_shape, weight, bias, eps):
    axes = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)
    return _scaled(y, weight, bias)


def rms_norm(x, normalized_shape, weight, eps):
    axes = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    eps = np.finfo(x.dtype).eps if eps is None else eps
    return _scaled(x / np.sqrt((x * x).mean(axes, keepdims=True) + eps), weight, None)


def group_norm(x, num_groups, weight, bias, eps):
    groups = x.reshape(x.shape[0], num_groups, int(np.prod(x.shape[1:])) // num_groups)
    y = (groups - groups.mean(2, keepdims=True)) / np.sqrt(groups.var(2, keepdims=True) + eps)
    return _scaled(y.reshape(x.shape), None if weight is None else _per_channel(weight, x),
                   None if bias is None else _per_channel(bias, x))


def instance_norm(x, running_mean, running_var, weight, bias, use_input_stats, momentum, eps):
    if use_input_stats:
        axes = tuple(range(2, x.ndim))
        y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)
    else:
        y = (x - _per_channel(running_mean, x)) / np.sqrt(_per_channel(running_var, x) + eps)
    return _scaled(y, None if weight is None else _per_channel(weight, x),
                   None if bias is None else _per_channel(bias, x))


def local_response_norm(x, size, alpha, beta, k):
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        near = x[:, max(c - size // 2, 0):c + (size - 1) // 2 + 1]
        y[:, c] = x[:, c] / (k + alpha * (near**2).sum(1) / size) ** beta
    return y


def _norm(x, p, axes, keepdims):
    return (np.abs(x) ** p).sum(axes, keepdims=keepdims) ** (1 / p)


def normalize(x, p, dims, eps):
    return x / np.maximum(_norm(x, p, tuple(dims), True), eps)


def cosine_similarity(x1, x2, dim, eps):
    x1, x2 = np.broadcast_arrays(x1, x2)
    lengths = [np.maximum(_norm(x, 2, dim, False), eps) for x in (x1, x2)]
    return (x1 * x2).sum(dim) / (lengths[0] * lengths[1])


def pairwise_distance(x1, x2, p, eps, keepdim):
    return _norm(x1 - x2 + eps, p, -1, keepdim)
