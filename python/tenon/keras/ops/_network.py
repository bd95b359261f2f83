"""What networks are made of: activations, convolutions, pooling, normalization, losses."""

from ... import _core
from ...nn.functional import normalize as _unit
from .. import _config, activations
from .._arrays import as_dtype
from .._windows import (average_pooled, convolved, max_pooled, of_each_channel, out_in_window,
                        transposed)
from ._base import dims_of, floats, named, names_of, op, promoted, tensor


def _activation(name):
    function = getattr(activations, name)
    while hasattr(function, "__wrapped__"):  # the style is this module's
        function = function.__wrapped__
    return named(name, lambda x, *args, **kwargs: function(floats(x), *args, **kwargs),
                 function.__doc__)


(celu, elu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, log_sigmoid,
 log_softmax, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign, sparse_plus,
 sparse_sigmoid, sparsemax, squareplus, tanh_shrink) = (_activation(_name) for _name in (
     "celu", "elu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh",
     "leaky_relu", "log_sigmoid", "log_softmax", "selu", "sigmoid", "silu", "soft_shrink",
     "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
     "tanh_shrink"))
swish, hard_swish = silu, hard_silu


@op
def relu(x):
    """max(x, 0)."""
    return _core.relu(tensor(x))


@op
def relu6(x):
    """x limited to [0, 6]."""
    return _core.clamp(tensor(x), 0, 6)


@op
def gelu(x, approximate=True):
    """x times the normal distribution's integral up to x; with `approximate` by tanh."""
    return activations.gelu(floats(x), approximate)


@op
def threshold(x, threshold, default_value):
    """x where it is above the threshold, else `default_value`."""
    return _core.threshold(tensor(x), threshold, default_value)


# Windows.


def _listed(value, rank):
    return (value,) * rank if isinstance(value, int) else tuple(value)


class _Images:
    """Images with channels in dim 1, and how they stood."""

    def __init__(self, x, data_format):
        self._is_last = _config.standardize_data_format(data_format) == "channels_last"
        self.x = x.movedim(-1, 1) if self._is_last else x

    def back(self, y):
        return y.movedim(1, -1) if self._is_last else y


def _checked_padding(padding):
    if str(padding).lower() not in ("valid", "same"):
        raise ValueError(f"`padding` is 'valid' or 'same', not {padding!r}")
    return str(padding).lower()


@op
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """The convolution with a kernel (window ..., in, out)."""
    x, kernel = map(floats, promoted((inputs, kernel)))
    rank = kernel.dim() - 2
    images = _Images(x, data_format)
    groups = images.x.shape[1] // kernel.shape[-2]
    return images.back(convolved(images.x, out_in_window(kernel), None, _listed(strides, rank),
                                 _checked_padding(padding), _listed(dilation_rate, rank), groups))


@op
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """The convolution of each channel by itself, with a kernel (window ..., in, multiplier)."""
    x, kernel = map(floats, promoted((inputs, kernel)))
    rank = kernel.dim() - 2
    images = _Images(x, data_format)
    return images.back(convolved(images.x, of_each_channel(kernel), None, _listed(strides, rank),
                                 _checked_padding(padding), _listed(dilation_rate, rank),
                                 images.x.shape[1]))


@op
def separable_conv(inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid",
                   data_format=None, dilation_rate=1):
    """A convolution of each channel by itself, then one of all channels at each place."""
    y = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(y, pointwise_kernel, data_format=data_format)


@op
def conv_transpose(inputs, kernel, strides=1, padding="valid", output_padding=None,
                   data_format=None, dilation_rate=1):
    """The gradient of a convolution, with a kernel (window ..., out, in)."""
    x, kernel = map(floats, promoted((inputs, kernel)))
    rank = kernel.dim() - 2
    images = _Images(x, data_format)
    more = None if output_padding is None else _listed(output_padding, rank)
    return images.back(transposed(images.x, kernel, None, _listed(strides, rank),
                                  _checked_padding(padding), more, _listed(dilation_rate, rank)))


