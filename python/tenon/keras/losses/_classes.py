"""Losses as objects, with a reduction and weights of samples."""

from ... import _core
from ..._eager.tensor import call_layer
from .. import _tree
from .._arrays import as_dtype, as_tensor, dtype_name
from .._names import name_of
from .._registry import Registry, serialize
from . import _functions as functions
from ._reduction import reduce_weighted, standardize_reduction

registry = Registry("loss", "keras.losses")
_MEAN = "sum_over_batch_size"


class Loss:
    """The base of losses: `call(y_true, y_pred)` gives one value a sample, which are reduced.

        class Cubed(keras.losses.Loss):
            def call(self, y_true, y_pred):
                return tf.reduce_mean(tf.abs(y_true - y_pred) ** 3, axis=-1)
    """

    _keeps_labels = False  # whether integer labels go to `call` as they are

    def __init__(self, name=None, reduction=_MEAN, dtype=None):
        if name is not None and _is_reduction(name):  # tf.keras 2 had the reduction first
            name, reduction = (None if reduction == _MEAN else reduction), name
        self.name = name or name_of(type(self))
        self.reduction = standardize_reduction(reduction)
        self._dtype = as_dtype(dtype)

    @property
    def dtype(self):
        return dtype_name(self._dtype)

    def __call__(self, y_true, y_pred, sample_weight=None):
        return call_layer(self._reduced, (y_true, y_pred, sample_weight), {}, (y_pred, y_true))

    def _reduced(self, y_true, y_pred, sample_weight):
        mask = getattr(y_pred, "_keras_mask", None)
        values = self.call(self._converted(y_true, self._keeps_labels), self._converted(y_pred))
        values = as_tensor(values)
        made = getattr(values, "_keras_mask", None)
        if made is not None:
            mask = made if mask is None else mask & made
        return reduce_weighted(values, sample_weight, mask, self.reduction)

    def _converted(self, values, keeps_integers=False):
        if isinstance(values, dict):
            return _tree.map_structure(self._converted, values)
        if isinstance(values, (list, tuple)) and values and hasattr(values[0], "shape"):
            return _tree.map_structure(self._converted, values)
        made = as_tensor(values)
        if made.dtype == self._dtype or (keeps_integers and not made.is_floating_point()):
            return made
        return made.to(self._dtype)

    def call(self, y_true, y_pred):
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} has no call(y_true, y_pred), which "
                                  "losses must have")

    def get_config(self):
        """The arguments that make it again."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        """The loss of a config."""
        return cls(**config)


def _is_reduction(name):
    """Whether a name is that of a reduction."""
    return name in ("auto", "none", "sum", _MEAN)


class LossFunctionWrapper(Loss):
    """The loss of a function of labels and predictions, and further arguments of it."""

    def __init__(self, fn, reduction=_MEAN, name=None, dtype=None, **kwargs):
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn
        self._fn_kwargs = kwargs
        self._keeps_labels = getattr(fn, "__module__", None) == functions.__name__

    def call(self, y_true, y_pred):
        if isinstance(y_true, _core.Tensor) and isinstance(y_pred, _core.Tensor):
            logits = getattr(y_pred, "_keras_logits", None)
            y_true, y_pred = functions.same_rank(y_true, y_pred)
            if logits is not None and logits.dim() != y_pred.dim():
                y_pred._keras_logits = logits.reshape(y_pred.shape)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self):
        config = {**super().get_config(), **serialize(self._fn_kwargs)}
        return config if type(self) is not LossFunctionWrapper else {**config,
                                                                     "fn": serialize(self.fn)}

    @classmethod
    def from_config(cls, config):
        from .._registry import deserialize

        return cls(**{**config, "fn": deserialize(config["fn"])} if "fn" in config else config)


class MeanSquaredError(LossFunctionWrapper):
    __doc__ = functions.mean_squared_error.__doc__

    def __init__(self, reduction=_MEAN, name="mean_squared_error", dtype=None):
        super().__init__(functions.mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    __doc__ = functions.mean_absolute_error.__doc__

    def __init__(self, reduction=_MEAN, name="mean_absolute_error", dtype=None):
        super().__init__(functions.mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    __doc__ = functions.mean_absolute_percentage_error.__doc__

    def __init__(self, reduction=_MEAN, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(functions.mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    __doc__ = functions.mean_squared_logarithmic_error.__doc__

    def __init__(self, reduction=_MEAN, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(functions.mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    __doc__ = functions.cosine_similarity.__doc__

    def __init__(self, axis=-1, reduction=_MEAN, name="cosine_similarity", dtype=None):
        super().__init__(functions.cosine_similarity, reduction, name, dtype, axis=axis)


class Huber(LossFunctionWrapper):
    __doc__ = functions.huber.__doc__

    def __init__(self, delta=1.0, reduction=_MEAN, name="huber_loss", dtype=None):
        super().__init__(functions.huber, reduction, name, dtype, delta=delta)


class LogCosh(LossFunctionWrapper):
    __doc__ = functions.log_cosh.__doc__

    def __init__(self, reduction=_MEAN, name="log_cosh", dtype=None):
        super().__init__(functions.log_cosh, reduction, name, dtype)


class KLDivergence(LossFunctionWrapper):
    __doc__ = functions.kl_divergence.__doc__

    def __init__(self, reduction=_MEAN, name="kl_divergence", dtype=None):
        super().__init__(functions.kl_divergence, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    __doc__ = functions.poisson.__doc__

    def __init__(self, reduction=_MEAN, name="poisson", dtype=None):
        super().__init__(functions.poisson, reduction, name, dtype)


class Hinge(LossFunctionWrapper):
    __doc__ = functions.hinge.__doc__

    def __init__(self, reduction=_MEAN, name="hinge", dtype=None):
        super().__init__(functions.hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    __doc__ = functions.squared_hinge.__doc__

    def __init__(self, reduction=_MEAN, name="squared_hinge", dtype=None):
        super().__init__(functions.squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    __doc__ = functions.categorical_hinge.__doc__

    def __init__(self, reduction=_MEAN, name="categorical_hinge", dtype=None):
        super().__init__(functions.categorical_hinge, reduction, name, dtype)


class BinaryCrossentropy(LossFunctionWrapper):
    __doc__ = functions.binary_crossentropy.__doc__

    def __init__(self, from_logits=False, label_smoothing=0.0, axis=-1, reduction=_MEAN,
                 name="binary_crossentropy", dtype=None):
        super().__init__(functions.binary_crossentropy, reduction, name, dtype,
                         from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    __doc__ = functions.binary_focal_crossentropy.__doc__

    def __init__(self, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False,
                 label_smoothing=0.0, axis=-1, reduction=_MEAN, name="binary_focal_crossentropy",
                 dtype=None):
        super().__init__(functions.binary_focal_crossentropy, reduction, name, dtype,
                         apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma,
                         from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class CategoricalCrossentropy(LossFunctionWrapper):
    __doc__ = functions.categorical_crossentropy.__doc__

    def __init__(self, from_logits=False, label_smoothing=0.0, axis=-1, reduction=_MEAN,
                 name="categorical_crossentropy", dtype=None):
        super().__init__(functions.categorical_crossentropy, reduction, name, dtype,
                         from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    __doc__ = functions.categorical_focal_crossentropy.__doc__

    def __init__(self, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1,
                 reduction=_MEAN, name="categorical_focal_crossentropy", dtype=None):
        super().__init__(functions.categorical_focal_crossentropy, reduction, name, dtype,
                         alpha=alpha, gamma=gamma, from_logits=from_logits,
                         label_smoothing=label_smoothing, axis=axis)


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    __doc__ = functions.sparse_categorical_crossentropy.__doc__

    def __init__(self, from_logits=False, ignore_class=None, reduction=_MEAN, axis=-1,
                 name="sparse_categorical_crossentropy", dtype=None):
        super().__init__(functions.sparse_categorical_crossentropy, reduction, name, dtype,
                         from_logits=from_logits, ignore_class=ignore_class, axis=axis)


class CTC(LossFunctionWrapper):
    __doc__ = functions.ctc.__doc__

    def __init__(self, reduction=_MEAN, name="ctc", dtype=None):
        super().__init__(functions.ctc, reduction, name, dtype)


class Dice(LossFunctionWrapper):
    __doc__ = functions.dice.__doc__

    def __init__(self, reduction=_MEAN, name="dice", axis=None, dtype=None):
        super().__init__(functions.dice, reduction, name, dtype, axis=axis)


class Tversky(LossFunctionWrapper):
    __doc__ = functions.tversky.__doc__

    def __init__(self, alpha=0.5, beta=0.5, reduction=_MEAN, name="tversky", axis=None, dtype=None):
        super().__init__(functions.tversky, reduction, name, dtype, alpha=alpha, beta=beta,
                         axis=axis)


class Circle(LossFunctionWrapper):
    __doc__ = functions.circle.__doc__
    _keeps_labels = True

    def __init__(self, gamma=80.0, margin=0.4, remove_diagonal=True, reduction=_MEAN,
                 name="circle", dtype=None):
        super().__init__(functions.circle, reduction, name, dtype, gamma=gamma, margin=margin,
                         remove_diagonal=remove_diagonal)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    __doc__ = functions.categorical_generalized_cross_entropy.__doc__

    def __init__(self, q=0.5, reduction=_MEAN, name="categorical_generalized_cross_entropy",
                 dtype=None):
        if not 0 < q < 1:
            raise ValueError(f"CategoricalGeneralizedCrossEntropy(): q is in (0, 1), not {q}")
        super().__init__(functions.categorical_generalized_cross_entropy, reduction, name, dtype,
                         q=q)
