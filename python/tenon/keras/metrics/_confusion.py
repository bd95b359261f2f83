"""What counts true and false positives and negatives, at one threshold or many."""

from ... import _core
from .. import activations
from .._arrays import as_tensor
from .._config import epsilon
from ..losses._reduction import divide_or_zero, same_rank
from ._base import Metric

KINDS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


def checked_thresholds(thresholds, default=0.5):
    """Thresholds in [0, 1] as a list."""
    thresholds = default if thresholds is None else thresholds
    thresholds = list(thresholds) if isinstance(thresholds, (list, tuple)) else [thresholds]
    if any(t is None or not 0 <= t <= 1 for t in thresholds):
        raise ValueError(f"thresholds lie in [0, 1], not {thresholds}")
    return thresholds


def even_thresholds(count):
    """`count` thresholds from 0 to 1."""
    return [0.0, *((i + 1) / (count - 1) for i in range(count - 2)), 1.0]


def _only_top_k(y_pred, k):
    """Predictions that aren't among the k largest of their row become lowest."""
    places = y_pred.topk(k, -1)[1]
    kept = _core.zeros_like(y_pred).scatter(-1, places, 1.0)
    return _core.where(kept > 0, y_pred, -1e10)


def _pairs(y_true, y_pred, sample_weight, dtype, top_k=None, class_id=None):
    """Labels (0 or 1), predictions and weights, of one shape; None for weights that are all 1."""
    y_pred, y_true = same_rank(as_tensor(y_pred, dtype), as_tensor(y_true, dtype))
    if top_k is not None:
        y_pred = _only_top_k(y_pred, top_k)
    if sample_weight is not None:
        weight = as_tensor(sample_weight, dtype)
        if weight.dim() == y_true.dim() - 1:
            weight = weight.unsqueeze(-1)
        sample_weight = weight
    if class_id is not None:
        if y_pred.dim() == 1:
            raise ValueError("class_id goes with predictions (samples, classes), not "
                             f"{tuple(y_pred.shape)}")
        y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
        if sample_weight is not None and sample_weight.dim() and sample_weight.shape[-1] > 1:
            sample_weight = sample_weight[..., class_id, None]
    if y_true.shape != y_pred.shape:
        raise ValueError("labels and predictions have one shape, not y_true "
                         f"{tuple(y_true.shape)} and y_pred {tuple(y_pred.shape)}")
    if sample_weight is not None:
        sample_weight = _core.broadcast_to(sample_weight, y_pred.shape)
    return (y_true != 0).to(dtype), y_pred, sample_weight


def _weights_of(y_true, weight):
    """The weights of ones, and of zeros; 0 elsewhere."""
    if weight is None:
        return y_true, 1 - y_true
    return y_true * weight, (1 - y_true) * weight


def _counts(y_true, y_pred, weight, thresholds):
    """True and false positives and negatives at each threshold, by name, of columns (samples,
    labels): (thresholds, labels)."""
    above = (y_pred > thresholds.reshape(-1, 1, 1)).to(y_pred.dtype)
    positive, negative = _weights_of(y_true, weight)
    true_positives, false_positives = (above * positive).sum(1), (above * negative).sum(1)
    return {"true_positives": true_positives, "false_positives": false_positives,
            "true_negatives": negative.sum(0) - false_positives,
            "false_negatives": positive.sum(0) - true_positives}


def _counts_in_buckets(y_true, y_pred, weight, thresholds):
    """The same for ascending thresholds: each sample goes into one bucket, and what is above a
    threshold is the sum of the buckets beyond."""
    columns = y_pred.shape[1]
    bucket = _core.bucketize(y_pred.contiguous(), thresholds)  # how many thresholds are below
    counted = []
    for values in _weights_of(y_true, weight):
        sums = _core.zeros((thresholds.shape[0] + 1, columns), dtype=y_pred.dtype)
        sums = sums.scatter_add(0, bucket, values)
        counted.append((sums.flip(0).cumsum(0).flip(0)[1:], values.sum(0)))
    (true_positives, positives), (false_positives, negatives) = counted
    return {"true_positives": true_positives, "false_positives": false_positives,
            "true_negatives": negatives - false_positives,
            "false_negatives": positives - true_positives}