def _pool(name, text, compute):
    def function(inputs, pool_size, strides=None, padding="valid", data_format=None):
        images = _Images(tensor(inputs), data_format)
        windows = _listed(pool_size, images.x.dim() - 2)
        steps = windows if strides is None else _listed(strides, len(windows))
        return images.back(compute(images.x, windows, steps, _checked_padding(padding)))

    return named(name, function, text)


max_pool = _pool("max_pool", "The largest of each window.", max_pooled)
average_pool = _pool("average_pool", "The mean of each window.", average_pooled)


def _adaptive(name, text, computes):
    def function(inputs, output_size, data_format=None):
        images = _Images(tensor(inputs), data_format)
        rank = images.x.dim() - 2
        if rank not in computes:
            raise ValueError(f"{name}() takes inputs of {' or '.join(map(str, computes))} spatial "
                             f"axes, not {rank}")
        return images.back(computes[rank](images.x, _listed(output_size, rank)))

    return named(name, function, text)


adaptive_average_pool = _adaptive(
    "adaptive_average_pool", "The means of so many parts.",
    {1: _core.adaptive_avg_pool1d, 2: _core.adaptive_avg_pool2d, 3: _core.adaptive_avg_pool3d})
adaptive_max_pool = _adaptive(
    "adaptive_max_pool", "The largest of so many parts.",
    {1: lambda x, sizes: _first(_core.adaptive_max_pool1d(x, sizes)),
     2: lambda x, sizes: _first(_core.adaptive_max_pool2d(x, sizes))})


def _first(result):
    return result[0] if isinstance(result, tuple) else result


@op
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of images (N, C, H, W) as columns."""
    two = [_listed(one, 2) for one in (kernel_size, dilation, padding, stride)]
    return _core.im2col(tensor(x), *two)


@op
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The sums of what columns hold of each pixel of images (N, C, H, W)."""
    two = [_listed(one, 2) for one in (output_size, kernel_size, dilation, padding, stride)]
    return _core.col2im(tensor(x), *two)


# Normalization.


@op
def moments(x, axes, keepdims=False, synchronized=False):
    """(mean, variance)."""
    x, dims = floats(x), dims_of(axes)
    return _core.mean(x, dims, keepdims), _core.var(x, dims, 0.0, keepdims)


@op
def normalize(x, axis=-1, order=2, epsilon=None):
    """x over its norm along the axis, of which at least `epsilon` counts."""
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"Argument `order` must be an int >= 1. Received: order={order}")
    x = floats(x)
    return _unit(x, float(order), axis, _config.epsilon() if epsilon is None else epsilon)


@op
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, of each place along the axis."""
    x = floats(x)
    sizes = [-1 if i == axis % x.dim() else 1 for i in range(x.dim())]
    mean, variance, offset, scale = (
        None if one is None else tensor(one).to(x.dtype).reshape(sizes)
        for one in (mean, variance, offset, scale))
    y = (x - mean) * _core.rsqrt(variance + epsilon)
    y = y if scale is None else y * scale
    return y if offset is None else y + offset


def _last_axes(x, axis):
    """Axes in order; whether they are the last ones."""
    axes = sorted(one % x.dim() for one in dims_of(axis))
    return axes, axes == list(range(x.dim() - len(axes), x.dim()))


@op
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None, **kwargs):
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta over the axes."""
    x = floats(x)
    epsilon = _config.epsilon() if epsilon is None else epsilon
    gamma, beta = (None if one is None else tensor(one).to(x.dtype) for one in (gamma, beta))
    axes, are_last = _last_axes(x, axis)
    if are_last:
        sizes = [x.shape[one] for one in axes]
        gamma, beta = (None if one is None else one.reshape(sizes) for one in (gamma, beta))
        return _core.layer_norm(x, sizes, gamma, beta, epsilon)
    shape = [size if i in axes else 1 for i, size in enumerate(x.shape)]
    mean = _core.mean(x, axes, True)
    y = (x - mean) * _core.rsqrt(_core.var(x, axes, 0.0, True) + epsilon)
    y = y if gamma is None else y * gamma.reshape(shape)
    return y if beta is None else y + beta.reshape(shape)


