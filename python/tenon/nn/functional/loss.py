"""How far results are from what they should be. `reduction` is "mean", "sum" or "none"."""

import warnings

from ... import _core


def _reduction(size_average, reduce, reduction):
    """The reduction that PyTorch's two older arguments ask for."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is not None and not reduce:
        return "none"
    return "sum" if size_average is not None and not size_average else "mean"


def _reduced(elements, reduction):
    if reduction == "mean":
        return elements.mean()
    if reduction == "sum":
        return elements.sum()
    if reduction != "none":
        raise ValueError(f'{reduction} is no reduction; use "mean", "sum" or "none"')
    return elements


def _weighted(elements, weight, reduction):
    """The mean is that of the weights, too."""
    elements = elements * weight
    if reduction == "mean":
        return elements.sum() / weight.expand(elements.shape).sum()
    return _reduced(elements, reduction)


def _warn_of_sizes(input, target):
    if target.shape != input.shape:
        warnings.warn(f"Using a target size ({target.shape!r}) that is different to the input size "
                      f"({input.shape!r}). This will likely lead to incorrect results due to "
                      "broadcasting. Please ensure they have the same size.", stacklevel=3)


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """(input - target)^2."""
    _warn_of_sizes(input, target)
    reduction = _reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(_core.mse_loss(input, target, "none"), weight, reduction)
    return _core.mse_loss(input, target, reduction)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """|input - target|."""
    _warn_of_sizes(input, target)
    reduction = _reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(_core.l1_loss(input, target, "none"), weight, reduction)
    return _core.l1_loss(input, target, reduction)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """0.5 d^2 / beta where d = |input - target| is below beta, else d - 0.5 beta."""
    _warn_of_sizes(input, target)
    return _core.smooth_l1_loss(input, target, _reduction(size_average, reduce, reduction), beta)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """0.5 d^2 where d = |input - target| is below delta, else delta * (d - 0.5 delta)."""
    _warn_of_sizes(input, target)
    if weight is not None:
        return _weighted(_core.huber_loss(input, target, "none", delta), weight, reduction)
    return _core.huber_loss(input, target, reduction, delta)


def cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None,
                  reduction="mean", label_smoothing=0.0):
    """-log softmax(input)[target], classes along dim 1; the target holds classes, or probabilities
    of all of them."""
    return _core.cross_entropy(input, target, weight, ignore_index,
                               _reduction(size_average, reduce, reduction), label_smoothing)


def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None,
             reduction="mean"):
    """-input[target] of log-probabilities, classes along dim 1."""
    return _core.nll_loss(input, target, weight, ignore_index,
                          _reduction(size_average, reduce, reduction))


def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None,
                         reduction="mean"):
    """-(t log p + (1 - t) log(1 - p)) of probabilities p."""
    if target.shape != input.shape:
        raise ValueError(f"Using a target size ({target.shape!r}) that is different to the input "
                         f"size ({input.shape!r}) is deprecated. Please ensure they have the same "
                         "size.")
    return _core.binary_cross_entropy(input, target, weight,
                                      _reduction(size_average, reduce, reduction))


def binary_cross_entropy_with_logits(input, target, weight=None, size_average=None, reduce=None,
                                     reduction="mean", pos_weight=None):
    """`binary_cross_entropy` of sigmoid(input), computed so that nothing overflows."""
    if target.shape != input.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size "
                         f"({input.shape})")
    return _core.binary_cross_entropy_with_logits(input, target, weight, pos_weight,
                                                  _reduction(size_average, reduce, reduction))


def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """target * (log target - input) of log-probabilities `input`; "batchmean" divides the sum by
    the batch size."""
    return _core.kl_div(input, target, _reduction(size_average, reduce, reduction), log_target)
