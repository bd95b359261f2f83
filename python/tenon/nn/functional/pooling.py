"""Pooling."""

from math import prod

from ... import _core

adaptive_avg_pool1d = _core.adaptive_avg_pool1d
avg_pool1d = _core.avg_pool1d


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
               return_indices=False):
    """The largest element of each window; with `return_indices`, where it is, too."""
    if not return_indices:
        return _core.max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode)
    values, indices = _core.max_pool2d_with_indices(
        input.unsqueeze(-2), *(_row(size, other) for size, other in (
            (kernel_size, 1), (kernel_size if stride is None else stride, 1), (padding, 0),
            (dilation, 1))), ceil_mode)
    return values.squeeze(-2), indices.squeeze(-2)


def _row(size, other):
    """Of one row: a number, or a list with one, behind that of the first dim."""
    return other, size if isinstance(size, int) else size[0]


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
               return_indices=False):
    """The largest element of each window; with `return_indices`, where it is, too."""
    op = _core.max_pool2d_with_indices if return_indices else _core.max_pool2d
    return op(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
               return_indices=False):
    """The largest element of each window; with `return_indices`, where it is, too."""
    if not return_indices:
        return _core.max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode)
    given = [_each(value, 3) for value in (
        kernel_size, kernel_size if stride is None else stride, padding, dilation)]
    depth, height, width = input.shape[-3:]
    # Of each slice the largest elements, and of these the largest along the depth.
    values, places = _core.max_pool2d_with_indices(
        input.reshape(-1, depth, height, width), *(value[1:] for value in given), ceil_mode)
    rows, columns = values.shape[-2:]
    values, slices = _core.max_pool2d_with_indices(
        values.reshape(-1, 1, depth, rows * columns),
        *((value[0], other) for value, other in zip(given, (1, 1, 0, 1))), ceil_mode)
    sizes = (*input.shape[:-3], values.shape[-2], rows, columns)
    slices = slices.flatten(1)
    indices = (slices // (rows * columns) * (height * width)
               + _core.gather(places.flatten(1), 1, slices))
    return values.reshape(sizes), indices.reshape(sizes)


def max_pool1d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1,
                            ceil_mode=False, return_indices=False):
    """`max_pool1d`, and where in its row each of the elements is."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1,
                            ceil_mode=False, return_indices=False):
    """`max_pool2d`, and where in its map each of the elements is."""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1,
                            ceil_mode=False, return_indices=False):
    """`max_pool3d`, and where in its volume each of the elements is."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False,
               count_include_pad=True, divisor_override=None):
    """The mean of each window: its sum over `divisor_override` where that is given."""
    return _mean_pool(_core.avg_pool2d, 2, input, kernel_size, stride, padding, ceil_mode,
                      count_include_pad, divisor_override)


def avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False,
               count_include_pad=True, divisor_override=None):
    """The mean of each window: its sum over `divisor_override` where that is given."""
    return _mean_pool(_core.avg_pool3d, 3, input, kernel_size, stride, padding, ceil_mode,
                      count_include_pad, divisor_override)


def _mean_pool(op, dims, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
               divisor_override):
    if divisor_override is None:
        return op(input, kernel_size, stride, padding, ceil_mode, count_include_pad)
    if divisor_override == 0:
        raise ValueError(f"avg_pool{dims}d(): divisor must be not zero")
    sizes = _each(kernel_size, dims)
    if ceil_mode:
        input = _with_zeros(op, dims, input, sizes, stride, padding)
        padding = 0
    return op(input, kernel_size, stride, padding) * (prod(sizes) / divisor_override)


def _with_zeros(op, dims, input, sizes, stride, padding):
    """The input with zeros around it as far as windows reach that begin within it."""
    shape = _core.empty(input.shape, device="meta")
    windows = op(shape, sizes, stride, padding, True).shape[-dims:]
    steps = sizes if stride is None else _each(stride, dims)
    borders = []
    for count, step, size, before, length in zip(windows, steps, sizes, _each(padding, dims),
                                                 input.shape[-dims:]):
        borders = [before, max((count - 1) * step + size - before - length, 0), *borders]
    return _core.pad(input, borders)


def adaptive_avg_pool2d(input, output_size):
    """Means of windows such that the result has this height and width; None is the input's."""
    return _core.adaptive_avg_pool2d(input, _sizes_of(2, input, output_size))