class _Counting(Metric):
    """Keeps counts of some kinds at its thresholds."""

    _kinds = KINDS

    def _make_counts(self, thresholds, labels=None):
        self._threshold_values = _core.tensor_of_data(thresholds, self._dtype)
        shape = (len(thresholds),) if labels is None else (len(thresholds), labels)
        for kind in self._kinds:
            setattr(self, kind, self.add_variable(shape, "zeros", name=kind))

    def _add_counts(self, y_true, y_pred, weight, counts=_counts, columns=False):
        if not columns:
            y_true, y_pred, weight = (None if x is None else x.reshape(-1, 1)
                                      for x in (y_true, y_pred, weight))
        found = counts(y_true, y_pred, weight, self._threshold_values)
        for kind in self._kinds:
            held = getattr(self, kind)
            held.add_(found[kind].reshape(held.shape))


class _OneCount(_Counting):
    """How many of one kind there are, at one threshold or a list of them."""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = checked_thresholds(thresholds)
        self._make_counts(self.thresholds)

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._add_counts(*_pairs(y_true, y_pred, sample_weight, self._dtype))

    def result(self):
        counts = getattr(self, self._kinds[0])
        return counts[0] if len(self.thresholds) == 1 else counts.detach().clone()

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_OneCount):
    """The weight of ones that are predicted above the threshold."""

    _kinds = ("true_positives",)


class FalsePositives(_OneCount):
    """The weight of zeros that are predicted above the threshold."""

    _kinds = ("false_positives",)


class TrueNegatives(_OneCount):
    """The weight of zeros that aren't predicted above the threshold."""

    _kinds = ("true_negatives",)


class FalseNegatives(_OneCount):
    """The weight of ones that aren't predicted above the threshold."""

    _kinds = ("false_negatives",)


class _Share(_Counting):
    """True positives as a share of them and another kind."""

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k, self.class_id = top_k, class_id
        # What isn't among the top k lies below -1e9.
        by_place = thresholds is None and top_k is not None
        self.thresholds = [-1e9] if by_place else checked_thresholds(thresholds)
        self._make_counts(self.thresholds)

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._add_counts(*_pairs(y_true, y_pred, sample_weight, self._dtype, self.top_k,
                                 self.class_id))

    def result(self):
        found, other = (getattr(self, kind) for kind in self._kinds)
        shares = divide_or_zero(found, found + other)
        return shares[0] if len(self.thresholds) == 1 else shares

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds, "top_k": self.top_k,
                "class_id": self.class_id}


class Precision(_Share):
    """How many of those predicted above the threshold are ones."""

    _kinds = ("true_positives", "false_positives")


class Recall(_Share):
    """How many of the ones are predicted above the threshold."""

    _kinds = ("true_positives", "false_negatives")


