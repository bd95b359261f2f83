"""tf.nn: activations, losses, convolutions and pooling, with channels last unless asked
otherwise."""

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op
from ._blocks import depth_to_space, space_to_batch, space_to_depth
from ._convolving import (atrous_conv2d, atrous_conv2d_transpose, avg_pool, avg_pool1d, avg_pool2d,
                          avg_pool3d, conv1d,
                          conv1d_transpose, conv2d, conv2d_transpose, conv3d, conv3d_transpose,
                          conv_transpose,
                          convolution, depthwise_conv2d, max_pool, max_pool1d, max_pool2d,
                          max_pool3d, max_pool_with_argmax, pool, separable_conv2d)
from ._ctc import ctc_beam_search_decoder
from ._gathering import gather, in_top_k, top_k
from ._rarer_nn import (collapse_repeated, ctc_greedy_decoder, ctc_unique_labels,
                        embedding_lookup_sparse, nce_loss, normalize_moments,
                        safe_embedding_lookup_sparse, sampled_softmax_loss, sufficient_statistics,
                        weighted_moments)
from .linalg import normalize
from .math import (approx_max_k, approx_min_k, l2_normalize, log_softmax, sigmoid, softmax,
                   softplus, softsign, tanh, zero_fraction)


def _activation(name, compute, text):
    def function(features):
        return compute(convert.tensor(features))

    function.__name__, function.__doc__ = name, text
    return _op(function)


relu = _activation("relu", _core.relu, "max(x, 0).")
relu6 = _activation("relu6", _core.relu6, "min(max(x, 0), 6).")
elu = _activation("elu", _core.elu, "x, or e^x - 1 where x < 0.")
selu = _activation("selu", _core.selu, "The scaled exponential linear unit.")


@_op
def leaky_relu(features, alpha=0.2):
    """x, or alpha x where x < 0."""
    return _core.leaky_relu(convert.tensor(features), float(alpha))


@_op
def gelu(features, approximate=False):
    """x times the normal distribution's integral up to x."""
    return _core.gelu(convert.tensor(features), "tanh" if approximate else "none")


@_op
def silu(features, beta=1.0):
    """x sigmoid(beta x)."""
    features = convert.tensor(features)
    return _core.silu(features) if beta == 1.0 else features * _core.sigmoid(features * beta)


swish = silu


@_op
def crelu(features, axis=-1):
    """relu(x) and relu(-x), joined along an axis."""
    features = convert.tensor(features)
    return _core.relu(_core.cat([features, -features], axis))


@_op
def bias_add(value, bias, data_format=None):
    """value + bias, a vector along the channels."""
    value, bias = convert.require_same(convert.same((value, bias)), "BiasAdd")
    if data_format is not None and data_format.startswith("NC"):
        bias = bias.reshape((-1, *[1] * (value.dim() - 2)))
    elif bias.shape[0] != value.shape[-1]:
        raise InvalidArgumentError("Must provide as many biases as the last dimension of the "
                                   f"input tensor: {list(bias.shape)} vs. {list(value.shape)} "
                                   "[Op:BiasAdd]")
    return _core.add(value, bias)


@_op
def dropout(x, rate, noise_shape=None, seed=None):
    """Elements set to 0 with probability `rate`, the others divided by 1 - rate."""
    from .random import _generator

    return _dropped(x, rate, noise_shape, lambda: _generator(seed))


@_op
def _stateless_dropout(x, rate, seed, rng_alg="auto_select", noise_shape=None):
    """`dropout` of a seed alone."""
    from .random import _of_key

    return _dropped(x, rate, noise_shape, lambda: _of_key(seed))


class experimental:
    """Where TensorFlow has more."""

    stateless_dropout = staticmethod(_stateless_dropout)


def _dropped(x, rate, noise_shape, generator):
    x, rate = convert.tensor(x), float(rate)
    if not 0 <= rate < 1:
        raise ValueError("`rate` must be a scalar tensor or a float in the range [0, 1). "
                         f"Received: rate={rate}")
    if rate == 0:
        return x
    if noise_shape is None:
        return _core.dropout(x, rate, True, generator=generator())
    sizes = [mine if wanted is None else wanted
             for mine, wanted in zip(x.shape, convert.axis_of(noise_shape)
                                     if noise_shape is not None
                                     and None not in tuple(noise_shape) else noise_shape)]
    kept = _core.ge(_core.rand(sizes, dtype=x.dtype, generator=generator()), rate)
    return x * kept.to(x.dtype) / (1 - rate)


@_op
def l2_loss(t):
    """Half of the sum of squares."""
    return _core.sum(_core.square(convert.fractions(t, "l2_loss"))) / 2


def _logits_and_labels(logits, labels, name):
    logits = convert.tensor(logits)
    labels = convert.like(labels, logits) if not isinstance(labels, _core.Tensor) else labels
    if labels.dtype is not logits.dtype:
        raise InvalidArgumentError(f"{name}: labels of {dtypes.name_of(labels.dtype)} don't fit "
                                   f"logits of {dtypes.name_of(logits.dtype)}; tf.cast them")
    return logits, labels


@_op
def softmax_cross_entropy_with_logits(labels, logits, axis=-1):
    """-sum(labels log(softmax(logits))) along an axis; labels are distributions."""
    logits, labels = _logits_and_labels(logits, labels, "softmax_cross_entropy_with_logits")
    return -_core.sum(labels * _core.log_softmax(logits, axis), axis)


