"""Losses that rank, tell apart, or give likelihoods. `reduction` is "mean", "sum" or "none"; the
arguments size_average and reduce are PyTorch's older ways to say so."""

from ... import _core
from .distance import pairwise_distance
from .loss import _reduction


def margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None,
                        reduction="mean"):
    """max(0, -target (input1 - input2) + margin)."""
    return _core.margin_ranking_loss(input1, input2, target, margin,
                                     _reduction(size_average, reduce, reduction))


def hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None,
                         reduction="mean"):
    """The input where the target is 1, max(0, margin - input) where it is -1."""
    return _core.hinge_embedding_loss(input, target, margin,
                                      _reduction(size_average, reduce, reduction))


def cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None,
                          reduction="mean"):
    """1 - cos where the target is 1, max(0, cos - margin) where it is -1."""
    return _core.cosine_embedding_loss(input1, input2, target, margin,
                                       _reduction(size_average, reduce, reduction))


def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False,
                        size_average=None, reduce=None, reduction="mean"):
    """max(0, |anchor - positive| - |anchor - negative| + margin), by p-norms."""
    return _core.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap,
                                     _reduction(size_average, reduce, reduction))


def triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function=None,
                                      margin=1.0, swap=False, reduction="mean"):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), for a distance of one's own; with
    `swap`, of the negative to whichever of the two is nearer. `pairwise_distance` where
    none is given."""
    distance = pairwise_distance if distance_function is None else distance_function
    if not anchor.dim() == positive.dim() == negative.dim():
        raise _core.ShapeError("[triplet_margin_with_distance_loss] anchor, positive and negative "
                               f"have {anchor.dim()}, {positive.dim()} and {negative.dim()} dims; "
                               "all need as many")
    to_positive, to_negative = distance(anchor, positive), distance(anchor, negative)
    if swap:
        to_negative = _core.minimum(to_negative, distance(positive, negative))
    # max(0, -(n - p) + margin): ranking with the negative's distance as the greater one.
    return margin_ranking_loss(to_negative, to_positive, _core.ones_like(to_positive), margin,
                               reduction=reduction)


def poisson_nll_loss(input, target, log_input=True, full=False, size_average=None, eps=1e-8,
                     reduce=None, reduction="mean"):
    """exp(input) - target * input; with `full`, Stirling's term, too."""
    return _core.poisson_nll_loss(input, target, log_input, full, eps,
                                  _reduction(size_average, reduce, reduction))


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """0.5 (log var + (input - target)^2 / var), the variance at least eps."""
    if not isinstance(var, _core.Tensor):
        var = _core.full_like(input, var)
    return _core.gaussian_nll_loss(input, target, var, full, eps, reduction)


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """log(1 + exp(-target * input))."""
    return _core.soft_margin_loss(input, target, _reduction(size_average, reduce, reduction))


def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """Of rows with several classes each, given before the first -1: by how much others come
    near."""
    return _core.multilabel_margin_loss(input, target,
                                        _reduction(size_average, reduce, reduction))


def multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None,
                                reduction="mean"):
    """The mean over classes of binary_cross_entropy_with_logits."""
    return _core.multilabel_soft_margin_loss(input, target, weight,
                                             _reduction(size_average, reduce, reduction))


def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None,
                      reduction="mean"):
    """The mean over other classes of max(0, margin - input[target] + input)^p."""
    return _core.multi_margin_loss(input, target, p, margin, weight,
                                   _reduction(size_average, reduce, reduction))


def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean",
             zero_infinity=False):
    """Connectionist temporal classification (Graves et al. 2006); lengths are tensors, or lists."""
    input_lengths, target_lengths = (
        lengths if isinstance(lengths, _core.Tensor) else _core.tensor_of_data(lengths, _core.int64)
        for lengths in (input_lengths, target_lengths))
    return _core.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, reduction,
                          zero_infinity)
