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
    sizes = [(n - d * (k - 1) - 1) // s + 1
             for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation)]
    out_channels, in_group = weight.shape[:2]
    y = np.zeros([x.shape[0], out_channels] + sizes, np.result_type(x, weight))
    out_group = out_channels // groups
    for channel in range(out_channels):
        first = channel // out_group * in_group
        for place in itertools.product(*map(range, sizes)):
            window = _window(x[:, first:first + in_group], place, stride, kernel, dilation)
            y[(slice(None), channel) + place] = (window *
                                                 weight[channel]).sum(tuple(range(1, rank + 2)))
    if bias is not None:
        y = y + bias.reshape([-1] + [1] * rank)
    return y[0] if unbatched else y


def conv1d(x, weight, bias, stride, padding, dilation, groups):
    return _convolution(x, weight, bias, stride, padding, dilation, groups)


def conv2d(x, weight, bias, stride, padding, dilation, groups):
    return _convolution(x, weight, bias, stride, padding, dilation, groups)


def conv3d(x, weight, bias, stride, padding, dilation, groups):
    return _convolution(x, weight, bias, stride, padding, dilation, groups)


def _transposed(x, weight, bias, stride, padding, output_padding, groups, dilation):
    """Each element of x adds the kernel, times itself, to the result."""
    rank = weight.ndim - 2
    unbatched = x.ndim == rank + 1
    if unbatched:
        x = x[None]
    stride, padding, output_padding, dilation = (
        _per_dim(v, rank) for v in (stride, padding, output_padding, dilation))
    kernel, in_group, out_group = weight.shape[2:], x.shape[1] // groups, weight.shape[1]
    reach = [(n - 1) * s + d * (k - 1) + 1 + o
             for n, s, d, k, o in zip(x.shape[2:], stride, dilation, kernel, output_padding)]
    y = np.zeros([x.shape[0], out_group * groups] + reach, np.result_type(x, weight))
    for channel in range(x.shape[1]):
        first = channel // in_group * out_group
        for place in itertools.product(*map(range, x.shape[2:])):
            window = tuple(slice(i * s, i * s + d * (k - 1) + 1, d)
                           for i, s, k, d in zip(place, stride, kernel, dilation))
            values = x[(slice(None), channel) + place].reshape([-1] + [1] * (rank + 1))
            y[(slice(None), slice(first, first + out_group)) + window] += values * weight[channel]
    kept = tuple(slice(p, n - p) for p, n in zip(padding, reach))
    y = y[(slice(None), slice(None)) + kept]
    if bias is not None:
        y = y + bias.reshape([-1] + [1] * rank)
    return y[0] if unbatched else y


