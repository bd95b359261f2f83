"""tf.compat.v1.nn: `tf.nn`, and its older names."""

from ... import nn as _nn
from ...nn import *  # noqa: F401, F403
from ...nn import avg_pool as avg_pool_v2, ctc_loss as ctc_loss_v2  # noqa: F401
from ...nn import depthwise_conv2d as depthwise_conv2d_native  # noqa: F401
from ...nn import max_pool as max_pool_v2  # noqa: F401


def softmax_cross_entropy_with_logits_v2(labels, logits, axis=None, name=None, dim=None):
    """`tf.nn.softmax_cross_entropy_with_logits`."""
    axis = dim if axis is None else axis
    return _nn.softmax_cross_entropy_with_logits(labels, logits, -1 if axis is None else axis)


def softmax_cross_entropy_with_logits(labels=None, logits=None, dim=-1, name=None, axis=None):
    """`tf.nn.softmax_cross_entropy_with_logits`; no gradient flows to the labels."""
    from ... import stop_gradient

    return _nn.softmax_cross_entropy_with_logits(stop_gradient(labels), logits,
                                                 dim if axis is None else axis)


def softmax(logits, axis=None, name=None, dim=None):
    """`tf.nn.softmax`."""
    return _nn.softmax(logits, dim if axis is None else axis)


def log_softmax(logits, axis=None, name=None, dim=None):
    """`tf.nn.log_softmax`."""
    return _nn.log_softmax(logits, dim if axis is None else axis)


def dropout(x, keep_prob=None, noise_shape=None, seed=None, name=None, rate=None):
    """`tf.nn.dropout`, by how much is kept or by how much is not."""
    if (keep_prob is None) == (rate is None):
        raise ValueError("dropout() takes keep_prob or rate, one of the two")
    return _nn.dropout(x, 1 - keep_prob if rate is None else rate, noise_shape, seed)


def xw_plus_b(x, weights, biases, name=None):
    """x weights + biases."""
    from ... import matmul

    return _nn.bias_add(matmul(x, weights), biases)


def relu_layer(x, weights, biases, name=None):
    """relu(x weights + biases)."""
    return _nn.relu(xw_plus_b(x, weights, biases))


def moments(x, axes, shift=None, name=None, keep_dims=None, keepdims=None):
    """`tf.nn.moments`."""
    return _nn.moments(x, axes, shift, bool(keepdims if keep_dims is None else keep_dims))


def l2_normalize(x, axis=None, epsilon=1e-12, name=None, dim=None):
    """`tf.nn.l2_normalize`."""
    return _nn.l2_normalize(x, dim if axis is None else axis, epsilon)
