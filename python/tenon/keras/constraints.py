"""Where weights must lie: functions that optimizers apply after each step."""

from .. import _core
from ._arrays import as_floats
from ._config import epsilon
from ._registry import Registry

_registry = Registry("constraint", "keras.constraints")


class Constraint:
    """The base: a callable that gives the nearest allowed values of weights."""

    def __call__(self, w):
        return w

    def get_config(self):
        """The arguments that make it again."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The constraint of a config."""
        return cls(**config)


def _norms(w, axis):
    return w.square().sum(axis, keepdim=True).sqrt()


class MaxNorm(Constraint):
    """Weights along `axis` keep a norm of at most `max_value`."""

    def __init__(self, max_value=2, axis=0):
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w):
        w = as_floats(w)
        norms = _norms(w, self.axis)
        return w * (norms.clamp(0, self.max_value) / (norms + epsilon()))

    def get_config(self):
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Weights are not negative."""

    def __call__(self, w):
        return _core.relu(as_floats(w))


class UnitNorm(Constraint):
    """Weights along `axis` have norm 1."""

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w):
        w = as_floats(w)
        return w / (_norms(w, self.axis) + epsilon())

    def get_config(self):
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Norms along `axis` go to [min_value, max_value], by the share `rate` of the way."""

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value, self.max_value = min_value, max_value
        self.rate, self.axis = rate, axis

    def __call__(self, w):
        w = as_floats(w)
        norms = _norms(w, self.axis)
        wanted = self.rate * norms.clamp(self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (norms + epsilon()))

    def get_config(self):
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate,
                "axis": self.axis}


# Keras's older names.
max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm
maxnorm, nonneg, unitnorm = MaxNorm, NonNeg, UnitNorm

for _class, _aliases in {MaxNorm: ("maxnorm",), NonNeg: ("nonneg",), UnitNorm: ("unitnorm",),
                         MinMaxNorm: ()}.items():
    _registry.register(_class, *_aliases)

get, serialize, deserialize = _registry.get, _registry.serialize, _registry.deserialize