def conv_transpose1d(x, weight, bias, stride, padding, output_padding, groups, dilation):
    return _transposed(x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(x, weight, bias, stride, padding, output_padding, groups, dilation):
    return _transposed(x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(x, weight, bias, stride, padding, output_padding, groups, dilation):
    return _transposed(x, weight, bias, stride, padding, output_padding, groups, dilation)


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


def max_pool3d(x, kernel_size, stride, padding, dilation, ceil_mode):
    return _max_pool(x, 3, kernel_size, stride, padding, dilation, ceil_mode)[0]


def avg_pool3d(x, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return _avg_pool(x, 3, kernel_size, stride, padding, ceil_mode, count_include_pad)


def _lp_pool(x, rank, norm_type, kernel, stride, ceil_mode):
    count = np.prod(_per_dim(kernel, rank))
    mean = _avg_pool(x**norm_type, rank, kernel, stride, [0], ceil_mode, True)
    return (mean * count) ** (1 / norm_type)


def lp_pool1d(x, norm_type, kernel_size, stride, ceil_mode):
    return _lp_pool(x, 1, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(x, norm_type, kernel_size, stride, ceil_mode):
    return _lp_pool(x, 2, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(x, norm_type, kernel_size, stride, ceil_mode):
    return _lp_pool(x, 3, norm_type, kernel_size, stride, ceil_mode)


def max_unpool2d(x, indices, output_size):
    h, w = _per_dim(output_size, 2)
    y = np.zeros(x.shape[:-2] + (h * w,), x.dtype)
    for plane in np.ndindex(*x.shape[:-2]):
        y[plane][indices[plane].reshape(-1)] = x[plane].reshape(-1)
    return y.reshape(x.shape[:-2] + (h, w))


def _columns(x, kernel, dilation, stride):
    """[c, kh kw, windows] of one padded image."""
    sizes = [(n - d * (k - 1) - 1) // s + 1
             for n, k, s, d in zip(x.shape[1:], kernel, stride, dilation)]
    if x.size == 0:
        return np.zeros((x.shape[0], np.prod(kernel), np.prod(sizes)), x.dtype)
    windows = [_window(x, place, stride, kernel, dilation).reshape(x.shape[0], -1)
               for place in itertools.product(*map(range, sizes))]
    return np.stack(windows, -1)


def im2col(x, kernel_size, dilation, padding, stride):
    kernel, dilation, padding, stride = (_per_dim(v, 2)
                                         for v in (kernel_size, dilation, padding, stride))
    images = _padded(x if x.ndim == 4 else x[None], padding, 0)
    y = np.array([_columns(image, kernel, dilation, stride) for image in images], x.dtype)
    if y.size == 0:  # no images: the sizes of what there would be
        one = _columns(np.zeros(images.shape[1:], x.dtype), kernel, dilation, stride)
        y = np.zeros((len(images),) + one.shape, x.dtype)
    y = y.reshape(len(images), y.shape[1] * y.shape[2], y.shape[3])
    return y if x.ndim == 4 else y[0]


def col2im(x, output_size, kernel_size, dilation, padding, stride):
    kernel, dilation, padding, stride = (_per_dim(v, 2)
                                         for v in (kernel_size, dilation, padding, stride))
    size = [n + 2 * p for n, p in zip(_per_dim(output_size, 2), padding)]
    batch = x if x.ndim == 3 else x[None]
    channels = batch.shape[1] // np.prod(kernel)
    y = np.zeros([len(batch), channels] + size, x.dtype)
    steps = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(size, kernel, stride, dilation)]
    values = batch.reshape(len(batch), channels, *kernel, *steps)
    for i, j, a, b in itertools.product(*map(range, list(kernel) + steps)):
        row, column = a * stride[0] + i * dilation[0], b * stride[1] + j * dilation[1]
        y[:, :, row, column] += values[:, :, i, j, a, b]
    y = y[:, :, padding[0]:size[0] - padding[0], padding[1]:size[1] - padding[1]]
    return y if x.ndim == 3 else y[0]


def _adaptive_max_pool(x, rank, output_size):
    sizes = _per_dim(output_size, rank)
    spatial = x.shape[-rank:]
    y = np.empty(list(x.shape[:-rank]) + sizes, x.dtype)
    numbers = np.arange(np.prod(spatial)).reshape(spatial)
    indices = np.empty(y.shape, np.int64)
    for place in itertools.product(*map(range, sizes)):
        slices = tuple(slice(i * n // m, -(-(i + 1) * n // m))
                       for i, n, m in zip(place, spatial, sizes))
        inside = numbers[slices].reshape(-1)
        bins = x[(...,) + slices].reshape(*x.shape[:-rank], len(inside))
        y[(...,) + place] = bins.max(-1)
        indices[(...,) + place] = inside[bins.argmax(-1)]
    return y, indices


def adaptive_max_pool1d(x, output_size):
    return _adaptive_max_pool(x, 1, output_size)[0]


def adaptive_max_pool2d(x, output_size):
    return _adaptive_max_pool(x, 2, output_size)[0]


def adaptive_max_pool3d(x, output_size):
    return _adaptive_max_pool(x, 3, output_size)[0]


def adaptive_max_pool1d_with_indices(x, output_size):
    return _adaptive_max_pool(x, 1, output_size)


def adaptive_max_pool2d_with_indices(x, output_size):
    return _adaptive_max_pool(x, 2, output_size)


def adaptive_max_pool3d_with_indices(x, output_size):
    return _adaptive_max_pool(x, 3, output_size)


def _adaptive_avg_pool(x, rank, output_size):
    sizes = _per_dim(output_size, rank)
    spatial = x.shape[-rank:]
    y = np.empty(list(x.shape[:-rank]) + sizes, x.dtype)
    for place in itertools.product(*map(range, sizes)):
        slices = tuple(slice(i * n // m, -(-(i + 1) * n // m))
                       for i, n, m in zip(place, spatial, sizes))
        y[(...,) + place] = x[(...,) + slices].mean(tuple(range(-rank, 0)))
    return y


def adaptive_avg_pool1d(x, output_size):
    return _adaptive_avg_pool(x, 1, output_size)


def adaptive_avg_pool2d(x, output_size):
    return _adaptive_avg_pool(x, 2, output_size)


def adaptive_avg_pool3d(x, output_size):
    return _adaptive_avg_pool(x, 3, output_size)


def _row_major(x, width):
    """What lies in memory in blocks of `width` channels, where that divides them."""
    n, channels, height, breadth = x.shape
    if width == 0 or channels % width:
        return x
    blocks = x.reshape(n, channels // width, height, breadth, width)
    return blocks.transpose(0, 1, 4, 2, 3).reshape(x.shape)


def _in_blocks(x, width):
    n, channels, height, breadth = x.shape
    if width == 0 or channels % width:
        return x
    blocks = x.reshape(n, channels // width, width, height, breadth)
    return blocks.transpose(0, 1, 3, 4, 2).reshape(x.shape)


def _block(x, weight, bias, mean, variance, scale, shift, stride, padding, dilation, groups,
           x_width, eps):
    y = conv2d(_row_major(x, x_width), weight, bias, stride, padding, dilation, groups)
    if mean is None:
        return y
    mean, variance, scale, shift = (None if t is None else t.reshape(1, -1, 1, 1)
                                    for t in (mean, variance, scale, shift))
    y = (y - mean) / np.sqrt(variance + eps)
    y = y if scale is None else y * scale
    return y if shift is None else y + shift


def conv2d_block(x, weight, bias, mean, variance, scale, shift, stride, padding, dilation, groups,
                 x_width, y_width, relu, eps):
    y = _block(x, weight, bias, mean, variance, scale, shift, stride, padding, dilation, groups,
               x_width, eps)
    return _in_blocks(np.maximum(y, 0) if relu else y, y_width)


def conv2d_block_pool(x, weight, bias, mean, variance, scale, shift, stride, padding, dilation,
                      groups, x_width, eps):
    y = np.maximum(_block(x, weight, bias, mean, variance, scale, shift, stride, padding, dilation,
                          groups, x_width, eps), 0)
    n, channels, height, breadth = y.shape
    y = y[:, :, :height // 2 * 2, :breadth // 2 * 2]
    windows = y.reshape(n, channels, height // 2, 2, breadth // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    windows = windows.reshape(n, channels, height // 2, breadth // 2, 4)
    values = windows.max(-1)
    places = np.where(values > 0, windows.argmax(-1), 4).astype(np.uint8)
    return values, _in_blocks(places, 16)


def _before_pooling(dy, places, weight_sizes, x_sizes, stride, padding, dilation):
    """The gradient of what was pooled."""
    rank = range(2)
    stride, padding, dilation = (_per_dim(v, 2) for v in (stride, padding, dilation))
    height, breadth = ((x_sizes[2 + i] + 2 * padding[i] - dilation[i] * (weight_sizes[2 + i] - 1) -
                        1)
                       // stride[i] + 1 for i in rank)
    result = np.zeros(dy.shape[:2] + (height, breadth), dy.dtype)
    places = _row_major(places, 16)
    for place in range(4):
        rows = slice(place // 2, height // 2 * 2, 2)
        columns = slice(place % 2, breadth // 2 * 2, 2)
        result[:, :, rows, columns] = np.where(places == place, dy, 0)
    return result


def _windows_of(x_sizes, weight_sizes, stride, padding, dilation, groups):
    """(place of y, channel, slices of the padded x) of all windows."""
    stride, padding, dilation = (_per_dim(v, 2) for v in (stride, padding, dilation))
    out_channels, in_group, *kernel = weight_sizes
    sizes = [(n + 2 * p - d * (k - 1) - 1) // s + 1
             for n, p, d, k, s in zip(x_sizes[2:], padding, dilation, kernel, stride)]
    for channel in range(out_channels):
        first = channel // (out_channels // groups) * in_group
        for place in itertools.product(*map(range, sizes)):
            slices = tuple(slice(i * s, i * s + d * (k - 1) + 1, d)
                           for i, s, k, d in zip(place, stride, kernel, dilation))
            yield (slice(None), channel) + place, channel, (slice(None),
                                                            slice(first, first + in_group)) + slices


def conv2d_block_backward_input(dy, weight, places, result, sizes, stride, padding, dilation,
                                groups, x_width, y_width):
    if places is None:
        dy = _row_major(dy, y_width)
    else:
        dy = _before_pooling(dy, places, weight.shape, sizes, stride, padding, dilation)
    border = _per_dim(padding, 2)
    dx = np.zeros([sizes[0], sizes[1], sizes[2] + 2 * border[0], sizes[3] + 2 * border[1]],
                  dy.dtype)
    for place, channel, window in _windows_of(sizes, weight.shape, stride, padding, dilation,
                                              groups):
        dx[window] += dy[place][:, None, None, None] * weight[channel]
    dx = dx[:, :, border[0]:border[0] + sizes[2], border[1]:border[1] + sizes[3]]
    dx = _in_blocks(dx, x_width)
    return dx if result is None else np.where(result > 0, dx, 0)


def conv2d_block_backward_weight(dy, x, places, sizes, stride, padding, dilation, groups, x_width,
                                 y_width):
    if places is None:
        dy = _row_major(dy, y_width)
    else:
        dy = _before_pooling(dy, places, sizes, x.shape, stride, padding, dilation)
    x = _row_major(x, x_width)
    padded = _padded(x, _per_dim(padding, 2), 0)
    dweight = np.zeros(sizes, dy.dtype)
    for place, channel, window in _windows_of(x.shape, sizes, stride, padding, dilation, groups):
        dweight[channel] += (dy[place][:, None, None, None] * padded[window]).sum(0)
    return dweight, dy.sum((0, 2, 3))
