"""Optimizers and schedules of learning rates."""

import importlib

from . import schedules
from ._base import Optimizer
from ._base import registry as _registry
from ._formulas import (SGD, Adadelta, Adafactor, Adagrad, Adam, Adamax, AdamW, Ftrl, Lamb, Lion,
                        Nadam, RMSprop)
from ._loss_scale import LossScaleOptimizer
from ._muon import Muon

for _class in (SGD, Adam, AdamW, Nadam, Adamax, RMSprop, Adagrad, Adadelta, Ftrl, Lion, Lamb,
               Adafactor, Muon, LossScaleOptimizer):
    _registry.register(_class, _class.__name__.lower())


def get(identifier, custom_objects=None):
    """The optimizer of a name, a config or a class; an optimizer stays what it is."""
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        identifier = identifier if _registry.find(identifier) else identifier.lower()
    return _registry.get(identifier, custom_objects)


serialize, deserialize = _registry.serialize, _registry.deserialize


def __getattr__(name):
    if name == "legacy":
        return importlib.import_module(".legacy", __name__)
    if name == "experimental":  # where tf.keras 2.9 and 2.10 had these
        return importlib.import_module(__name__)
    raise AttributeError(f"module 'tenon.keras.optimizers' has no attribute '{name}'")
