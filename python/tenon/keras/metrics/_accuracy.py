"""How many predictions are right."""

from ... import _core
from .._arrays import as_dtype, as_floats, as_tensor
from ..losses._reduction import same_rank
from ._base import MeanMetricWrapper


def _as_matches(values):
    return values.to(as_dtype(None))


def accuracy(y_true, y_pred):
    """1 where labels and predictions are equal."""
    y_pred = as_tensor(y_pred)
    y_true, y_pred = same_rank(as_tensor(y_true, y_pred.dtype), y_pred)
    return _as_matches(y_true == y_pred)


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """1 where the label is that of y_pred > threshold."""
    y_true, y_pred = same_rank(as_tensor(y_true), as_floats(y_pred))
    return _as_matches(y_true == (y_pred > threshold).to(y_true.dtype))


def categorical_accuracy(y_true, y_pred):
    """1 where the largest label and the largest prediction stand in the same place."""
    return _as_matches(as_tensor(y_true).argmax(-1) == as_floats(y_pred).argmax(-1))


def _labels_of(y_true, y_pred):
    """Labels without a last axis of size 1."""
    y_true, y_pred = as_tensor(y_true), as_floats(y_pred)
    if y_true.dim() == y_pred.dim() and y_true.shape[-1] == 1:
        y_true = y_true.squeeze(-1)
    return y_true.to(_core.int64), y_pred


def sparse_categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction stands at the label's place."""
    y_true, y_pred = _labels_of(y_true, y_pred)
    return _as_matches(y_true == y_pred.argmax(-1))


def _in_top_k(labels, y_pred, k):
    """Whether fewer than k predictions are larger than that of the label."""
    own = y_pred.gather(-1, labels.unsqueeze(-1))
    larger = (y_pred > own).to(_core.int64).sum(-1)
    return (larger < k) & _core.isfinite(own.squeeze(-1))


def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the largest label stands among the k largest predictions."""
    return _as_matches(_in_top_k(as_tensor(y_true).argmax(-1), as_floats(y_pred), k))


def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """1 where the label is one of the k largest predictions' places; of y_pred's first k, where
    those are places already."""
    y_true, y_pred = _labels_of(y_true, y_pred)
    if from_sorted_ids:
        return _as_matches((y_pred[..., :k] == y_true.unsqueeze(-1)).any(-1))
    return _as_matches(_in_top_k(y_true, y_pred, k))


class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions above the threshold are ones, and others zeros."""

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        if threshold is not None and not 0 <= threshold <= 1:
            raise ValueError(f"BinaryAccuracy(): threshold is in [0, 1], not {threshold}")
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction stands where the one of one-hot labels does."""

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction stands at the label's place."""

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the one of one-hot labels stands among the k largest predictions."""

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the label is among the places of the k largest predictions."""

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None,
                 from_sorted_ids=False):
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k,
                         from_sorted_ids=from_sorted_ids)
