"""Means of losses and distances; what regression is measured by."""

from ... import _core
from .. import losses
from .._arrays import as_floats, as_tensor
from .._config import epsilon
from ..losses._reduction import same_rank
from ._base import Mean, MeanMetricWrapper, Metric


def cosine_similarity(y_true, y_pred, axis=-1):
    """The cosine of the angle between labels and predictions along `axis`."""
    return -losses.cosine_similarity(y_true, y_pred, axis)


def pearson_correlation(y_true, y_pred, axis=-1):
    """Pearson's correlation of labels and predictions along `axis`."""
    y_pred = as_floats(y_pred)
    y_true, y_pred = same_rank(as_tensor(y_true, y_pred.dtype), y_pred)
    parts = [y - y.mean(axis, keepdim=True) for y in (y_true, y_pred)]
    parts = [y / y.std(axis, correction=0, keepdim=True) for y in parts]
    return (parts[0] * parts[1]).mean(axis)


def concordance_correlation(y_true, y_pred, axis=-1):
    """Lin's concordance correlation of labels and predictions along `axis`: 2 covariance /
    (variance + variance + (mean - mean)^2)."""
    y_pred = as_floats(y_pred)
    y_true, y_pred = same_rank(as_tensor(y_true, y_pred.dtype), y_pred)
    means = [y.mean(axis, keepdim=True) for y in (y_true, y_pred)]
    parts = [y - mean for y, mean in zip((y_true, y_pred), means)]
    spread = sum(part.square().mean(axis) for part in parts)
    spread = spread + (means[0] - means[1]).square().squeeze(axis)
    return 2 * (parts[0] * parts[1]).mean(axis) / (spread + epsilon())


class _Named(MeanMetricWrapper):
    """The mean of one loss."""

    _function = None

    def __init__(self, name=None, dtype=None, **kwargs):
        function = type(self)._function
        super().__init__(function, name or function.__name__, dtype, **kwargs)


class MeanSquaredError(_Named):
    """The mean of squared errors."""

    _function = losses.mean_squared_error


class MeanAbsoluteError(_Named):
    """The mean of absolute errors."""

    _function = losses.mean_absolute_error


class MeanAbsolutePercentageError(_Named):
    """The mean of absolute errors in percent of the labels."""

    _function = losses.mean_absolute_percentage_error


class MeanSquaredLogarithmicError(_Named):
    """The mean of squared differences of log(y + 1)."""

    _function = losses.mean_squared_logarithmic_error


class Hinge(_Named):
    """The mean of hinge losses."""

    _function = losses.hinge


class SquaredHinge(_Named):
    """The mean of squared hinge losses."""

    _function = losses.squared_hinge


class CategoricalHinge(_Named):
    """The mean of categorical hinge losses."""

    _function = losses.categorical_hinge


class KLDivergence(_Named):
    """The mean of y_true * log(y_true / y_pred)'s sums."""

    _function = losses.kl_divergence


class Poisson(_Named):
    """The mean of y_pred - y_true * log(y_pred)."""

    _function = losses.poisson


class LogCoshError(_Named):
    """The mean of log(cosh(error))."""

    _function = losses.log_cosh

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(name, dtype)


class CosineSimilarity(_Named):
    """The mean cosine of the angle between labels and predictions along `axis`."""

    _function = cosine_similarity

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(name, dtype, axis=axis)


class PearsonCorrelation(_Named):
    """The mean of Pearson's correlations along `axis`."""

    _function = pearson_correlation

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(name, dtype, axis=axis)


class ConcordanceCorrelation(_Named):
    """The mean of Lin's concordance correlations along `axis`."""

    _function = concordance_correlation

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(name, dtype, axis=axis)


class BinaryCrossentropy(_Named):
    """The mean of binary cross-entropies."""

    _function = losses.binary_crossentropy

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False,
                 label_smoothing=0):
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(_Named):
    """The mean of cross-entropies with one-hot labels."""

    _function = losses.categorical_crossentropy

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False,
                 label_smoothing=0, axis=-1):
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing,
                         axis=axis)


