"""Convolutions and pooling of TensorFlow: channels last, padding SAME or VALID."""

from .. import _core
from .._eager import convert
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op


def _numbers(value, dims, what, is_first=False):
    """One number for each of the spatial dims: of one, of as many, or of as many as the input
    has."""
    if value is None:
        return (1,) * dims
    if isinstance(value, int):
        return (value,) * dims
    value = tuple(int(one) for one in value)
    if len(value) == 1:
        return value * dims
    if len(value) == dims:
        return value
    if len(value) == dims + 2:
        return value[2:] if is_first else value[1:-1]
    raise ValueError(f"{what} should be of length 1, {dims} or {dims + 2} but was {len(value)}")


def _is_first(data_format):
    return data_format is not None and data_format.startswith("NC")


def channels_first(x, is_first):
    """The image with its channels behind the batch: a view."""
    return x if is_first or x.dim() < 3 else _core.movedim(x, -1, 1)


def channels_as_given(x, is_first):
    """And back."""
    return x if is_first or x.dim() < 3 else _core.movedim(x, 1, -1)


def same_padding(size, kernel, stride, dilation=1):
    """How much SAME adds before and behind: outputs are ceil(size / stride)."""
    outputs = -(-size // stride)
    total = max(0, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - size)
    return total // 2, total - total // 2


def _padding(padding, x, kernel, strides, dilations, is_first):
    """Pairs of what is added before and behind along each spatial dim."""
    if isinstance(padding, str):
        if padding.upper() == "VALID":
            return [(0, 0)] * len(kernel)
        if padding.upper() == "SAME":
            return [same_padding(*of_dim) for of_dim in zip(x.shape[2:], kernel, strides,
                                                            dilations)]
        raise InvalidArgumentError(f"padding is 'SAME', 'VALID' or explicit pairs, not {padding!r}")
    pairs = [tuple(pair) for pair in padding]
    if len(pairs) == len(kernel) + 2:
        pairs = pairs[2:] if is_first else pairs[1:-1]
    return pairs


def _padded(x, pairs, value=0.0):
    """x and what the op itself is to pad: symmetric zeros it can do, the rest is done here."""
    if all(before == behind for before, behind in pairs) and value == 0.0:
        return x, [before for before, _ in pairs]
    flat = [count for pair in reversed(pairs) for count in pair]
    return _core.pad(x, flat, "constant", value), [0] * len(pairs)


_CONVOLVE = {1: _core.conv1d, 2: _core.conv2d, 3: _core.conv3d}
_CONVOLVE_BACK = {1: _core.conv_transpose1d, 2: _core.conv_transpose2d, 3: _core.conv_transpose3d}


def _convolved(x, filters, strides, padding, data_format, dilations, groups=None):
    x, filters = convert.require_same(convert.same((x, filters)), "Conv")
    dims = filters.dim() - 2
    if x.dim() != dims + 2:
        raise InvalidArgumentError(f"input must be {dims + 2}-dimensional: {list(x.shape)} "
                                   f"[Op:Conv{dims}D]")
    is_first = _is_first(data_format)
    strides = _numbers(strides, dims, "strides", is_first)
    dilations = _numbers(dilations, dims, "dilations", is_first)
    x = channels_first(x, is_first)
    if groups is None:
        groups = x.shape[1] // max(filters.shape[-2], 1)
    if groups * filters.shape[-2] != x.shape[1]:
        raise InvalidArgumentError(f"input depth must be evenly divisible by filter depth: "
                                   f"{x.shape[1]} vs {filters.shape[-2]} [Op:Conv{dims}D]")
    pairs = _padding(padding, x, filters.shape[:dims], strides, dilations, is_first)
    x, amounts = _padded(x, pairs)
    weight = filters.permute((dims + 1, dims, *range(dims)))
    made = _CONVOLVE[dims](x, weight, None, strides, amounts, dilations, groups)
    return channels_as_given(made, is_first)


def convolution(input, filters, strides=None, padding="VALID", data_format=None, dilations=None,
                name=None):
    """The convolution of images (N, ..., C) with filters (..., C_in, C_out), of 1 to 3 spatial
    dims."""
    return _convolution(input, filters, strides, padding, data_format, dilations)


_convolution = _op(_convolved)


@_op
def conv1d(input, filters, stride, padding, data_format="NWC", dilations=None):
    """`convolution` of (N, W, C)."""
    return _convolved(input, filters, stride, padding, data_format, dilations)


@_op
def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None):
    """`convolution` of (N, H, W, C)."""
    return _convolved(input, filters, strides, padding, data_format, dilations)


