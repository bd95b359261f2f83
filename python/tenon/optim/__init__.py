"""Optimizers and schedules of their learning rates, under PyTorch's names."""

import importlib

from . import lr_scheduler, optimizer
from .adaptive import (ASGD, NAdam, RAdam, Adadelta, Adagrad, Adam, Adamax, AdamW, RMSprop,
                       Rprop)
from .factored import Adafactor, Muon
from .lbfgs import LBFGS
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS",
           "Muon", "NAdam", "Optimizer", "RAdam", "RMSprop", "Rprop", "SGD", "lr_scheduler"]


def __getattr__(name):
    if name == "swa_utils":  # imports nn
        return importlib.import_module(".swa_utils", __name__)
    raise AttributeError(f"module 'tenon.optim' has no attribute '{name}'")
