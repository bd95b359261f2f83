"""keras.backend: settings, and the functions of Keras 2's backend that code still uses."""

import functools

from .. import tf
from .._core import promote_types
from ._arrays import as_dtype
from ._config import (epsilon, floatx, image_data_format, set_epsilon, set_floatx,  # noqa: F401
                      set_image_data_format)
from ._arrays import standardize_dtype  # noqa: F401
from ._names import clear_session, get_uid  # noqa: F401
from ._symbolic import is_keras_tensor  # noqa: F401


def backend():
    """The name of what computes."""
    return "tenon"


def int_shape(x):
    """The sizes as a tuple; None where a symbolic tensor's aren't known."""
    return tuple(x.shape)


def ndim(x):
    """How many dims there are."""
    return len(x.shape)


def dtype(x):
    """The name of the dtype."""
    return standardize_dtype(x.dtype)


def is_float_dtype(dtype):
    """Whether of floating-point numbers."""
    return as_dtype(dtype).is_floating_point


def is_int_dtype(dtype):
    """Whether of whole numbers."""
    return "int" in standardize_dtype(dtype)


def result_type(*dtypes):
    """The name of the dtype that holds all of these."""
    found = [as_dtype(one) for one in dtypes] or [as_dtype(None)]
    return standardize_dtype(functools.reduce(promote_types, found))


def get_value(x):
    """A tensor's or variable's elements as an array."""
    return x.numpy()


def set_value(x, value):
    """A variable takes these elements."""
    x.assign(value)


def batch_get_value(tensors):
    """The elements of each."""
    return [one.numpy() for one in tensors]


def batch_set_value(tuples):
    """Pairs of variables and what they take."""
    for variable, value in tuples:
        variable.assign(value)


def learning_phase():
    """Whether the layer that is being called trains: 1 or 0."""
    from ._calls import calls

    return int(bool(calls.training))


def _over_axes(function):
    def reduce(x, axis=None, keepdims=False):
        return function(x, axis, keepdims)

    reduce.__name__, reduce.__doc__ = function.__name__[7:], function.__doc__
    return reduce


sum, mean, prod = (_over_axes(one) for one in (tf.reduce_sum, tf.reduce_mean, tf.reduce_prod))
max, min = _over_axes(tf.reduce_max), _over_axes(tf.reduce_min)
any, all = _over_axes(tf.reduce_any), _over_axes(tf.reduce_all)
std, var = _over_axes(tf.math.reduce_std), _over_axes(tf.math.reduce_variance)
logsumexp = _over_axes(tf.reduce_logsumexp)

abs, exp, log, sqrt, square, sign = tf.abs, tf.exp, tf.math.log, tf.sqrt, tf.square, tf.sign
sin, cos, round, pow = tf.sin, tf.cos, tf.round, tf.pow
maximum, minimum, equal, not_equal = tf.maximum, tf.minimum, tf.equal, tf.not_equal
greater, greater_equal, less, less_equal = tf.greater, tf.greater_equal, tf.less, tf.less_equal
reshape, transpose, expand_dims, squeeze = tf.reshape, tf.transpose, tf.expand_dims, tf.squeeze
shape, stack, tile, gather, reverse = tf.shape, tf.stack, tf.tile, tf.gather, tf.reverse
zeros, ones, eye = tf.zeros, tf.ones, tf.eye
zeros_like, ones_like, cast, constant = tf.zeros_like, tf.ones_like, tf.cast, tf.constant
one_hot, cumsum, cumprod, stop_gradient = tf.one_hot, tf.cumsum, tf.math.cumprod, tf.stop_gradient
sigmoid, tanh, softplus, softsign, elu = (tf.sigmoid, tf.tanh, tf.nn.softplus, tf.nn.softsign,
                                          tf.nn.elu)
softmax, relu, l2_normalize = tf.nn.softmax, tf.nn.relu, tf.nn.l2_normalize
argmax, argmin = tf.argmax, tf.argmin
switch = tf.where


def clip(x, min_value, max_value):
    """Each element limited to [min_value, max_value]."""
    return tf.clip_by_value(x, min_value, max_value)


def concatenate(tensors, axis=-1):
    """Joined along an axis."""
    return tf.concat(tensors, axis)


def flatten(x):
    """All elements as one vector."""
    return tf.reshape(x, [-1])


def batch_flatten(x):
    """The elements of each element of a batch as one vector."""
    return tf.reshape(x, [tf.shape(x)[0], -1])


def permute_dimensions(x, pattern):
    """The dims in another order."""
    return tf.transpose(x, pattern)


def repeat_elements(x, rep, axis):
    """Each slice along an axis so many times in a row."""
    return tf.repeat(x, rep, axis)


def dot(x, y):
    """The products over the last axis of x and the last but one of y."""
    return tf.tensordot(x, y, [[len(x.shape) - 1], [len(y.shape) - 2 if len(y.shape) > 1 else 0]])


def variable(value, dtype=None, name=None, constraint=None):
    """A variable."""
    from ._variable import Variable

    return Variable(value, dtype=dtype or floatx(), name=name, constraint=constraint)


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normally distributed numbers."""
    return tf.random.normal(shape, mean, stddev, dtype or floatx(), seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Uniformly distributed numbers."""
    return tf.random.uniform(shape, minval, maxval, dtype or floatx(), seed)


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """The cross entropy of rows of probabilities, or of logits."""
    from .losses import categorical_crossentropy as loss

    return loss(target, output, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """As `categorical_crossentropy`, of class numbers."""
    from .losses import sparse_categorical_crossentropy as loss

    return loss(target, output, from_logits=from_logits, axis=axis)


def binary_crossentropy(target, output, from_logits=False):
    """The cross entropy of each probability, or logit."""
    if from_logits:
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=target, logits=output)
    output = tf.clip_by_value(output, epsilon(), 1 - epsilon())
    return -(target * tf.math.log(output) + (1 - target) * tf.math.log(1 - output))
