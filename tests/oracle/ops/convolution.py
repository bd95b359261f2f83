"""Convolutions (cross-correlations, as deep learning calls them) and pooling, window by window."""
import itertools
import math

import numpy as np


def _per_dim(values, rank):
    return list(values) * rank if len(values) == 1 else list(values)


def _padded(x, padding, value):
    # Further borders: the last window of ceil_mode may begin inside and end beyond the padding.
    lead = [(0, 0)] * (x.ndim - len(padding))
    return np.pad(x, lead + [(p, p) for p in padding], constant_values=value)


def _window(x, place, stride, kernel, dilation):
    """The elements under a window, cut at the end of x."""
    slices = tuple(slice(i * s, i * s + d * (k - 1) + 1, d)
                   for i, s, k, d in zip(place, stride, kernel, dilation))
    return x[(...,) + slices]


def _convolution(x, weight, bias, stride, padding, dilation, groups):
    rank = weight.ndim - 2
    unbatched = x.ndim == rank + 1
    if unbatched:
        x = x[None]
    stride, padding, dilation = (_per_dim(v, rank) for v in (stride, padding, dilation))
    kernel = weight.shape[2:]
    x = _padded(x, padding, 0)
    sizes = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation)]
    out_channels, in_group = weight.shape[:2]
    y = np.zeros([x.shape[0], out_channels] + sizes, np.result_type(x, weight))
    out_group = out_channels // groups
    for channel in range(out_channels):
        first = channel // out_group * in_group
        for place in itertools.product(*map(range, sizes)):
            window = _window(x[:, first:first + in_group], place, stride, kernel, dilation)
            y[(slice(None), channel) + place] = (window * weight[channel]).sum(tuple(range(1, rank + 2)))
    if bias is not None:
        y = y + bias.reshape([-1] + [1] * rank)
    return y[0] if unbatched else y


def conv1d(x, weight, bias, stride, padding, dilation, groups):
    return _convolution(x, weight, bias, stride, padding, dilation, groups)


def conv2d(x, weight, bias, stride, padding, dilation, groups):
    return _convolution(x, weight, bias, stride, padding, dilation, groups)


def _pooled_sizes(sizes, kernel, stride, padding, dilation, ceil_mode):
    result = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation):
        steps = (n + 2 * p - d * (k - 1) - 1) / s
        size = (math.ceil(steps) if ceil_mode else math.floor(steps)) + 1
        if ceil_mode and (size - 1) * s >= n + p:
            size -= 1  # a window must begin inside the input or the padding before it
        result.append(size)
    return result


def _max_pool(x, rank, kernel, stride, padding, dilation, ceil_mode):
    kernel = _per_dim(kernel, rank)
    stride = _per_dim(stride, rank) if stride else kernel
    padding, dilation = _per_dim(padding, rank), _per_dim(dilation, rank)
    spatial = x.shape[-rank:]
    sizes = _pooled_sizes(spatial, kernel, stride, padding, dilation, ceil_mode)
    values = np.empty(list(x.shape[:-rank]) + sizes, x.dtype)
    indices = np.empty(values.shape, np.int64)
    numbers = np.arange(np.prod(spatial)).reshape(spatial)
    for place in itertools.product(*map(range, sizes)):
        grids = []
        for i, n, k, s, p, d in zip(place, spatial, kernel, stride, padding, dilation):
            inside = [i * s - p + j * d for j in range(k)]
            grids.append([j for j in inside if 0 <= j < n])
        places = numbers[np.ix_(*grids)].reshape(-1)
        window = x.reshape(x.shape[:-rank] + (numbers.size,))[..., places]
        at = (...,) + place
        values[at] = window.max(-1)
        indices[at] = places[window.argmax(-1)]
    return values, indices


def max_pool1d(x, kernel_size, stride, padding, dilation, ceil_mode):
    return _max_pool(x, 1, kernel_size, stride, padding, dilation, ceil_mode)[0]


def max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode):
    return _max_pool(x, 2, kernel_size, stride, padding, dilation, ceil_mode)[0]


def max_pool2d_with_indices(x, kernel_size, stride, padding, dilation, ceil_mode):
    return _max_pool(x, 2, kernel_size, stride, padding, dilation, ceil_mode)


def _avg_pool(x, rank, kernel, stride, padding, ceil_mode, count_include_pad):
    kernel = _per_dim(kernel, rank)
    stride = _per_dim(stride, rank) if stride else kernel
    padding = _per_dim(padding, rank)
    spatial = x.shape[-rank:]
    sizes = _pooled_sizes(spatial, kernel, stride, padding, [1] * rank, ceil_mode)
    y = np.empty(list(x.shape[:-rank]) + sizes, x.dtype)
    for place in itertools.product(*map(range, sizes)):
        slices, inside, counted = [], 1, 1
        for i, n, k, s, p in zip(place, spatial, kernel, stride, padding):
            begin, end = i * s - p, min(i * s - p + k, n + p)
            slices.append(slice(max(begin, 0), min(end, n)))
            inside *= min(end, n) - max(begin, 0)
            counted *= end - begin
        window = x[(...,) + tuple(slices)]
        total = window.sum(tuple(range(-rank, 0)))
        y[(...,) + place] = total / (counted if count_include_pad else inside)
    return y


def avg_pool1d(x, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return _avg_pool(x, 1, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return _avg_pool(x, 2, kernel_size, stride, padding, ceil_mode, count_include_pad)


def _adaptive_avg_pool(x, rank, output_size):
    sizes = _per_dim(output_size, rank)
    spatial = x.shape[-rank:]
    y = np.empty(list(x.shape[:-rank]) + sizes, x.dtype)
    for place in itertools.product(*map(range, sizes)):
        slices = tuple(slice(i * n // m, -(-(i + 1) * n // m)) for i, n, m in zip(place, spatial, sizes))
        y[(...,) + place] = x[(...,) + slices].mean(tuple(range(-rank, 0)))
    return y


def adaptive_avg_pool1d(x, output_size):
    return _adaptive_avg_pool(x, 1, output_size)


def adaptive_avg_pool2d(x, output_size):
    return _adaptive_avg_pool(x, 2, output_size)
