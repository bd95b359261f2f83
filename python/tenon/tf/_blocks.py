"""Blocks and patches of images, as channels or as images of a batch."""

from .. import _core
from .._eager import convert
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op
from ._convolving import _numbers, _padding, channels_as_given, channels_first


def _last(x, data_format):
    """The image with its channels last."""
    if data_format not in ("NHWC", "NCHW"):
        raise InvalidArgumentError(f"data_format is 'NHWC' or 'NCHW', not {data_format!r}")
    return _core.movedim(x, 1, -1) if data_format == "NCHW" else x


def _given(x, data_format):
    return _core.movedim(x, -1, 1) if data_format == "NCHW" else x


@_op
def space_to_depth(input, block_size, data_format="NHWC"):
    """Blocks of pixels as channels."""
    x, b = _last(convert.tensor(input), data_format), int(block_size)
    n, h, w, c = x.shape
    if h % b or w % b:
        raise InvalidArgumentError(f"Image width {w} and height {h} should be divisible by "
                                   f"block_size: {b} [Op:SpaceToDepth]")
    x = x.reshape((n, h // b, b, w // b, b, c)).permute((0, 1, 3, 2, 4, 5))
    return _given(x.reshape((n, h // b, w // b, b * b * c)), data_format)


@_op
def depth_to_space(input, block_size, data_format="NHWC"):
    """Channels as blocks of pixels."""
    x, b = _last(convert.tensor(input), data_format), int(block_size)
    n, h, w, c = x.shape
    if c % (b * b):
        raise InvalidArgumentError(f"Input depth dimension {c} should be divisible by: {b * b} "
                                   "[Op:DepthToSpace]")
    x = x.reshape((n, h, w, b, b, c // (b * b))).permute((0, 1, 3, 2, 4, 5))
    return _given(x.reshape((n, h * b, w * b, c // (b * b))), data_format)


def _pairs(value):
    rows = convert.tensor(value).tolist()
    return [tuple(row) for row in rows]


@_op
def space_to_batch_nd(input, block_shape, paddings):
    """Blocks along the dims behind the first, after padding, as elements of the batch."""
    x, blocks = convert.tensor(input), convert.sizes(block_shape)
    pairs, dims = _pairs(paddings), len(convert.sizes(block_shape))
    rest = x.shape[dims + 1:]
    flat = [0, 0] * len(rest) + [count for pair in reversed(pairs) for count in pair]
    x = _core.pad(x, flat, "constant", 0)
    sizes = x.shape[1:dims + 1]
    for size, block in zip(sizes, blocks):
        if size % block:
            raise InvalidArgumentError(f"padded_shape[{size}] is not divisible by block_shape "
                                       f"{block} [Op:SpaceToBatchND]")
    split = [part for size, block in zip(sizes, blocks) for part in (size // block, block)]
    x = x.reshape((x.shape[0], *split, *rest))
    order = [*range(2, 2 * dims + 1, 2), 0, *range(1, 2 * dims, 2),
             *range(2 * dims + 1, 2 * dims + 1 + len(rest))]
    return x.permute(order).reshape((-1, *[s // b for s, b in zip(sizes, blocks)], *rest))


@_op
def batch_to_space(input, block_shape, crops):
    """And back: elements of the batch as blocks, then cropped."""
    x, blocks = convert.tensor(input), convert.sizes(block_shape)
    pairs, dims = _pairs(crops), len(convert.sizes(block_shape))
    count = 1
    for block in blocks:
        count *= block
    if x.shape[0] % count:
        raise InvalidArgumentError(f"Input batch dimension ({x.shape[0]}) is not divisible by "
                                   f"product of block sizes ({count}) [Op:BatchToSpaceND]")
    sizes, rest = x.shape[1:dims + 1], x.shape[dims + 1:]
    x = x.reshape((*blocks, x.shape[0] // count, *sizes, *rest))
    order = [dims, *(part for i in range(dims) for part in (dims + 1 + i, i)),
             *range(2 * dims + 1, 2 * dims + 1 + len(rest))]
    x = x.permute(order).reshape((-1, *[s * b for s, b in zip(sizes, blocks)], *rest))
    for dim, (first, last) in enumerate(pairs, 1):
        x = _core.narrow(x, dim, first, x.shape[dim] - first - last)
    return x


def space_to_batch(input, block_shape, paddings, name=None):
    """`space_to_batch_nd`."""
    return space_to_batch_nd(input, block_shape, paddings)


@_op
def extract_patches(images, sizes, strides, rates, padding):
    """Patches of images as channels: (rows, columns, channels) in a row."""
    x = convert.tensor(images)
    kernel, steps, rates = (_numbers(value, 2, what) for value, what in (
        (sizes, "sizes"), (strides, "strides"), (rates, "rates")))
    channels = x.shape[-1]
    x = channels_first(x, False)
    pairs = _padding(padding, x, kernel, steps, rates, False)
    x = _core.pad(x, [count for pair in reversed(pairs) for count in pair], "constant", 0)
    height, width = ((x.shape[i + 2] - (kernel[i] - 1) * rates[i] - 1) // steps[i] + 1
                     for i in (0, 1))
    patches = _core.im2col(x.contiguous(), kernel, rates, 0, steps)
    patches = patches.reshape((x.shape[0], channels, kernel[0] * kernel[1], height, width))
    made = patches.permute((0, 2, 1, 3, 4)).reshape((x.shape[0], -1, height, width))
    return channels_as_given(made, False)


__all__ = ["batch_to_space", "depth_to_space", "extract_patches", "space_to_batch",
           "space_to_batch_nd", "space_to_depth"]
