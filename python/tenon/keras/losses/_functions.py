"""Losses of each sample, as functions of labels and predictions."""

import warnings

from ... import _core
from ...nn.functional import normalize
from .._arrays import as_floats, as_tensor
from .._config import epsilon
from ._reduction import same_rank


def _pair(y_true, y_pred):
    """Predictions as floats, labels as the same dtype, of one rank."""
    y_pred = as_floats(y_pred)
    return same_rank(as_tensor(y_true, y_pred.dtype), y_pred)


def _check_shapes(call, y_true, y_pred):
    if y_true.shape != y_pred.shape:
        raise ValueError(f"{call}(): labels and predictions have one shape, not y_true "
                         f"{tuple(y_true.shape)} and y_pred {tuple(y_pred.shape)}")


def _smoothed(y_true, label_smoothing, classes):
    """Labels of which the share `label_smoothing` is spread over all classes."""
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


def _logits_of(y_pred, from_logits, call):
    """What a softmax or sigmoid was computed from, where y_pred is the result of one, and whether
    it is logits: their cross-entropy is exact where that of rounded probabilities isn't."""
    held = getattr(y_pred, "_keras_logits", None)
    if held is None:
        return y_pred, from_logits
    if from_logits:
        warnings.warn(f"{call} received from_logits=True, but y_pred is the result of a softmax or "
                      "sigmoid, so that it isn't logits. Was this intended?", stacklevel=3)
    return held, True


def _clipped(probabilities):
    return probabilities.clamp(epsilon(), 1.0 - epsilon())


def mean_squared_error(y_true, y_pred):
    """The mean of (y_true - y_pred)^2 over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    return (y_true - y_pred).square().mean(-1)


def mean_absolute_error(y_true, y_pred):
    """The mean of |y_true - y_pred| over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    return (y_true - y_pred).abs().mean(-1)


def mean_absolute_percentage_error(y_true, y_pred):
    """100 times the mean of |y_true - y_pred| / |y_true| over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    return 100.0 * ((y_true - y_pred) / y_true.abs().clamp_min(epsilon())).abs().mean(-1)


def mean_squared_logarithmic_error(y_true, y_pred):
    """The mean of (log(y_true + 1) - log(y_pred + 1))^2 over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    logs = [_core.log(y.clamp_min(epsilon()) + 1.0) for y in (y_true, y_pred)]
    return (logs[0] - logs[1]).square().mean(-1)


def cosine_similarity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle between labels and predictions along `axis`."""
    y_true, y_pred = _pair(y_true, y_pred)
    return -(normalize(y_true, dim=axis) * normalize(y_pred, dim=axis)).sum(axis)


def huber(y_true, y_pred, delta=1.0):
    """The mean over the last axis of e^2 / 2 where |e| <= delta, else delta * |e| - delta^2 / 2."""
    y_true, y_pred = _pair(y_true, y_pred)
    return _core.huber_loss(y_pred, y_true, "none", delta).mean(-1)


def log_cosh(y_true, y_pred):
    """The mean of log(cosh(y_pred - y_true)) over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    error = y_pred - y_true
    return (error + _core.softplus(error * -2.0) - 0.6931471805599453).mean(-1)


def kl_divergence(y_true, y_pred):
    """The sum of y_true * log(y_true / y_pred) over the last axis."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true, y_pred.dtype).clamp(epsilon(), 1)
    return (y_true * _core.log(y_true / y_pred.clamp(epsilon(), 1))).sum(-1)


def poisson(y_true, y_pred):
    """The mean of y_pred - y_true * log(y_pred) over the last axis."""
    y_pred = as_floats(y_pred)
    return (y_pred - as_tensor(y_true, y_pred.dtype) * _core.log(y_pred + epsilon())).mean(-1)


def _hinge_pair(y_true, y_pred):
    """Labels of 0 and 1 become -1 and 1."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true, y_pred.dtype)
    are_binary = ((y_true == 0) | (y_true == 1)).all()
    return _core.where(are_binary, 2.0 * y_true - 1.0, y_true), y_pred


def hinge(y_true, y_pred):
    """The mean of max(1 - y_true * y_pred, 0) over the last axis, with labels -1 and 1."""
    y_true, y_pred = _hinge_pair(y_true, y_pred)
    return _core.relu(1.0 - y_true * y_pred).mean(-1)


def squared_hinge(y_true, y_pred):
    """The mean of max(1 - y_true * y_pred, 0)^2 over the last axis, with labels -1 and 1."""
    y_true, y_pred = _hinge_pair(y_true, y_pred)
    return _core.relu(1.0 - y_true * y_pred).square().mean(-1)


