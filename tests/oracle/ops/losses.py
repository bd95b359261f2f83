"""Losses; `reduction` is "none", "mean" or "sum"."""
import numpy as np


def _reduced(loss, reduction):
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


def mse_loss(input, target, reduction):
    return _reduced((input - target) ** 2, reduction)


def l1_loss(input, target, reduction):
    return _reduced(np.abs(input - target), reduction)


def smooth_l1_loss(input, target, reduction, beta):
    distance = np.abs(input - target)
    small = 0.5 * distance**2 / beta if beta else distance
    return _reduced(np.where(distance < beta, small, distance - 0.5 * beta), reduction)


def huber_loss(input, target, reduction, delta):
    distance = np.abs(input - target)
    return _reduced(np.where(distance < delta, 0.5 * distance**2, delta * (distance - 0.5 * delta)), reduction)


def _classes_last(x):
    """[N, C, ...] or [C] with the classes moved to the end."""
    return x if x.ndim == 1 else np.moveaxis(x, 1, -1)


def _nll(log_probabilities, target, weight, ignore_index, reduction):
    rows = log_probabilities.reshape(-1, log_probabilities.shape[-1])
    labels = target.reshape(-1)
    weight = np.ones(rows.shape[1], rows.dtype) if weight is None else weight
    used = labels != ignore_index
    safe = np.where(used, labels, 0)
    weights = np.where(used, weight[safe], 0)
    losses = -weights * rows[np.arange(len(labels)), safe]
    if reduction == "none":
        return losses.reshape(target.shape)
    return losses.sum() / weights.sum() if reduction == "mean" else losses.sum()


def nll_loss(input, target, weight, ignore_index, reduction):
    return _nll(_classes_last(input), target, weight, ignore_index, reduction)


def cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing):
    x = _classes_last(input)
    log_probabilities = x - np.log(np.exp(x).sum(-1, keepdims=True))
    classes = np.float64(x.shape[-1])
    weights = np.ones(x.shape[-1], x.dtype) if weight is None else weight
    if target.dtype.kind == "f":
        q = _classes_last(target) * (1 - label_smoothing) + label_smoothing / classes
        losses = -(q * weights * log_probabilities).sum(-1)
        if reduction == "mean" and x.size == 0:
            return np.asarray(np.nan, x.dtype)  # a mean of nothing
        return _reduced(losses, reduction)
    used = target != ignore_index
    labels = np.where(used, target, 0)
    hard = -weights[labels] * np.take_along_axis(log_probabilities, labels[..., None], -1)[..., 0]
    smooth = -(weights * log_probabilities).sum(-1) / classes
    losses = np.where(used, (1 - label_smoothing) * hard + label_smoothing * smooth, 0)
    if reduction == "mean":
        return losses.sum() / np.where(used, weights[labels], 0).sum()
    return _reduced(losses, reduction)


def binary_cross_entropy(input, target, weight, reduction):
    loss = -(target * np.maximum(np.log(input), -100) + (1 - target) * np.maximum(np.log(1 - input), -100))
    return _reduced(loss if weight is None else loss * weight, reduction)


def binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction):
    p = 1 / (1 + np.exp(-input))
    positive = 1 if pos_weight is None else pos_weight
    loss = -(positive * target * np.log(p) + (1 - target) * np.log(1 - p))
    return _reduced(loss if weight is None else loss * weight, reduction)


def kl_div(input, target, reduction, log_target):
    if log_target:
        loss = np.exp(target) * (target - input)
    else:
        loss = np.where(target > 0, target * np.log(np.where(target > 0, target, 1)), 0) - target * input
    if reduction == "batchmean":
        return loss.sum() / input.shape[0]
    return _reduced(loss, reduction)
