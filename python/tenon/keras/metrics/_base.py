"""Metric, and those that add up or average values."""

import functools

from ... import _core
from ..._modes import no_grad
from .. import _tree, initializers
from .._arrays import as_dtype, as_tensor, dtype_name
from .._names import name_of
from .._registry import Registry, deserialize, serialize
from .._stateless import checked_values, holding, values_of
from .._tracking import Structure
from .._variable import Variable
from ..losses._reduction import divide_or_zero, masked_weight, same_rank

registry = Registry("metric", "keras.metrics")


def _without_gradients(method):
    @functools.wraps(method)
    def call(self, *args, **kwargs):
        with no_grad():
            return method(self, *args, **kwargs)

    call._records_nothing = True
    return call


class Metric:
    """The base of metrics: `update_state` takes in a batch, `result` tells of all since
    `reset_state`.

        class Largest(keras.metrics.Metric):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.largest = self.add_weight(name="largest", initializer="zeros")

            def update_state(self, y_true, y_pred, sample_weight=None):
                self.largest.assign(tf.maximum(self.largest, tf.reduce_max(y_pred)))

            def result(self):
                return self.largest

    Its state is in variables, so that updates can be part of a compiled step.
    """

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        self.__dict__.update(_variables=[], _metrics=[])
        return self

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        for name in "update_state", "result":
            method = cls.__dict__.get(name)
            if callable(method) and not hasattr(method, "_records_nothing"):
                setattr(cls, name, _without_gradients(method))

    def __init__(self, dtype=None, name=None):
        if dtype is not None and name is None and isinstance(dtype, str) and not _is_dtype(dtype):
            dtype, name = None, dtype  # tf.keras 2 had the name first
        self.name = name or name_of(type(self))
        self._dtype = as_dtype(dtype)

    def __setattr__(self, name, value):
        if isinstance(value, Metric):
            self._metrics.append(value)
        elif isinstance(value, Variable) and all(value is not known for known in self._variables):
            self._variables.append(value)
        Structure.settings += 1
        super().__setattr__(name, value)

    @property
    def dtype(self):
        """The name of the dtype of the state and the result."""
        return dtype_name(self._dtype)

    @property
    def variables(self):
        """The state."""
        return [*self._variables, *(v for metric in self._metrics for v in metric.variables)]

    weights = non_trainable_variables = non_trainable_weights = variables

    @property
    def stateful_metrics(self):
        return [self]

    def add_variable(self, shape, initializer, dtype=None, aggregation="sum", name=None):
        """A new variable of the state."""
        made = Variable(initializers.get(initializer), tuple(shape), as_dtype(dtype or self._dtype),
                        False, name=name)
        self._variables.append(made)
        return made

    def add_weight(self, *args, shape=(), initializer=None, dtype=None, name=None,
                   aggregation="sum", **_):
        """A new variable of the state: zeros of shape () where nothing else is said. tf.keras's
        order, with the name first, is understood, too."""
        if args and isinstance(args[0], str):
            name, args = args[0], args[1:]
        shape = args[0] if args else shape
        initializer = args[1] if len(args) > 1 else initializer
        return self.add_variable(() if shape is None else shape, initializer or "zeros", dtype,
                                 name=name)

    def reset_state(self):
        """Forgets all batches: zeros in all variables."""
        for variable in self.variables:
            variable.assign(_core.zeros_like(variable))

    def reset_states(self):
        """As `reset_state`."""
        self.reset_state()

    def update_state(self, *args, **kwargs):
        """Takes in a batch."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state(), which metrics "
                                  "must have")

    def result(self):
        """The metric of all batches since `reset_state`."""
        raise NotImplementedError(f"{type(self).__name__} has no result(), which metrics must have")

    def _stateless(self, what, metric_variables):
        return holding(self.variables, checked_values(f"{what}() of metric {self.name!r}",
                                                      "metric_variables", self.variables,
                                                      metric_variables))

    def stateless_update_state(self, metric_variables, *args, **kwargs):
        """What the variables, of these values, hold after a batch; the metric stays as it is."""
        with self._stateless("stateless_update_state", metric_variables):
            self.update_state(*args, **kwargs)
            return values_of(self.variables)

    def stateless_result(self, metric_variables):
        """The result of variables of these values."""
        with self._stateless("stateless_result", metric_variables):
            return _tree.map_structure(lambda one: as_tensor(one).detach().clone(), self.result())

    def stateless_reset_state(self):
        """What the variables hold after `reset_state`."""
        with holding(self.variables, self.variables):
            self.reset_state()
            return values_of(self.variables)

    def merge_state(self, metrics):
        """Takes in what other metrics of this kind have taken in."""
        for metric in metrics:
            if len(metric.variables) != len(self.variables):
                raise ValueError(f"merge_state(): {metric.name} has {len(metric.variables)} "
                                 f"variables, {self.name} has {len(self.variables)}")
            for own, other in zip(self.variables, metric.variables):
                own.assign_add(other)

    def __call__(self, *args, **kwargs):
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self):
        """The arguments that make it again."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        """The metric of a config."""
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"


def _is_dtype(name):
    try:
        as_dtype(name)
    except TypeError:
        return False
    return True


def weighted_samples(values, sample_weight, reduce, dtype):
    """Values times weights, and the weights, of each sample: further axes are reduced."""
    values = as_tensor(values)
    mask = getattr(values, "_keras_mask", None)
    values = values.to(dtype)
    if sample_weight is not None:
        sample_weight = as_tensor(sample_weight, dtype)
        sample_weight = masked_weight(sample_weight, mask, dtype, "sum")
        values, sample_weight = same_rank(values, sample_weight)
        rank = sample_weight.dim()
        if values.dim() > rank:
            values = reduce(values, tuple(range(rank, values.dim())))
        sample_weight = sample_weight.broadcast_to(values.shape)
        values = values * sample_weight
        if rank > 1:
            sample_weight = reduce(sample_weight, tuple(range(1, rank)))
    if values.dim() > 1:
        values = reduce(values, tuple(range(1, values.dim())))
    return values, sample_weight


class Sum(Metric):
    """The weighted sum of values."""

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values, sample_weight=None):
        values, _ = weighted_samples(values, sample_weight, _core.sum, self._dtype)
        self.total.assign_add(values.sum())

    def result(self):
        return self.total.detach().clone()


class Mean(Metric):
    """The weighted mean of values."""

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values, sample_weight=None):
        values, weight = weighted_samples(values, sample_weight, _core.mean, self._dtype)
        self.total.add_(values.sum())
        self.count.add_(values.numel() if weight is None else weight.sum())

    def result(self):
        return divide_or_zero(self.total, self.count)


class MeanMetricWrapper(Mean):
    """The mean of a function of labels and predictions, and further arguments of it."""

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name or getattr(fn, "__name__", None), dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true, y_pred, sample_weight=None):
        mask = getattr(y_pred, "_keras_mask", None)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        if sample_weight is not None:
            sample_weight = as_tensor(sample_weight, self._dtype)
        elif getattr(values, "ndim", None) == 0:
            mask = None  # the function has made one number of all, masked or not
        sample_weight = masked_weight(sample_weight, mask, self._dtype, "sum")
        super().update_state(values, sample_weight)

    def get_config(self):
        config = {**super().get_config(), **serialize(self._fn_kwargs)}
        return (config if type(self) is not MeanMetricWrapper
                else {**config, "fn": serialize(self._fn)})

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "fn": deserialize(config["fn"])} if "fn" in config else config)