def categorical_hinge(y_true, y_pred):
    """max(neg - pos + 1, 0) with pos = sum(y_true * y_pred), neg = max((1 - y_true) * y_pred)."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true, y_pred.dtype)
    positive = (y_true * y_pred).sum(-1)
    return _core.relu(((1.0 - y_true) * y_pred).amax(-1) - positive + 1.0)


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """-sum(y_true * log(y_pred)) along `axis`, with y_pred's softmax where it is logits."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true, y_pred.dtype)
    _check_shapes("categorical_crossentropy", y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing, y_true.shape[-1])
    y_pred, from_logits = _logits_of(y_pred, from_logits, "categorical_crossentropy")
    if from_logits:
        return -(y_true * _core.log_softmax(y_pred, axis)).sum(axis)
    shares = _clipped(y_pred / y_pred.sum(axis, keepdim=True))
    return -(y_true * _core.log(shares)).sum(axis)


def categorical_focal_crossentropy(y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False,
                                   label_smoothing=0.0, axis=-1):
    """-sum(alpha * (1 - p)^gamma * y_true * log(p)) along `axis`: Lin et al. 2017."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true, y_pred.dtype)
    _check_shapes("categorical_focal_crossentropy", y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing, y_true.shape[-1])
    if from_logits:
        y_pred = _core.softmax(y_pred, axis)
    shares = _clipped(y_pred / y_pred.sum(axis, keepdim=True))
    factor = alpha * (1.0 - shares).pow(gamma)
    return (factor * -y_true * _core.log(shares)).sum(axis)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """-log(y_pred[y_true]) along `axis`, with y_pred's softmax where it is logits. Where the label
    is `ignore_class`: 0, and the result's mask is off."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true)
    axis = axis % y_pred.dim()
    if y_true.dim() == y_pred.dim() and y_true.shape[axis] == 1:
        y_true = y_true.squeeze(axis)
    sizes = (*y_pred.shape[:axis], *y_pred.shape[axis + 1:])
    if tuple(y_true.shape) != sizes:
        raise ValueError("sparse_categorical_crossentropy(): y_true has the shape of y_pred "
                         f"without its classes, {sizes}, not {tuple(y_true.shape)}")
    logits, from_logits = _logits_of(y_pred, from_logits, "sparse_categorical_crossentropy")
    rows = logits.movedim(axis, -1).reshape(-1, y_pred.shape[axis])
    labels = y_true.reshape(-1).to(_core.int64)
    ignored = -100 if ignore_class is None else int(ignore_class)
    if from_logits:
        losses = _core.cross_entropy(rows, labels, None, ignored, "none")
    else:
        shares = _clipped(rows / rows.sum(-1, keepdim=True))
        losses = _core.nll_loss(_core.log(shares), labels, None, ignored, "none")
    losses = losses.reshape(sizes)
    if ignore_class is not None:
        losses._keras_mask = y_true != ignore_class
    return losses


def _binary_elements(y_true, y_pred, from_logits):
    y_pred, from_logits = _logits_of(y_pred, from_logits, "binary_crossentropy")
    if from_logits:
        return _core.binary_cross_entropy_with_logits(y_pred, y_true, None, None, "none")
    y_pred = _clipped(y_pred)
    return -(y_true * _core.log(y_pred) + (1.0 - y_true) * _core.log(1.0 - y_pred))


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """The mean along `axis` of -(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred)), with
    y_pred's sigmoid where it is logits."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true, y_pred.dtype)
    _check_shapes("binary_crossentropy", y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing, 2)
    return _binary_elements(y_true, y_pred, from_logits).mean(axis)


def binary_focal_crossentropy(y_true, y_pred, apply_class_balancing=False, alpha=0.25, gamma=2.0,
                              from_logits=False, label_smoothing=0.0, axis=-1):
    """The mean along `axis` of (1 - p)^gamma times the binary cross-entropy, p the share given to
    the label; balanced, times alpha for ones and 1 - alpha for zeros: Lin et al. 2017."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true, y_pred.dtype)
    _check_shapes("binary_focal_crossentropy", y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing, 2)
    if from_logits:
        y_pred = _core.sigmoid(y_pred)
    share = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    losses = (1.0 - share).pow(gamma) * _binary_elements(y_true, y_pred, False)
    if apply_class_balancing:
        losses = losses * (y_true * alpha + (1 - y_true) * (1 - alpha))
    return losses.mean(axis)


