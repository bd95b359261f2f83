"""Losses; `reduction` is "none", "mean" or "sum"."""
import itertools

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
    return _reduced(np.where(distance < delta, 0.5 * distance**2, delta * (distance - 0.5 * delta)),
                    reduction)


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
    loss = -(target * np.maximum(np.log(input), -100) + (1 - target) *
             np.maximum(np.log(1 - input), -100))
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
        loss = np.where(target > 0, target * np.log(np.where(target > 0, target, 1)),
                        0) - target * input
    if reduction == "batchmean":
        return loss.sum() / input.shape[0]
    return _reduced(loss, reduction)


def margin_ranking_loss(input1, input2, target, margin, reduction):
    return _reduced(np.maximum(-target * (input1 - input2) + margin, 0), reduction)


def hinge_embedding_loss(input, target, margin, reduction):
    return _reduced(np.where(target == 1, input, np.maximum(margin - input, 0)), reduction)


def soft_margin_loss(input, target, reduction):
    return _reduced(np.log(1 + np.exp(-target * input)), reduction)


def cosine_embedding_loss(input1, input2, target, margin, reduction):
    lengths = [(x * x).sum(-1) + 1e-12 for x in (input1, input2)]
    cosine = (input1 * input2).sum(-1) / np.sqrt(lengths[0] * lengths[1])
    return _reduced(np.where(target == 1, 1 - cosine, np.maximum(cosine - margin, 0)), reduction)


def triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction):
    distance = lambda a, b: (np.abs(a - b + eps) ** p).sum(-1) ** (1 / p)
    apart = distance(anchor, negative)
    if swap:
        apart = np.minimum(apart, distance(positive, negative))
    return _reduced(np.maximum(distance(anchor, positive) - apart + margin, 0), reduction)


def multilabel_margin_loss(input, target, reduction):
    losses = []
    for x, row in zip(input, target):
        labels = list(row[:list(row).index(-1)] if -1 in row else row)
        losses.append(sum(max(0, 1 - (x[j] - x[i])) for j in labels for i in range(len(x))
                          if i not in labels) / len(x))
    return _reduced(np.array(losses, input.dtype), reduction)


def multi_margin_loss(input, target, p, margin, weight, reduction):
    losses = np.zeros(len(input), input.dtype)
    for k, (x, y) in enumerate(zip(input, target)):
        terms = np.maximum(margin - x[y] + np.delete(x, y), 0) ** p
        losses[k] = terms.sum() / len(x) * (1 if weight is None else weight[y])
    return _reduced(losses, reduction)


def poisson_nll_loss(input, target, log_input, full, eps, reduction):
    loss = np.exp(input) - target * input if log_input else input - target * np.log(input + eps)
    if full:
        t = np.maximum(target, 1)
        loss = loss + np.where(target > 1, t * np.log(t) - t + 0.5 * np.log(2 * np.pi * t), 0)
    return _reduced(loss, reduction)


def gaussian_nll_loss(input, target, var, full, eps, reduction):
    var = var[..., None] if var.ndim < input.ndim else var
    var = np.maximum(var, eps)
    loss = 0.5 * (np.log(var) + (input - target) ** 2 / var)
    return _reduced(loss + 0.5 * np.log(2 * np.pi) if full else loss, reduction)


def multilabel_soft_margin_loss(input, target, weight, reduction):
    p = 1 / (1 + np.exp(-input))
    loss = -(target * np.log(p) + (1 - target) * np.log(1 - p))
    return _reduced((loss if weight is None else loss * weight).mean(-1), reduction)


def _paths(probabilities, label, blank):
    """The probability of a label: the sum over all ways to write it, with one row a step."""
    steps, classes = probabilities.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=steps):
        read = [s for i, s in enumerate(path) if i == 0 or s != path[i - 1]]
        if [s for s in read if s != blank] == list(label):
            total += np.prod([probabilities[t, s] for t, s in enumerate(path)])
    return total


def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity):
    losses, first = [], 0
    for n, (steps, length) in enumerate(zip(input_lengths, target_lengths)):
        label = targets[n, :length] if targets.ndim == 2 else targets[first:first + length]
        first += length
        p = _paths(np.exp(log_probs[:steps, n]), label, blank)
        loss = -np.log(p) if p > 0 else (0 if zero_infinity else np.inf)
        losses.append(loss / max(length, 1) if reduction == "mean" else loss)
    return np.asarray(_reduced(np.array(losses), reduction), log_probs.dtype)
