"""How values become one loss: ranks that meet, weights, masks, reductions."""

import math

from ... import _core
from .._arrays import as_tensor

REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)


class Reduction:
    """tf.keras's names of reductions."""

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls):
        return cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE


def standardize_reduction(reduction):
    """A reduction's name, of tf.keras's, too."""
    if reduction == "auto":
        return "sum_over_batch_size"
    if reduction not in REDUCTIONS:
        raise ValueError("reduction is one of sum_over_batch_size, mean, mean_with_sample_weight, "
                         f"sum, none or None, not {reduction!r}")
    return reduction


def same_rank(a, b, expand=True):
    """Both with as many dims, where one has one more, of size 1 at the end: it is dropped, or,
    where the other is a vector (with `expand`), added to that."""
    difference = a.dim() - b.dim()
    if difference == 1 and a.shape[-1] == 1:
        return (a, b.unsqueeze(-1)) if b.dim() == 1 and expand else (a.squeeze(-1), b)
    if difference == -1 and b.shape[-1] == 1:
        return (a.unsqueeze(-1), b) if a.dim() == 1 and expand else (a, b.squeeze(-1))
    return a, b


def divide_or_zero(a, b):
    """a / b, zero where b is."""
    return _core.where(b == 0, 0.0, a / _core.where(b == 0, 1.0, b))


def masked_weight(sample_weight, mask, dtype, reduction):
    """The weights of samples with those of a mask: zero where it is off. For a mean over all, what
    is on weighs more, so that the mean is one over what is on."""
    if mask is None:
        return sample_weight
    weight = mask.to(dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        weight = weight * divide_or_zero(_core.full((), float(weight.numel()), dtype=dtype),
                                         weight.sum())
    if sample_weight is None:
        return weight
    weight, sample_weight = same_rank(weight, sample_weight.to(dtype))
    return weight * sample_weight


def reduce_weighted(values, sample_weight=None, mask=None, reduction="sum_over_batch_size"):
    """The reduction of values times their weights."""
    if sample_weight is not None:
        sample_weight = as_tensor(sample_weight, values.dtype)
    sample_weight = masked_weight(sample_weight, mask, values.dtype, reduction)
    if sample_weight is not None:
        values, sample_weight = same_rank(values, sample_weight)
        if sample_weight.dim() < values.dim() and sample_weight.dim() > 0:
            padding = (1,) * (values.dim() - sample_weight.dim())
            sample_weight = sample_weight.reshape((*sample_weight.shape, *padding))
        values = values * sample_weight
    if reduction in ("none", None) or values.dim() == 0:
        return values
    if reduction == "sum":
        return values.sum()
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return divide_or_zero(values.sum(), sample_weight.sum())
    if math.prod(values.shape) == 0:
        return values.sum()
    return values.mean()