def adaptive_avg_pool3d(input, output_size):
    """Means of windows such that the result has this depth, height and width; None is the
    input's."""
    return _core.adaptive_avg_pool3d(input, _sizes_of(3, input, output_size))


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The largest elements of windows such that the result has this length."""
    return _adaptive_max_pool(1, input, output_size, return_indices)


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The largest elements of windows such that the result has this height and width."""
    return _adaptive_max_pool(2, input, output_size, return_indices)


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The largest elements of windows such that the result has this depth, height and width."""
    return _adaptive_max_pool(3, input, output_size, return_indices)


_ADAPTIVE_MAX = {
    1: (_core.adaptive_max_pool1d, _core.adaptive_max_pool1d_with_indices),
    2: (_core.adaptive_max_pool2d, _core.adaptive_max_pool2d_with_indices),
    3: (_core.adaptive_max_pool3d, _core.adaptive_max_pool3d_with_indices),
}


def adaptive_max_pool1d_with_indices(input, output_size, return_indices=False):
    """`adaptive_max_pool1d`, and where in its row each of the elements is."""
    return _adaptive_max_pool(1, input, output_size, True)


def adaptive_max_pool2d_with_indices(input, output_size, return_indices=False):
    """`adaptive_max_pool2d`, and where in its map each of the elements is."""
    return _adaptive_max_pool(2, input, output_size, True)


def adaptive_max_pool3d_with_indices(input, output_size, return_indices=False):
    """`adaptive_max_pool3d`, and where in its volume each of the elements is."""
    return _adaptive_max_pool(3, input, output_size, True)


def _adaptive_max_pool(dims, input, output_size, return_indices):
    return _ADAPTIVE_MAX[dims][bool(return_indices)](input, _sizes_of(dims, input, output_size))


def _sizes_of(dims, input, output_size):
    """`output_size` with the input's own sizes for None."""
    if isinstance(output_size, int):
        return output_size
    own = input.shape[-dims:]
    if output_size is None:
        return own
    return [size if given is None else given for given, size in zip(output_size, own)]


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(The sum of |x|^norm_type over each window)^(1 / norm_type)."""
    return _core.lp_pool1d(input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(The sum of |x|^norm_type over each window)^(1 / norm_type)."""
    return _core.lp_pool2d(input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(The sum of |x|^norm_type over each window)^(1 / norm_type)."""
    return _core.lp_pool3d(input, norm_type, kernel_size, stride, ceil_mode)


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The elements at the places that max_pool1d gave as indices, zeros elsewhere."""
    return _unpooled(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The elements at the places that max_pool2d gave as indices, zeros elsewhere."""
    return _unpooled(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The elements at the places that max_pool3d gave as indices, zeros elsewhere."""
    return _unpooled(3, input, indices, kernel_size, stride, padding, output_size)


def _each(value, dims):
    """A number a dim."""
    return (value,) * dims if isinstance(value, int) else tuple(value)


def _unpooled(dims, input, indices, kernel_size, stride, padding, output_size):
    steps = _each(kernel_size if stride is None else stride, dims)
    sizes = [(size - 1) * step - 2 * pad + kernel for size, step, pad, kernel in zip(
        input.shape[-dims:], steps, _each(padding, dims), _each(kernel_size, dims))]
    if output_size is not None:
        wanted = tuple(output_size)[-dims:]
        if len(wanted) != dims or any(
                abs(size - usual) >= step for size, usual, step in zip(wanted, sizes, steps)):
            raise ValueError(f"max_unpool{dims}d(): expected an output_size that pools to the "
                             f"input, within {steps} of {tuple(sizes)}, got {tuple(output_size)}")
        sizes = wanted
    outer = input.shape[:-dims]
    result = _core.max_unpool2d(input.reshape(*outer, 1, -1), indices.reshape(*outer, 1, -1),
                                (1, prod(sizes)))
    return result.reshape(*outer, *sizes)


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of (batch, channels, height, width), a column each."""
    return _core.im2col(input, kernel_size, dilation, padding, stride)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The sum of windows that `unfold` would take from images of this height and width."""
    return _core.col2im(input, output_size, kernel_size, dilation, padding, stride)
