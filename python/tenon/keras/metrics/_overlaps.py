"""F scores and intersections over unions."""

from ... import _core
from .._arrays import as_tensor
from .._config import epsilon
from ._base import Metric


class FBetaScore(Metric):
    """(1 + beta^2) * precision * recall / (beta^2 * precision + recall) of (batch, classes): of
    each class, or averaged. Without a threshold the largest prediction counts as a one."""

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"average is None, micro, macro or weighted, not {average!r}")
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(f"beta is a positive float, not {beta!r}")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ValueError(f"threshold is a float in (0, 1] or None, not {threshold!r}")
        self.average, self.beta, self.threshold = average, beta, threshold

    def _build(self, classes):
        shape = () if self.average == "micro" else (classes,)
        for name in "true_positives", "false_positives", "false_negatives", "intermediate_weights":
            setattr(self, name, self.add_variable(shape, "zeros", name=name))

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = as_tensor(y_true, self._dtype), as_tensor(y_pred, self._dtype)
        if y_true.dim() != 2 or y_pred.dim() != 2:
            raise ValueError(f"{type(self).__name__} takes labels and predictions (batch, "
                             f"classes), not {tuple(y_true.shape)} and {tuple(y_pred.shape)}")
        if not self._variables:
            self._build(y_pred.shape[-1])
        if self.threshold is None:
            chosen = (y_pred >= y_pred.amax(-1, keepdim=True)) & (y_pred.abs() > 1e-9)
        else:
            chosen = y_pred > self.threshold
        chosen = chosen.to(self._dtype)
        weight = (None if sample_weight is None
                  else as_tensor(sample_weight, self._dtype).unsqueeze(1))
        dims = () if self.average == "micro" else 0
        for variable, values in ((self.true_positives, chosen * y_true),
                                 (self.false_positives, chosen * (1 - y_true)),
                                 (self.false_negatives, (1 - chosen) * y_true),
                                 (self.intermediate_weights, y_true)):
            variable.add_((values if weight is None else values * weight).sum(dims))

    def result(self):
        if not self._variables:
            return _core.zeros(())
        precision = self.true_positives / (self.true_positives + self.false_positives + epsilon())
        recall = self.true_positives / (self.true_positives + self.false_negatives + epsilon())
        square = self.beta**2
        scores = precision * recall / (square * precision + recall + epsilon()) * (1 + square)
        if self.average == "weighted":
            weights = self.intermediate_weights
            return (scores * weights / (weights.sum() + epsilon())).sum()
        return scores if self.average is None else scores.mean()

    def get_config(self):
        return {**super().get_config(), "average": self.average, "beta": self.beta,
                "threshold": self.threshold}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall of (batch, classes)."""

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self):
        config = super().get_config()
        del config["beta"]
        return config


class _Overlaps(Metric):
    """Counts pairs of label and predicted class, of which it takes the mean of
    intersection / union over some classes; those that never occur are left out."""

    def __init__(self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None,
                 sparse_y_true=True, sparse_y_pred=True, axis=-1):
        super().__init__(name=name, dtype=dtype)
        if max(target_class_ids) >= num_classes:
            raise ValueError(f"class {max(target_class_ids)} of target_class_ids is outside [0, "
                             f"{num_classes})")
        self.num_classes, self.target_class_ids = num_classes, list(target_class_ids)
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_cm = self.add_variable((num_classes, num_classes), "zeros",
                                          name="total_confusion_matrix")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
        if not self.sparse_y_true:
            y_true = y_true.argmax(self.axis)
        if not self.sparse_y_pred:
            y_pred = y_pred.argmax(self.axis)
        y_true, y_pred = (y.reshape(-1).to(_core.int64) for y in (y_true, y_pred))
        weight = _core.ones(y_true.shape, dtype=self._dtype)
        if sample_weight is not None:
            weight = weight * as_tensor(sample_weight, self._dtype).reshape(-1)
        counted = (y_true >= 0) & (y_true < self.num_classes)
        counted = counted & (y_pred >= 0) & (y_pred < self.num_classes)
        if self.ignore_class is not None:
            counted = counted & (y_true != self.ignore_class)
        places = _core.where(counted, y_true * self.num_classes + y_pred, 0)
        weight = _core.where(counted, weight, 0.0)
        sums = _core.zeros((self.num_classes**2,), dtype=self._dtype).scatter_add(0, places, weight)
        self.total_cm.add_(sums.reshape(self.total_cm.shape))

    def result(self):
        matrix = self.total_cm
        both = matrix.diagonal()
        union = matrix.sum(0) + matrix.sum(1) - both
        chosen = _core.tensor_of_data(self.target_class_ids, _core.int64)
        both, union = both[chosen], union[chosen]
        occurs = union > 1e-9
        shares = _core.where(occurs, both / (union + epsilon()), 0.0)
        return shares.sum() / (occurs.to(self._dtype).sum() + epsilon())

    _config_names = ()

    def get_config(self):
        return {**super().get_config(),
                **{name: getattr(self, name) for name in self._config_names}}


class IoU(_Overlaps):
    """The mean intersection over union of some classes."""

    _config_names = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true",
                     "sparse_y_pred", "axis")


class MeanIoU(_Overlaps):
    """The mean intersection over union of all classes."""

    _config_names = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_true=True,
                 sparse_y_pred=True, axis=-1):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true,
                         sparse_y_pred, axis)


class OneHotIoU(_Overlaps):
    """The mean intersection over union of some classes, of one-hot labels."""

    _config_names = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")

    def __init__(self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None,
                 sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False,
                         sparse_y_pred, axis)


class OneHotMeanIoU(_Overlaps):
    """The mean intersection over union of all classes, of one-hot labels."""

    _config_names = ("num_classes", "ignore_class", "sparse_y_pred", "axis")

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False,
                 axis=-1):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, False,
                         sparse_y_pred, axis)


class BinaryIoU(_Overlaps):
    """The mean intersection over union of zeros and ones, which predictions above the threshold
    are."""

    _config_names = ("target_class_ids", "threshold")

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        above = as_tensor(y_pred, self._dtype) >= self.threshold
        super().update_state(y_true, above, sample_weight)