@_op
def sparse_softmax_cross_entropy_with_logits(labels, logits):
    """-log(softmax(logits)) at the label of each row."""
    logits, labels = convert.tensor(logits), convert.tensor(labels)
    if tuple(labels.shape) != tuple(logits.shape[:-1]):
        raise ValueError(f"`labels.shape.rank` must equal `logits.shape.rank - 1`: labels are of "
                         f"shape {tuple(labels.shape)}, logits of {tuple(logits.shape)}")
    if not labels.dtype.is_integer:
        raise TypeError(f"labels are int32 or int64, not {dtypes.name_of(labels.dtype)}")
    losses = _core.cross_entropy(logits.reshape((-1, logits.shape[-1])),
                                 labels.reshape(-1).to(_core.int64), reduction="none")
    return losses.reshape(labels.shape)


def _checked_shapes(logits, labels):
    if logits.shape != labels.shape:
        raise ValueError(f"`logits` and `labels` must have the same shape, received "
                         f"({tuple(logits.shape)} vs {tuple(labels.shape)}).")


@_op
def sigmoid_cross_entropy_with_logits(labels, logits):
    """The cross entropy of each element's probability sigmoid(logits)."""
    logits, labels = _logits_and_labels(logits, labels, "sigmoid_cross_entropy_with_logits")
    _checked_shapes(logits, labels)
    return _core.binary_cross_entropy_with_logits(logits, labels, reduction="none")


@_op
def weighted_cross_entropy_with_logits(labels, logits, pos_weight):
    """As `sigmoid_cross_entropy_with_logits`, positive labels `pos_weight` times as much."""
    logits, labels = _logits_and_labels(logits, labels, "weighted_cross_entropy_with_logits")
    _checked_shapes(logits, labels)
    weight = 1 + (pos_weight - 1) * labels
    return (1 - labels) * logits + weight * (_core.softplus(-_core.abs(logits)) +
                                             _core.relu(-logits))


@_op
def log_poisson_loss(targets, log_input, compute_full_loss=False):
    """exp(log_input) - targets log_input, with Stirling's approximation of log(targets!) where the
    full loss is asked for."""
    log_input, targets = _logits_and_labels(log_input, targets, "log_poisson_loss")
    loss = _core.exp(log_input) - log_input * targets
    if compute_full_loss:
        rest = targets * _core.log(targets) - targets + 0.5 * _core.log(6.283185307179586 * targets)
        loss = loss + _core.where(_core.logical_and(targets >= 0, targets <= 1),
                                  _core.zeros_like(targets), rest)
    return loss


@_op
def moments(x, axes, shift=None, keepdims=False):
    """(mean, variance) over axes."""
    x, axes = convert.tensor(x), convert.axis_of(axes)
    return (_core.mean(x, axes, keepdims), _core.var(x, axes, 0.0, keepdims))


@_op
def batch_normalization(x, mean, variance, offset, scale, variance_epsilon):
    """(x - mean) / sqrt(variance + epsilon) * scale + offset."""
    x = convert.tensor(x)
    factor = _core.rsqrt(convert.like(variance, x) + variance_epsilon)
    if scale is not None:
        factor = factor * convert.like(scale, x)
    mean = convert.like(mean, x)
    shift = -mean * factor if offset is None else convert.like(offset, x) - mean * factor
    return x * factor + shift


@_op
def local_response_normalization(input, depth_radius=5, bias=1, alpha=1, beta=0.5):
    """Each channel divided by (bias + alpha sum of squares of its neighbours) ^ beta."""
    x = convert.tensor(input)
    squares = _core.pad(_core.square(x), (depth_radius, depth_radius), "constant", 0)
    total = _core.sum(_core.unfold(squares, -1, 2 * depth_radius + 1, 1), -1)
    return x / (bias + alpha * total) ** beta


lrn = local_response_normalization


@_op
def embedding_lookup(params, ids, max_norm=None):
    """The rows of params at these places, scaled to a norm of at most `max_norm`."""
    params = params[0] if isinstance(params, (list, tuple)) and len(params) == 1 else params
    rows = gather(params, ids)
    if max_norm is None:
        return rows
    norms = _core.norm(rows, 2.0, -1, True)
    return rows * _core.clamp_max(max_norm / _core.clamp_min(norms, 1e-12), 1.0)


@_op
def ctc_loss(labels, logits, label_length, logit_length, logits_time_major=True, unique=None,
             blank_index=0):
    """The connectionist temporal classification loss of each sequence."""
    labels, logits = convert.tensor(labels), convert.tensor(logits)
    label_length, logit_length = convert.tensor(label_length), convert.tensor(logit_length)
    if not logits_time_major:
        logits = _core.transpose(logits, 0, 1)
    blank = 0 if blank_index is None else int(blank_index)
    blank = blank + logits.shape[-1] if blank < 0 else blank
    return _core.ctc_loss(_core.log_softmax(logits, -1), labels.to(_core.int64),
                          logit_length.to(_core.int64), label_length.to(_core.int64), blank,
                          reduction="none")


def scale_regularization_loss(regularization_loss):
    """The loss for one of several replicas; there is one."""
    return regularization_loss


def compute_average_loss(per_example_loss, sample_weight=None, global_batch_size=None):
    """The sum of the losses over the whole batch's size."""
    from .math import reduce_sum

    losses = convert.tensor(per_example_loss)
    if sample_weight is not None:
        losses = losses * convert.like(sample_weight, losses)
    return reduce_sum(losses) / float(losses.shape[0] if global_batch_size is None
                                      else global_batch_size)


__all__ = sorted(name for name, value in globals().items() if not name.startswith("_")
                 and callable(value) and name not in ("InvalidArgumentError", "gather"))