class SparseCategoricalCrossentropy(_Named):
    """The mean of cross-entropies with integer labels."""

    _function = losses.sparse_categorical_crossentropy

    def __init__(self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False,
                 axis=-1):
        super().__init__(name, dtype, from_logits=from_logits, axis=axis)


class RootMeanSquaredError(Mean):
    """The root of the mean of squared errors."""

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = as_tensor(y_pred, self._dtype)
        y_true, y_pred = same_rank(as_tensor(y_true, self._dtype), y_pred)
        super().update_state((y_pred - y_true).square(), sample_weight)

    def result(self):
        return super().result().sqrt()


class MeanTensor(Metric):
    """The weighted mean of tensors of one shape, element by element."""

    def __init__(self, name="mean_tensor", dtype=None, shape=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.count = None
        if shape is not None:
            self._build(shape)

    def _build(self, shape):
        self.total = self.add_variable(shape, "zeros", name="total")
        self.count = self.add_variable(shape, "zeros", name="count")

    def update_state(self, values, sample_weight=None):
        values = as_tensor(values, self._dtype)
        if self.total is None:
            self._build(values.shape)
        weight = _core.ones_like(values)
        if sample_weight is not None:
            weight = weight * as_tensor(sample_weight, self._dtype)
        self.total.assign_add(values * weight)
        self.count.assign_add(weight)

    def result(self):
        if self.total is None:
            raise ValueError("MeanTensor has no result before its first update_state()")
        return losses._reduction.divide_or_zero(self.total, self.count)


class R2Score(Metric):
    """The coefficient of determination, 1 - (sum of squared errors) / (that of the labels' mean),
    of (batch, outputs), aggregated over outputs."""

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score",
                 dtype=None):
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ValueError("R2Score(): class_aggregation is uniform_average, "
                             f"variance_weighted_average or None, not {class_aggregation!r}")
        if num_regressors < 0:
            raise ValueError(f"R2Score(): num_regressors isn't negative, but {num_regressors}")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable((), "zeros", dtype="int32", name="num_samples")
        self.total = None

    def _build(self, outputs):
        for name in "squared_sum", "total", "residual", "count":
            setattr(self, name, self.add_variable((outputs,), "zeros", name=name))

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = as_tensor(y_pred, self._dtype)
        y_true, y_pred = same_rank(as_tensor(y_true, self._dtype), y_pred)
        if y_true.dim() != 2 or y_true.shape != y_pred.shape:
            raise ValueError("R2Score takes labels and predictions (batch, outputs), not "
                             f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}")
        if self.total is None:
            self._build(y_pred.shape[1])
        weight = as_tensor(1.0 if sample_weight is None else sample_weight, self._dtype)
        weight = (weight.unsqueeze(1) if weight.dim() == 1 else weight).broadcast_to(y_true.shape)
        self.total.assign_add((y_true * weight).sum(0))
        self.squared_sum.assign_add((y_true.square() * weight).sum(0))
        self.residual.assign_add(((y_true - y_pred).square() * weight).sum(0))
        self.count.assign_add(weight.sum(0))
        self.num_samples.add_(y_true.numel())

    def result(self):
        if self.total is None:
            return _core.zeros(())
        spread = self.squared_sum - self.total.square() / self.count
        scores = 1 - self.residual / spread
        scores = _core.where(_core.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (spread * scores).sum() / spread.sum()
        if self.num_regressors == 0:
            return scores
        samples = self.num_samples.to(scores.dtype)
        free = samples - self.num_regressors - 1
        adjusted = 1.0 - (1.0 - scores) * (samples - 1.0) / free
        return _core.where(free > 0, adjusted, scores)

    def get_config(self):
        return {**super().get_config(), "class_aggregation": self.class_aggregation,
                "num_regressors": self.num_regressors}