class _BestAt(_Counting):
    """The best of one share where another is at least `value`, over even thresholds."""

    def __init__(self, value, num_thresholds, class_id, name, dtype):
        super().__init__(name=name, dtype=dtype)
        if num_thresholds <= 0:
            raise ValueError(f"num_thresholds is positive, not {num_thresholds}")
        if not 0 <= value <= 1:
            raise ValueError(f"{type(self).__name__}(): the share is in [0, 1], not {value}")
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        self.thresholds = [0.5] if num_thresholds == 1 else even_thresholds(num_thresholds)
        self._make_counts(self.thresholds)

    def update_state(self, y_true, y_pred, sample_weight=None):
        pairs = _pairs(y_true, y_pred, sample_weight, self._dtype, None, self.class_id)
        self._add_counts(*pairs, _counts_in_buckets)

    @property
    def _recall(self):
        return divide_or_zero(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def _precision(self):
        return divide_or_zero(self.true_positives, self.true_positives + self.false_positives)

    @property
    def _specificity(self):
        return divide_or_zero(self.true_negatives, self.true_negatives + self.false_positives)

    def _best(self, constrained, wanted):
        return _core.where(constrained >= self.value, wanted, 0.0).amax()

    def get_config(self):
        return {**super().get_config(), "num_thresholds": self.num_thresholds,
                "class_id": self.class_id, self._argument: self.value}


class SensitivityAtSpecificity(_BestAt):
    """The best sensitivity (recall) where specificity is at least the given one."""

    _argument = "specificity"

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def result(self):
        return self._best(self._specificity, self._recall)


class SpecificityAtSensitivity(_BestAt):
    """The best specificity where sensitivity (recall) is at least the given one."""

    _argument = "sensitivity"

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def result(self):
        return self._best(self._recall, self._specificity)


class PrecisionAtRecall(_BestAt):
    """The best precision where recall is at least the given one."""

    _argument = "recall"

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def result(self):
        return self._best(self._recall, self._precision)


class RecallAtPrecision(_BestAt):
    """The best recall where precision is at least the given one."""

    _argument = "precision"

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def result(self):
        return self._best(self._precision, self._recall)


class AUC(_Counting):
    """The area under the curve of recall over the false positive rate ("ROC") or of precision over
    recall ("PR"), from counts at thresholds. "interpolation" takes the mean height between two
    thresholds (of PR: Davis and Goadrich 2006), "minoring" the lower, "majoring" the higher."""

    def __init__(self, num_thresholds=200, curve="ROC", summation_method="interpolation", name=None,
                 dtype=None, thresholds=None, multi_label=False, num_labels=None,
                 label_weights=None, from_logits=False):
        super().__init__(name=name, dtype=dtype)
        self.curve, self.summation_method = str(curve).upper(), str(summation_method).lower()
        if self.curve not in ("ROC", "PR"):
            raise ValueError(f"AUC(): curve is ROC or PR, not {curve!r}")
        if self.summation_method not in ("interpolation", "minoring", "majoring"):
            raise ValueError("AUC(): summation_method is interpolation, minoring or majoring, not "
                             f"{summation_method!r}")
        if num_thresholds <= 1:
            raise ValueError(f"AUC(): num_thresholds is at least 2, not {num_thresholds}")
        if num_labels and not multi_label:
            raise ValueError("AUC(): num_labels goes with multi_label=True")
        self.init_thresholds = thresholds
        inner = even_thresholds(num_thresholds)[1:-1] if thresholds is None else sorted(thresholds)
        checked_thresholds(inner)
        self.thresholds = [-epsilon(), *inner, 1.0 + epsilon()]
        self.num_thresholds = len(self.thresholds)
        self.multi_label, self.num_labels = multi_label, num_labels
        self.label_weights, self.from_logits = label_weights, from_logits
        if not multi_label or num_labels:
            self._make_counts(self.thresholds, num_labels)

    def update_state(self, y_true, y_pred, sample_weight=None):
        if self.from_logits:
            y_pred = activations.sigmoid(y_pred)
        y_true, y_pred, weight = _pairs(y_true, y_pred, sample_weight, self._dtype)
        if self.label_weights is not None and not self.multi_label:
            labels = as_tensor(self.label_weights, self._dtype).broadcast_to(y_pred.shape)
            weight = labels if weight is None else weight * labels
        if self.multi_label and not self._variables:
            self._make_counts(self.thresholds, y_pred.shape[-1])
        self._add_counts(y_true, y_pred, weight, _counts_in_buckets, self.multi_label)

    def _precision_recall_area(self):
        """Davis and Goadrich: precision between two thresholds goes as true positives over
        positives, not along a line."""
        found, positive = self.true_positives, self.true_positives + self.false_positives
        found_steps, steps = found[:-1] - found[1:], positive[:-1] - positive[1:]
        slope = divide_or_zero(found_steps, steps.clamp_min(0))
        intercept = found[1:] - slope * positive[1:]
        both = (positive[:-1] > 0) & (positive[1:] > 0)
        ratio = _core.where(both, divide_or_zero(positive[:-1], positive[1:].clamp_min(0)), 1.0)
        parts = slope * (found_steps + intercept * _core.log(ratio))
        return divide_or_zero(parts, (found[1:] + self.false_negatives[1:]).clamp_min(0))

    def _areas(self):
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._precision_recall_area()
        recall = divide_or_zero(self.true_positives, self.true_positives + self.false_negatives)
        if self.curve == "ROC":
            y = recall
            x = divide_or_zero(self.false_positives, self.false_positives + self.true_negatives)
        else:
            x = recall
            y = divide_or_zero(self.true_positives, self.true_positives + self.false_positives)
        if self.summation_method == "interpolation":
            height = (y[:-1] + y[1:]) / 2
        else:
            pick = _core.minimum if self.summation_method == "minoring" else _core.maximum
            height = pick(y[:-1], y[1:])
        return (x[:-1] - x[1:]) * height

    def result(self):
        if not self._variables:
            return _core.zeros(())
        areas = self._areas().sum(0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        weights = as_tensor(self.label_weights, self._dtype)
        return divide_or_zero((areas * weights).sum(), weights.sum())

    def get_config(self):
        config = {"num_thresholds": self.num_thresholds, "curve": self.curve,
                  "summation_method": self.summation_method, "multi_label": self.multi_label,
                  "num_labels": self.num_labels, "label_weights": self.label_weights,
                  "from_logits": self.from_logits}
        if self.init_thresholds is not None:
            config["thresholds"] = self.thresholds[1:-1]
        return {**super().get_config(), **config}