@op
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """x / sqrt(mean(x^2) + epsilon) * scale over the axes."""
    x = floats(x)
    epsilon = _config.epsilon() if epsilon is None else epsilon
    y = x * _core.rsqrt(_core.mean(_core.square(x), dims_of(axis), True) + epsilon)
    return y if scale is None else y * tensor(scale).to(x.dtype)


# Classes.


@op
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """1 at the number of the class along a new axis; zeros for numbers that aren't classes."""
    if sparse:
        raise ValueError("one_hot(): sparse results aren't offered; they are dense")
    x = tensor(x).to(_core.int64)
    places = _core.arange(0, num_classes, 1, dtype=_core.int64)
    axis = axis % (x.dim() + 1)
    made = (x.unsqueeze(-1) == places).to(as_dtype(dtype))
    return made.movedim(-1, axis)


@op
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False, **kwargs):
    """1 at the numbers of all classes of a row."""
    num_classes = kwargs.pop("num_tokens", num_classes)
    if num_classes is None:
        raise ValueError("Argument `num_classes` must be specified.")
    x = tensor(inputs)
    made = one_hot(x, num_classes, axis, dtype, sparse)
    return _core.amax(made, (1 if x.dim() > 1 else 0,))


def _class_probabilities(output, axis):
    output = output / _core.sum(output, (axis,), True, output.dtype)
    return _core.log(_core.clamp(output, _config.epsilon(), 1 - _config.epsilon()))


def _log_probabilities(output, from_logits, axis):
    output = floats(output)
    if not from_logits:
        return _class_probabilities(output, axis)
    return _core.log_softmax(output, axis)


@op
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """The cross-entropy of rows of probabilities, or of logits."""
    target, output = promoted((target, output))
    if target.shape != output.shape:
        raise ValueError("Arguments `target` and `output` must have the same shape. Received: "
                         f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}")
    return -_core.sum(target * _log_probabilities(output, from_logits, axis), (axis,))


@op
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """As `categorical_crossentropy`, of class numbers."""
    target, output = tensor(target).to(_core.int64), floats(output)
    if target.dim() == output.dim() and target.shape[-1] == 1:
        target = target.squeeze(-1)
    rest = [size for i, size in enumerate(output.shape) if i != axis % output.dim()]
    if list(target.shape) != rest:
        raise ValueError("Arguments `target` and `output` must have the same shape up until the "
                         f"last dimension: target.shape={tuple(target.shape)}, "
                         f"output.shape={tuple(output.shape)}")
    found = _log_probabilities(output, from_logits, axis)
    return -_core.gather(found, axis, target.unsqueeze(axis)).squeeze(axis)


@op
def binary_crossentropy(target, output, from_logits=False):
    """The cross-entropy of each probability, or logit."""
    target, output = map(floats, promoted((target, output)))
    if target.shape != output.shape:
        raise ValueError("Arguments `target` and `output` must have the same shape. Received: "
                         f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}")
    if from_logits:
        return _core.binary_cross_entropy_with_logits(output, target, reduction="none")
    output = _core.clamp(output, _config.epsilon(), 1 - _config.epsilon())
    return -(target * _core.log(output) + (1 - target) * _core.log(1 - output))