def ctc(y_true, y_pred):
    """Connectionist temporal classification (Graves et al. 2006) of logits (batch, time, classes)
    and labels (batch, length), where class 0 is the blank and ends labels."""
    y_pred, y_true = as_floats(y_pred), as_tensor(y_true).to(_core.int64)
    if y_true.dim() != 2 or y_pred.dim() != 3:
        raise ValueError("ctc() takes labels (batch, length) and logits (batch, time, classes), "
                         f"not {tuple(y_true.shape)} and {tuple(y_pred.shape)}")
    times = _core.full((y_pred.shape[0],), y_pred.shape[1], dtype=_core.int64)
    lengths = (y_true != 0).to(_core.int64).sum(-1)
    log_shares = _core.log_softmax(y_pred, -1).transpose(0, 1)
    return _core.ctc_loss(log_shares, y_true, times, lengths, 0, "none")


def dice(y_true, y_pred, axis=None):
    """1 - 2 sum(y_true * y_pred) / (sum(y_true) + sum(y_pred)): Dice's."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true, y_pred.dtype)
    dims = () if axis is None else axis
    total = y_true.sum(dims) + y_pred.sum(dims) + epsilon()
    return 1 - 2.0 * (y_true * y_pred).sum(dims) / total


def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """1 - c / (c + alpha * missed + beta * wrong), c the sum of y_true * y_pred: Tversky's."""
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true, y_pred.dtype)
    dims = () if axis is None else axis
    common = (y_true * y_pred).sum(dims)
    missed, wrong = ((1 - y_pred) * y_true).sum(dims), (y_pred * (1 - y_true)).sum(dims)
    return 1 - common / (common + missed * alpha + wrong * beta + epsilon())


def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80,
           margin=0.4):
    """log(1 + sum(exp(gamma (margin + d) (d - margin))) sum(exp(gamma (1 + margin - d)
    (1 - margin - d)))), the first sum over embeddings of the same class, the second over those of
    others, d = 1 - cosine: Sun et al. 2020. y_pred are embeddings (batch, size) of norm 1, y_true
    whole numbers; each is compared with ref_embeddings, or with the batch without itself."""
    y_pred = as_floats(y_pred)
    labels = as_tensor(y_true).to(_core.int64).reshape(-1)
    others = y_pred if ref_embeddings is None else as_tensor(ref_embeddings, y_pred.dtype)
    classes = labels if ref_labels is None else as_tensor(ref_labels).to(_core.int64).reshape(-1)
    if y_pred.dim() != 2 or others.dim() != 2 or y_pred.shape[1] != others.shape[1] or (
            len(labels), len(classes)) != (len(y_pred), len(others)):
        raise ValueError("circle() takes embeddings (batch, size) and a label of each, not "
                         f"{tuple(y_pred.shape)}, {tuple(others.shape)}, {tuple(labels.shape)} "
                         f"and {tuple(classes.shape)}")
    distances = (1 - y_pred @ others.t()).clamp_min(0)
    is_same = labels.unsqueeze(1) == classes
    is_other = ~is_same
    if remove_diagonal and ref_labels is None:
        is_same = is_same & ~_core.eye(len(labels), dtype=_core.bool)
    near = gamma * (margin + distances) * (distances - margin)
    far = gamma * (1 + margin - distances).clamp_min(0) * (1 - margin - distances)
    losses = _core.softplus(_log_sum_exp_where(is_same, near) + _log_sum_exp_where(is_other, far))
    losses._keras_mask = losses > 0
    return losses


def _log_sum_exp_where(mask, values):
    """log(sum(exp(values))) of each row where the mask is on; -inf where it is nowhere."""
    lowest = _core.full((), float("-inf"), dtype=values.dtype)
    return _core.logsumexp(_core.where(mask, values, lowest), 1)


def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """(1 - p^q) / q, p the share that y_pred gives to the label, which is a whole number: Zhang and
    Sabuncu 2018. Near q = 0 it is the cross-entropy, at 1 the absolute error."""
    y_pred = as_floats(y_pred)
    labels = as_tensor(y_true).to(_core.int64)
    if labels.dim() == y_pred.dim() and labels.shape[-1] == 1:
        labels = labels.squeeze(-1)
    if tuple(labels.shape) != tuple(y_pred.shape[:-1]):
        raise ValueError("categorical_generalized_cross_entropy(): y_true has the shape of y_pred "
                         f"without its classes, {tuple(y_pred.shape[:-1])}, not "
                         f"{tuple(labels.shape)}")
    shares = _core.gather(y_pred, -1, labels.unsqueeze(-1)).squeeze(-1)
    return (1 - shares.pow(q)) / q
