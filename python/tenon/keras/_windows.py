"""Convolutions and pooling as TensorFlow has them, of x with its channels in dim 1: padding "same"
differs from PyTorch's, kernels are (window ..., in, out)."""

from .. import _core

_CONVOLUTIONS = (_core.conv1d, _core.conv2d, _core.conv3d)
_TRANSPOSED = (_core.conv_transpose1d, _core.conv_transpose2d, _core.conv_transpose3d)
_MAX = (_core.max_pool1d, _core.max_pool2d, _core.max_pool3d)
_AVERAGE = (_core.avg_pool1d, _core.avg_pool2d, _core.avg_pool3d)


def same_padding(size, window, stride, dilation=1):
    """What TensorFlow's padding "same" adds before and behind: so much that the result has
    ceil(size / stride) elements, the odd one behind."""
    reach = (window - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def flat_padding(pairs):
    """Pairs of each dim as `pad` takes them: the last dim's first."""
    return [amount for pair in reversed(pairs) for amount in pair]


def pairs_of(padding, sizes, windows, strides, dilations):
    """What is padded before and behind each dim."""
    if padding == "same":
        return [same_padding(*window) for window in zip(sizes, windows, strides, dilations)]
    if padding == "causal":
        return [(step * (window - 1), 0) for window, step in zip(windows, dilations)]
    return [(0, 0)] * len(windows)


def out_in_window(kernel):
    """(window ..., in, out) as (out, in, window ...)."""
    rank = kernel.dim() - 2
    return kernel.permute((rank + 1, rank, *range(rank)))


def of_each_channel(kernel):
    """(window ..., in, multiplier) as (in * multiplier, 1, window ...)."""
    rank = kernel.dim() - 2
    return kernel.permute((rank, rank + 1, *range(rank))).reshape(-1, 1, *kernel.shape[:rank])


def convolved(x, weight, bias, strides, padding, dilations, groups=1):
    """The convolution of x with (out, in / groups, window ...)."""
    rank = len(strides)
    pairs = pairs_of(padding, x.shape[2:], weight.shape[2:], strides, dilations)
    if any(before != behind for before, behind in pairs):
        x = _core.pad(x, flat_padding(pairs))
        pairs = [(0, 0)] * rank
    return _CONVOLUTIONS[rank - 1](x, weight, bias, strides, [before for before, _ in pairs],
                                   dilations, groups)


def _place(size, window, stride, dilation, padding, output_padding):
    """The size of a transposed convolution's result, and how much is cut before it from what the op
    gives whole, and how much is missing behind."""
    reach = (window - 1) * dilation + 1
    whole = (size - 1) * stride + reach
    if output_padding is not None:
        wanted = whole + output_padding - (2 * (reach // 2) if padding == "same" else 0)
    else:
        wanted = size * stride + (max(reach - stride, 0) if padding == "valid" else 0)
    cut = max(whole - wanted, 0) // 2 if padding == "same" else 0
    return wanted, cut, wanted - (whole - 2 * cut)


def transposed(x, kernel, bias, strides, padding, output_padding, dilations):
    """The gradient of a convolution, for a kernel (window ..., out, in)."""
    rank = len(strides)
    places = [_place(size, window, stride, dilation, padding, more)
              for size, window, stride, dilation, more in zip(
                  x.shape[2:], kernel.shape, strides, dilations, output_padding or [None] * rank)]
    y = _TRANSPOSED[rank - 1](x, out_in_window(kernel), bias, strides,
                              [cut for _, cut, _ in places],
                              [max(more, 0) for _, _, more in places], 1, dilations)
    for dim, (wanted, _, more) in enumerate(places, 2):
        if more < 0:
            y = y.narrow(dim, 0, wanted)
    return y


def max_pooled(x, windows, strides, padding):
    """The largest element of each window."""
    op = _MAX[len(windows) - 1]
    pairs = pairs_of(padding, x.shape[2:], windows, strides, [1] * len(windows))
    if all(before == behind for before, behind in pairs):
        return op(x, windows, strides, [before for before, _ in pairs])
    lowest = float("-inf") if x.is_floating_point() else 0
    return op(_core.pad(x, flat_padding(pairs), "constant", lowest), windows, strides)


def average_pooled(x, windows, strides, padding):
    """The mean of each window, of what is in the input."""
    op = _AVERAGE[len(windows) - 1]
    pairs = pairs_of(padding, x.shape[2:], windows, strides, [1] * len(windows))
    if all(pair == (0, 0) for pair in pairs):
        return op(x, windows, strides)
    amounts = flat_padding(pairs)
    present = _core.ones((1, 1, *x.shape[2:]), dtype=x.dtype, device=x.device)
    sums, shares = (op(_core.pad(t, amounts), windows, strides) for t in (x, present))
    return sums / shares