@op
def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """-ln of the probability that logits (batch, time, classes), without repeats and then without
    `mask_index`, read as the target, of each of the batch."""
    target, output = tensor(target).to(_core.int64), floats(output)
    if target.dim() != 2 or output.dim() != 3:
        raise ValueError("ctc_loss() takes a target (batch, length) and an output (batch, time, "
                         f"classes), not {tuple(target.shape)} and {tuple(output.shape)}")
    return _core.ctc_loss(_core.log_softmax(output, -1).transpose(0, 1), target,
                          tensor(output_length).to(_core.int64),
                          tensor(target_length).to(_core.int64), mask_index, "none")


@op
def psnr(x1, x2, max_val):
    """The peak signal-to-noise ratio, 20 log10(max_val / sqrt(mean((x1 - x2)^2)))."""
    x1, x2 = promoted((x1, x2))
    if x1.shape != x2.shape:
        raise ValueError(f"Input shapes {tuple(x1.shape)} and {tuple(x2.shape)} must match for "
                         "PSNR calculation.")
    error = _core.mean(_core.square(floats(x1) - floats(x2)))
    peak = tensor(max_val).to(error.dtype)
    return 20 * _core.log10(peak) - 10 * _core.log10(error)


@op
def dot_product_attention(query, key, value, bias=None, mask=None, scale=None, is_causal=False,
                          flash_attention=None, attn_logits_soft_cap=None):
    """softmax(query key^T scale + bias) value of (batch, length, heads, size); heads of key and
    value may serve several of the query. `mask` says which keys a query looks at."""
    query, key, value = map(floats, promoted((query, key, value)))
    for name, one in ("query", query), ("key", key), ("value", value):
        if one.dim() != 4:
            raise ValueError(f"dot_product_attention(): {name} is (batch, length, heads, size), "
                             f"not {tuple(one.shape)}")
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    query, key, value = (one.transpose(1, 2) for one in (query, key, value))
    shared = query.shape[1] // key.shape[1]
    if shared > 1:
        key, value = (_core.repeat_interleave(one, shared, 1) for one in (key, value))
    if is_causal:
        causal = _core.ones((query.shape[2], key.shape[2]), dtype=_core.bool).tril()
        mask = causal if mask is None else _core.logical_and(tensor(mask).to(_core.bool), causal)
    mask = None if mask is None else tensor(mask).to(_core.bool)
    if attn_logits_soft_cap is not None:
        cap = float(attn_logits_soft_cap)
        scores = _core.tanh(query @ key.transpose(2, 3) * scale / cap) * cap
        return _attended(scores, bias, mask, value).transpose(1, 2)
    if bias is not None:
        bias = tensor(bias).to(query.dtype)
        low = _core.full((), float("-inf"), dtype=query.dtype)
        mask = bias if mask is None else _core.where(mask, bias, low)
    made = _core.scaled_dot_product_attention(query, key, value, mask, 0.0, False, float(scale))
    return made.transpose(1, 2)


def _attended(scores, bias, mask, value):
    scores = scores if bias is None else scores + tensor(bias).to(scores.dtype)
    if mask is not None:
        scores = _core.where(mask, scores, _core.full((), float("-inf"), dtype=scores.dtype))
    return _core.softmax(scores, -1) @ value


@op
def ctc_decode(inputs, sequence_lengths, strategy="greedy", beam_width=100, top_paths=1,
               merge_repeated=True, mask_index=0):
    """(labels, scores) of logits (batch, time, classes): with "greedy" the best class of each step,
    without repeats and then without `mask_index`, filled up with -1; with "beam_search" the
    `top_paths` best readings among the `beam_width` that are followed."""
    from ._decoding import beams, greedy

    inputs = floats(inputs)
    lengths = [int(one) for one in tensor(sequence_lengths).tolist()]
    if strategy == "greedy":
        return greedy(inputs, lengths, merge_repeated, mask_index)
    if strategy != "beam_search":
        raise ValueError("Invalid strategy. Supported values are 'greedy' and 'beam_search'. "
                         f"Received: strategy={strategy!r}")
    return beams(inputs, lengths, beam_width, top_paths, mask_index)


__all__ = names_of(globals())
