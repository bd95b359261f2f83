"""tf.compat.v1.losses: means of losses with weights."""

from .... import _core
from ...._eager import convert
from ...._eager.tensor import op as _op
from ... import nn
from ._graphs import GraphKeys, add_to_collection, get_collection


class Reduction:
    """How the losses of elements become one."""

    NONE, SUM = "none", "weighted_sum"
    SUM_OVER_BATCH_SIZE, SUM_OVER_NONZERO_WEIGHTS = ("weighted_sum_over_batch_size",
                                                     "weighted_sum_by_nonzero_weights")
    SUM_BY_NONZERO_WEIGHTS, MEAN = SUM_OVER_NONZERO_WEIGHTS, "weighted_mean"

    @classmethod
    def all(cls):
        """All of them."""
        return (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE, cls.SUM_BY_NONZERO_WEIGHTS)


@_op
def compute_weighted_loss(losses, weights=1.0, scope=None, loss_collection=None,
                          reduction=Reduction.SUM_BY_NONZERO_WEIGHTS):
    """Losses times weights, and by default their sum over how many weights aren't 0."""
    if reduction not in Reduction.all():
        raise ValueError(f"Invalid Reduction Key {reduction}.")
    losses = convert.tensor(losses)
    weights = convert.like(weights, losses).to(losses.dtype)
    made = losses * weights
    if reduction == Reduction.NONE:
        return made
    total = _core.sum(made)
    spread = _core.broadcast_to(weights, losses.shape)
    if reduction == Reduction.SUM:
        return total
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return total / max(losses.numel(), 1)
    counted = _core.sum(spread) if reduction == Reduction.MEAN else \
        _core.sum(_core.ne(spread, 0).to(losses.dtype))
    is_empty = _core.eq(counted, 0)
    return _core.where(is_empty, _core.zeros_like(total),
                       total / _core.where(is_empty, _core.ones_like(counted), counted))


def _pair(labels, predictions, name):
    predictions = convert.tensor(predictions)
    labels = convert.tensor(labels).to(predictions.dtype) if hasattr(labels, "dtype") else \
        convert.like(labels, predictions)
    if tuple(labels.shape) != tuple(predictions.shape):
        raise ValueError(f"{name}(): shapes {tuple(predictions.shape)} and {tuple(labels.shape)} "
                         "are incompatible")
    return labels, predictions


def _of_pair(name, compute, text):
    @_op
    def function(labels, predictions, weights=1.0, scope=None, loss_collection=None,
                 reduction=Reduction.SUM_BY_NONZERO_WEIGHTS):
        return compute_weighted_loss(compute(*_pair(labels, predictions, name)), weights,
                                     reduction=reduction)

    function.__name__, function.__doc__ = name, text
    return function


mean_squared_error = _of_pair("mean_squared_error", lambda y, p: _core.square(p - y),
                              "(prediction - label)^2.")
absolute_difference = _of_pair("absolute_difference", lambda y, p: _core.abs(p - y),
                               "|prediction - label|.")


@_op
def huber_loss(labels, predictions, weights=1.0, delta=1.0, scope=None, loss_collection=None,
               reduction=Reduction.SUM_BY_NONZERO_WEIGHTS):
    """Half the squared error, linear beyond `delta`."""
    labels, predictions = _pair(labels, predictions, "huber_loss")
    return compute_weighted_loss(_core.huber_loss(predictions, labels, reduction="none",
                                                  delta=delta), weights, reduction=reduction)


@_op
def hinge_loss(labels, logits, weights=1.0, scope=None, loss_collection=None,
               reduction=Reduction.SUM_BY_NONZERO_WEIGHTS):
    """max(0, 1 - y logit), of labels 0 and 1 as -1 and 1."""
    labels, logits = _pair(labels, logits, "hinge_loss")
    return compute_weighted_loss(_core.relu(1 - (2 * labels - 1) * logits), weights,
                                 reduction=reduction)


@_op
def log_loss(labels, predictions, weights=1.0, epsilon=1e-7, scope=None, loss_collection=None,
             reduction=Reduction.SUM_BY_NONZERO_WEIGHTS):
    """The cross entropy of probabilities."""
    labels, predictions = _pair(labels, predictions, "log_loss")
    losses = -labels * _core.log(predictions + epsilon) - \
        (1 - labels) * _core.log(1 - predictions + epsilon)
    return compute_weighted_loss(losses, weights, reduction=reduction)


@_op
def cosine_distance(labels, predictions, axis=None, weights=1.0, scope=None, loss_collection=None,
                    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS, dim=None):
    """1 - the product of unit vectors along an axis."""
    axis = dim if axis is None else axis
    if axis is None:
        raise ValueError("You must specify argument `axis`.")
    labels, predictions = _pair(labels, predictions, "cosine_distance")
    return compute_weighted_loss(1 - _core.sum(labels * predictions, axis, True), weights,
                                 reduction=reduction)


@_op
def sigmoid_cross_entropy(multi_class_labels, logits, weights=1.0, label_smoothing=0, scope=None,
                          loss_collection=None, reduction=Reduction.SUM_BY_NONZERO_WEIGHTS):
    """The cross entropy of each class by itself."""
    labels, logits = _pair(multi_class_labels, logits, "sigmoid_cross_entropy")
    labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
    return compute_weighted_loss(nn.sigmoid_cross_entropy_with_logits(labels, logits), weights,
                                 reduction=reduction)


@_op
def softmax_cross_entropy(onehot_labels, logits, weights=1.0, label_smoothing=0, scope=None,
                          loss_collection=None, reduction=Reduction.SUM_BY_NONZERO_WEIGHTS):
    """The cross entropy of distributions over classes."""
    labels, logits = _pair(onehot_labels, logits, "softmax_cross_entropy")
    labels = labels * (1 - label_smoothing) + label_smoothing / logits.shape[-1]
    return compute_weighted_loss(nn.softmax_cross_entropy_with_logits(labels, logits), weights,
                                 reduction=reduction)


@_op
def sparse_softmax_cross_entropy(labels, logits, weights=1.0, scope=None, loss_collection=None,
                                 reduction=Reduction.SUM_BY_NONZERO_WEIGHTS):
    """The cross entropy of the numbers of classes."""
    labels = convert.tensor(labels)
    if labels.dim() == convert.tensor(logits).dim() and labels.shape[-1] == 1:
        labels = _core.squeeze(labels, -1)
    losses = nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return compute_weighted_loss(losses, weights, reduction=reduction)


def add_loss(loss, loss_collection=GraphKeys.LOSSES):
    """Adds a loss to a collection."""
    add_to_collection(loss_collection, loss)


def get_losses(scope=None, loss_collection=GraphKeys.LOSSES):
    """The losses that `add_loss` added."""
    return get_collection(loss_collection)