@_op
def conv3d(input, filters, strides, padding, data_format="NDHWC", dilations=None):
    """`convolution` of (N, D, H, W, C)."""
    return _convolved(input, filters, strides, padding, data_format, dilations)


@_op
def atrous_conv2d(value, filters, rate, padding):
    """`conv2d` with dilation."""
    return _convolved(value, filters, 1, padding, "NHWC", rate)


def _depthwise(x, filter, strides, padding, data_format, dilations):
    x, filter = convert.same((x, filter))
    height, width, channels, multiplier = filter.shape
    flat = filter.reshape((height, width, 1, channels * multiplier))
    return _convolved(x, flat, strides, padding, data_format, dilations, groups=channels)


@_op
def depthwise_conv2d(input, filter, strides, padding, data_format=None, dilations=None):
    """Each channel convolved with filters of its own (H, W, C, multiplier)."""
    return _depthwise(input, filter, strides, padding, data_format, dilations)


@_op
def separable_conv2d(input, depthwise_filter, pointwise_filter, strides, padding, data_format=None,
                     dilations=None):
    """`depthwise_conv2d`, then a convolution of 1 by 1."""
    made = _depthwise(input, depthwise_filter, strides, padding, data_format, dilations)
    return _convolved(made, pointwise_filter, 1, "VALID", data_format, None)


def _transposed(input, filters, output_shape, strides, padding, data_format, dilations):
    x, filters = convert.require_same(convert.same((input, filters)), "ConvTranspose")
    dims = filters.dim() - 2
    is_first = _is_first(data_format)
    strides = _numbers(strides, dims, "strides", is_first)
    dilations = _numbers(dilations, dims, "dilations", is_first)
    sizes = convert.sizes(output_shape)
    if len(sizes) == dims + 2:
        sizes = sizes[2:] if is_first else sizes[1:-1]
    kernel = filters.shape[:dims]
    x = channels_first(x, is_first)
    # The gradient of the convolution that makes x of an image of the wanted sizes.
    made = _CONVOLVE_BACK[dims](x, filters.permute((dims + 1, dims, *range(dims))), None, strides,
                                0, 0, 1, dilations)
    if isinstance(padding, str) and padding.upper() == "SAME":
        before = [same_padding(*of_dim)[0] for of_dim in zip(sizes, kernel, strides, dilations)]
    else:
        before = [0] * dims
    for dim, (first, size) in enumerate(zip(before, sizes), 2):
        missing = first + size - made.shape[dim]
        if missing > 0:
            made = _core.pad(made, [0, 0] * (dims + 1 - dim) + [0, missing], "constant", 0)
        made = _core.narrow(made, dim, first, size)
    return channels_as_given(made, is_first)


@_op
def conv2d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NHWC",
                     dilations=None):
    """The gradient of `conv2d` with respect to its input; filters are (H, W, C_out, C_in)."""
    return _transposed(input, filters, output_shape, strides, padding, data_format, dilations)


@_op
def conv1d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NWC",
                     dilations=None):
    """As `conv2d_transpose`, of (N, W, C)."""
    return _transposed(input, filters, output_shape, strides, padding, data_format, dilations)


@_op
def conv3d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NDHWC",
                     dilations=None):
    """As `conv2d_transpose`, of (N, D, H, W, C)."""
    return _transposed(input, filters, output_shape, strides, padding, data_format, dilations)


@_op
def atrous_conv2d_transpose(value, filters, output_shape, rate, padding):
    """As `conv2d_transpose` with steps of 1 and filters spread by `rate`."""
    return _transposed(value, filters, output_shape, 1, padding, "NHWC", rate)


@_op
def conv_transpose(input, filters, output_shape, strides, padding="SAME", data_format=None,
                   dilations=None):
    """As `conv2d_transpose`, of 1 to 3 spatial dims."""
    return _transposed(input, filters, output_shape, strides, padding, data_format, dilations)


_MAX = {1: _core.max_pool1d, 2: _core.max_pool2d, 3: _core.max_pool3d}
_AVERAGE = {1: _core.avg_pool1d, 2: _core.avg_pool2d, 3: _core.avg_pool3d}


