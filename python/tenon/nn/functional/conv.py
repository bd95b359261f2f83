"""Products and convolutions."""

from ... import _core

linear, bilinear = _core.linear, _core.bilinear
conv_transpose1d, conv_transpose2d = _core.conv_transpose1d, _core.conv_transpose2d
conv_transpose3d = _core.conv_transpose3d


def _same_padding(kernel, dilation):
    """What is added before and behind each dim so that sizes stay, as `pad` takes it: the last dim
    comes first."""
    padding = []
    for size, step in zip(reversed(kernel), reversed(dilation)):
        total = step * (size - 1)
        padding += [total // 2, total - total // 2]
    return padding


def _listed(value, count):
    return [value] * count if isinstance(value, int) else list(value) * (count // len(value))


def _named_padding(name, op, input, weight, bias, stride, padding, dilation, groups):
    """A convolution whose padding is "valid" or "same"."""
    if padding == "valid":
        return op(input, weight, bias, stride, 0, dilation, groups)
    if padding != "same":
        raise ValueError(f'{name}(): padding is numbers, "valid" or "same", not {padding!r}')
    count = weight.dim() - 2
    if any(step != 1 for step in _listed(stride, count)):
        raise ValueError(f"{name}(): padding='same' is not supported for strided convolutions")
    dilation = _listed(dilation, count)
    amounts = _same_padding(weight.shape[2:], dilation)
    if amounts[::2] == amounts[1::2]:
        return op(input, weight, bias, stride, amounts[::-2], dilation, groups)
    return op(_core.pad(input, amounts), weight, bias, stride, 0, dilation, groups)


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution of (batch, channels, length) with (out channels, channels / groups, kernel)."""
    if isinstance(padding, str):
        return _named_padding("conv1d", _core.conv1d, input, weight, bias, stride, padding,
                              dilation, groups)
    return _core.conv1d(input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution of (batch, channels, height, width) with (out channels, channels / groups, kernel
    height, kernel width)."""
    if isinstance(padding, str):
        return _named_padding("conv2d", _core.conv2d, input, weight, bias, stride, padding,
                              dilation, groups)
    return _core.conv2d(input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution of (batch, channels, depth, height, width) with (out channels, channels / groups,
    kernel depth, kernel height, kernel width)."""
    if isinstance(padding, str):
        return _named_padding("conv3d", _core.conv3d, input, weight, bias, stride, padding,
                              dilation, groups)
    return _core.conv3d(input, weight, bias, stride, padding, dilation, groups)
