"""Penalties on weights and outputs, which are added to the loss."""

import math

from .. import _core
from ._arrays import as_floats
from ._registry import Registry

_registry = Registry("regularizer", "keras.regularizers")


class Regularizer:
    """The base: a callable that gives the penalty of a tensor."""

    def __call__(self, x):
        return 0.0

    def get_config(self):
        """The arguments that make it again."""
        raise NotImplementedError(f"{type(self).__name__} has no get_config(), which regularizers "
                                  "that are written to files must have")

    @classmethod
    def from_config(cls, config):
        """The regularizer of a config."""
        return cls(**config)


def _factor(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0 \
            or not math.isfinite(value):
        raise ValueError(f"the factor {name} of a regularizer is a number that isn't negative, not "
                         f"{value!r}")
    return float(value)


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x^2)."""

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = _factor("l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("l2", 0.0 if l2 is None else l2)

    def __call__(self, x):
        x = as_floats(x)
        penalty = _core.zeros((), dtype=x.dtype)
        if self.l1:
            penalty = penalty + self.l1 * x.abs().sum()
        if self.l2:
            penalty = penalty + self.l2 * x.square().sum()
        return penalty

    def get_config(self):
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """l1 * sum(|x|)."""

    def __init__(self, l1=0.01):
        self.l1 = _factor("l1", 0.01 if l1 is None else l1)

    def __call__(self, x):
        return self.l1 * as_floats(x).abs().sum()

    def get_config(self):
        return {"l1": self.l1}


class L2(Regularizer):
    """l2 * sum(x^2)."""

    def __init__(self, l2=0.01):
        self.l2 = _factor("l2", 0.01 if l2 is None else l2)

    def __call__(self, x):
        return self.l2 * as_floats(x).square().sum()

    def get_config(self):
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """factor times the mean of |cosine| between the rows of a matrix (or columns)."""

    def __init__(self, factor=0.01, mode="rows"):
        if mode not in ("rows", "columns"):
            raise ValueError(f"mode is 'rows' or 'columns', not {mode!r}")
        self.factor = _factor("factor", factor)
        self.mode = mode

    def __call__(self, x):
        x = as_floats(x)
        if x.dim() != 2:
            raise ValueError(f"OrthogonalRegularizer takes matrices, not shape {tuple(x.shape)}")
        rows = x if self.mode == "rows" else x.t()
        rows = rows * _core.rsqrt(rows.square().sum(1, keepdim=True).clamp_min(1e-12))
        products = rows @ rows.t()
        size = products.shape[0]
        products = products * (1.0 - _core.eye(size, dtype=x.dtype))
        return self.factor * 0.5 * products.abs().sum() / (size * (size - 1.0) / 2.0)

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


def l1(l1=0.01):
    """L1(l1)."""
    return L1(l1)


def l2(l2=0.01):
    """L2(l2)."""
    return L2(l2)


def l1_l2(l1=0.01, l2=0.01):
    """L1L2(l1, l2)."""
    return L1L2(l1, l2)


orthogonal_regularizer = OrthogonalRegularizer

for _class, _aliases in {L1: ("l1",), L2: ("l2",), L1L2: ("l1_l2", "l1l2"),
                         OrthogonalRegularizer: ()}.items():
    _registry.register(_class, *_aliases)

get, serialize, deserialize = _registry.get, _registry.serialize, _registry.deserialize