def pooled(x, ksize, strides, padding, data_format, kind, dilations=None):
    """Pooling of images with the padding of TensorFlow; averages leave out what was padded."""
    x = convert.tensor(x)
    dims = x.dim() - 2
    is_first = _is_first(data_format)
    kernel = _numbers(ksize, dims, "ksize", is_first)
    strides = _numbers(ksize if strides is None else strides, dims, "strides", is_first)
    dilations = _numbers(dilations, dims, "dilations", is_first)
    x = channels_first(x, is_first)
    pairs = _padding(padding, x, kernel, strides, dilations, is_first)
    if kind == "MAX":
        lowest = float("-inf") if x.is_floating_point() else x.dtype.limits[0]
        if any(count for pair in pairs for count in pair):
            x, _ = _padded(x, pairs, lowest)
        return channels_as_given(_MAX[dims](x, kernel, strides, 0, dilations), is_first)
    if set(dilations) != {1}:
        return channels_as_given(_averaged_apart(x, kernel, strides, pairs, dilations), is_first)
    return channels_as_given(_averaged(x, kernel, strides, pairs, dims), is_first)


def _averaged_apart(x, kernel, strides, pairs, dilations):
    """Means of windows with gaps: convolutions with ones, of the image and of ones."""
    ones = _core.ones((1, 1, *kernel), dtype=x.dtype)

    def sums(images):
        images, zeros = _padded(images.reshape((-1, 1, *images.shape[2:])), pairs)
        return _CONVOLVE[len(kernel)](images, ones, None, strides, zeros, dilations)

    made = sums(x)
    return (made / sums(_core.ones((1, 1, *x.shape[2:]), dtype=x.dtype))).reshape(
        (*x.shape[:2], *made.shape[2:]))


def _averaged(x, kernel, strides, pairs, dims):
    if all(before == behind for before, behind in pairs):
        return _AVERAGE[dims](x, kernel, strides, [before for before, _ in pairs],
                              count_include_pad=False)
    sums = _AVERAGE[dims](_padded(x, pairs)[0], kernel, strides)
    counted = _core.ones((1, 1, *x.shape[2:]), dtype=x.dtype, device=x.device)
    return sums / _AVERAGE[dims](_padded(counted, pairs)[0], kernel, strides)


def _pool(name, kind, dims, format):
    def function(input, ksize, strides=None, padding="VALID", data_format=format):
        return pooled(input, ksize, strides, padding, data_format, kind)

    function.__name__ = name
    what = "largest" if kind == "MAX" else "mean"
    function.__doc__ = f"The {what} of each window of images with {dims} spatial dims."
    return _op(function)


max_pool, avg_pool = (_pool("max_pool", "MAX", "1 to 3", None),
                      _pool("avg_pool", "AVG", "1 to 3", None))
max_pool1d, avg_pool1d = (_pool("max_pool1d", "MAX", 1, "NWC"),
                          _pool("avg_pool1d", "AVG", 1, "NWC"))
max_pool2d, avg_pool2d = (_pool("max_pool2d", "MAX", 2, "NHWC"),
                          _pool("avg_pool2d", "AVG", 2, "NHWC"))
max_pool3d, avg_pool3d = (_pool("max_pool3d", "MAX", 3, "NDHWC"),
                          _pool("avg_pool3d", "AVG", 3, "NDHWC"))


@_op
def pool(input, window_shape, pooling_type, strides=None, padding="VALID", data_format=None,
         dilations=None):
    """Pooling of kind 'MAX' or 'AVG'."""
    if pooling_type not in ("MAX", "AVG"):
        raise ValueError(f"pooling_type is 'MAX' or 'AVG', not {pooling_type!r}")
    return pooled(input, window_shape, 1 if strides is None else strides, padding, data_format,
                  pooling_type, dilations)


@_op
def max_pool_with_argmax(input, ksize, strides, padding, data_format="NHWC",
                         output_dtype=_core.int64, include_batch_in_index=False):
    """(output, argmax): as `max_pool2d`, and where in the image (y, x, channel flattened) each
    is."""
    x = convert.tensor(input)
    batch, height, width, channels = x.shape
    kernel, strides = _numbers(ksize, 2, "ksize"), _numbers(strides, 2, "strides")
    x = channels_first(x, False)
    pairs = _padding(padding, x, kernel, strides, (1, 1), False)
    padded, _ = _padded(x, pairs, float("-inf"))
    values, at = _core.max_pool2d_with_indices(padded, kernel, strides)
    wide = padded.shape[3]
    rows = _core.floor_divide(at, wide) - pairs[0][0]
    columns = _core.remainder(at, wide) - pairs[1][0]
    channel = _core.arange(0, channels, 1, dtype=_core.int64).reshape((1, channels, 1, 1))
    places = (rows * width + columns) * channels + channel
    if include_batch_in_index:
        first = _core.arange(0, batch, 1, dtype=_core.int64).reshape((batch, 1, 1, 1))
        places = places + first * (height * width * channels)
    return channels_as_given(values, False), channels_as_given(places, False).to(output_dtype)
